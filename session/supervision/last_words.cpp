// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/last_words.hpp"

#include "common/error.hpp"
#include "common/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

namespace crowdjack {

namespace {

constexpr std::size_t time_length = 23;  // 2026-11-28T04:18:09.123

bool begins_with_time(std::string_view line) {
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.ddd ";
    return line.size() > form.size() && std::equal(form.begin(), form.end(), line.begin(), [](char want, char c) {
               return want == 'd' ? std::isdigit(static_cast<unsigned char>(c)) != 0 : want == c;
           });
}

/// The length of `crowdjack-NAME: ` at the start, 0 when there is none.
std::size_t program_length(std::string_view line) {
    const std::size_t colon = line.find(": ");
    const bool ours = line.starts_with("crowdjack-") && colon != std::string_view::npos && colon < 40 &&
                      line.substr(0, colon).find(' ') == std::string_view::npos;
    return ours ? colon + 2 : 0;
}

LogLevel level_of_words(std::string_view line) {
    std::string begin{line.substr(0, 200)};
    std::transform(begin.begin(), begin.end(), begin.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto starts = [&begin](std::initializer_list<std::string_view> words) {
        return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return begin.starts_with(word); });
    };
    if (starts({"error", "fatal", "cannot", "can't", "could not", "failed", "unable to", "terminate called"}) ||
        begin.find("error:") != std::string::npos) {
        return LogLevel::error;
    }
    return starts({"warning", "warn:"}) || begin.find("warning:") != std::string::npos ? LogLevel::warning
                                                                                       : LogLevel::info;
}

}  // namespace

RelayedLine relayed_line(const std::string& client, std::string_view line) {
    if (const std::size_t words = program_length(line); words > 0) {
        return {LogLevel::error, log_line(LogLevel::error, client, "ended-with", {{"why", line.substr(words)}})};
    }
    if (begins_with_time(line)) {
        const std::string_view rest = line.substr(time_length + 1);
        const std::size_t blank = rest.find(' ');
        const std::size_t words = blank == std::string_view::npos ? 0 : program_length(rest.substr(blank + 1));
        if (words > 0) {
            try {
                const LogLevel level = parse_log_level(rest.substr(0, blank));
                std::string text{line.substr(0, time_length + 1 + blank + 1)};
                text.append(client).append(": ").append(printable(rest.substr(blank + 1 + words)));
                return {level, std::move(text)};
            } catch (const UsageError&) {
                // It only looks like ours.
            }
        }
    }
    const LogLevel level = level_of_words(line);
    return {level, log_line(level, log_program(), "output", {{"client", client}, {"text", line}})};
}

}  // namespace crowdjack
