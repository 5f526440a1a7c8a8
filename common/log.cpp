// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/log.hpp"

#include "common/error.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace crowdjack {

namespace {

struct LogSettings {
    std::string program{"crowdjack"};
    LogLevel level{LogLevel::info};
};

LogSettings& settings() {
    static LogSettings instance;
    return instance;
}

constexpr std::array<std::string_view, 4> level_names{"error", "warning", "info", "debug"};

std::string time_text() {
    const auto now = std::chrono::system_clock::now();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = milliseconds / 1000;
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 40> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(milliseconds % 1000));
    return std::string{text.data(), length} + fraction.data();
}

void append_value(std::string& line, std::string_view value) {
    if (!value.empty() && value.find_first_of(" \t\r\n\"=\\") == std::string_view::npos) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '\n' || c == '\r') {
            line += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') {
            line += '\\';
        }
        line += c;
    }
    line += '"';
}

}  // namespace

LogField::LogField(std::string_view field_key, double number) : key{field_key} {
    std::array<char, 32> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, 6);
    value.assign(text.data(), error == std::errc{} ? end : text.data());
}

void set_up_log(std::string program, LogLevel level) { settings() = {std::move(program), level}; }

const std::string& log_program() noexcept { return settings().program; }

LogLevel parse_log_level(std::string_view text) {
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (text == level_names[i]) {
            return static_cast<LogLevel>(i);
        }
    }
    throw UsageError{"--log-level '" + std::string{text} + "' is unknown: use error, warning, info or debug"};
}

bool log_wants(LogLevel level) noexcept { return level <= settings().level; }

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (!log_wants(level)) {
        return;
    }
    std::string line = time_text();
    line.append(" ").append(level_names[static_cast<std::size_t>(level)]).append(" ");
    line.append(settings().program).append(": ").append(event);
    for (const LogField& field : fields) {
        line.append(" ").append(field.key).append("=");
        append_value(line, field.value);
    }
    line += '\n';
    // One write a line, so that lines of several processes on one terminal or pipe stay whole.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace crowdjack
