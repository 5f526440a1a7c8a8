// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/log.hpp"

#include "common/error.hpp"
#include "common/log_output.hpp"
#include "common/printable.hpp"

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

/// Nothing in it that needs quotes or has to be escaped.
bool is_one_word(std::string_view value) {
    if (value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos) {
        return false;
    }
    while (!value.empty()) {
        const std::size_t length = shown_length(value);
        if (length == 0) {
            return false;
        }
        value.remove_prefix(length);
    }
    return true;
}

void append_value(std::string& line, std::string_view value) {
    if (is_one_word(value)) {
        line += value;
        return;
    }
    line += '"';
    while (!value.empty()) {
        const char c = value.front();
        const std::size_t length = shown_length(value);
        if (c == '\n' || c == '\r') {
            line += "\\n";
        } else if (length == 0) {
            append_escaped(line, c);
        } else {
            line.append(c == '"' || c == '\\' ? "\\" : "").append(value.substr(0, length));
        }
        value.remove_prefix(length == 0 ? 1 : length);
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

std::string log_line(LogLevel level, std::string_view program, std::string_view event,
                     std::initializer_list<LogField> fields) {
    std::string line = time_text();
    line.append(" ").append(level_names[static_cast<std::size_t>(level)]).append(" ");
    line.append(program).append(": ").append(event);
    for (const LogField& field : fields) {
        line.append(" ").append(field.key).append("=");
        append_value(line, field.value);
    }
    return line;
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (log_wants(level)) {
        write_log_line(level, log_line(level, settings().program, event, fields));
    }
}

}  // namespace crowdjack
