// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines are data: `time level program: event key=value …`, one event a line, on stderr. Never from the audio
// thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace crowdjack {

enum class LogLevel { error, warning, info, debug };

/// One `key=value` of a log line; values with spaces or quotes are quoted.
struct LogField {
    LogField(std::string_view field_key, std::string_view text) : key{field_key}, value{text} {}
    LogField(std::string_view field_key, const char* text) : key{field_key}, value{text} {}
    LogField(std::string_view field_key, const std::string& text) : key{field_key}, value{text} {}
    LogField(std::string_view field_key, bool truth) : key{field_key}, value{truth ? "true" : "false"} {}
    LogField(std::string_view field_key, double number);
    template <typename Integer>
    requires std::is_integral_v<Integer> LogField(std::string_view field_key, Integer number)
        : key{field_key}, value{std::to_string(number)} {}

    std::string_view key;
    std::string value;
};

/// Names this process in every line and sets the least important level still written. Once, from main.
void set_up_log(std::string program, LogLevel level);

/// The name given to set_up_log().
[[nodiscard]] const std::string& log_program() noexcept;

/// @throws UsageError for anything but error, warning, info, debug
[[nodiscard]] LogLevel parse_log_level(std::string_view text);

/// Would an event of `level` be written? Any thread.
[[nodiscard]] bool log_wants(LogLevel level) noexcept;

/// Writes one line. Any thread but audio; lines of different threads don't mix. Never waits for whoever reads it
/// (log_output.hpp). Bytes of a value that no terminal should get are written as \xNN.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// The text of such a line, without its end.
[[nodiscard]] std::string log_line(LogLevel level, std::string_view program, std::string_view event,
                                   std::initializer_list<LogField> fields);

}  // namespace crowdjack
