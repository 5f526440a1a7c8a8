// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/run_main.hpp"

#include "common/error.hpp"
#include "common/log_output.hpp"
#include "common/printable.hpp"

#include <chrono>
#include <exception>
#include <string>

namespace crowdjack {

namespace {

/// A reader of the log that has stopped reading holds up no end for longer.
constexpr auto last_words_patience = std::chrono::milliseconds{200};

int guarded(const char* program, const std::function<int()>& body) {
    const auto say = [program](const std::exception& error) {
        write_log_line(LogLevel::error, std::string{program} + ": " + printable(error.what()));
    };
    try {
        return body();
    } catch (const UsageError& error) {
        say(error);
        return 2;
    } catch (const std::exception& error) {
        say(error);
        return 1;
    }
}

}  // namespace

int run_main(const char* program, const std::function<int()>& body) noexcept {
    const int code = guarded(program, body);
    flush_log(last_words_patience);
    return code;
}

}  // namespace crowdjack
