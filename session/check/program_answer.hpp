// SPDX-License-Identifier: GPL-3.0-or-later
// What a program of the suite says of its own options, before anything starts.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

struct AnsweredPort {
    std::string name;  ///< short: out_l
    bool output{};
    bool midi{};
};

/// The answer to `PROGRAM OPTION… --check-options`.
struct ProgramAnswer {
    bool good{};
    std::string client;  ///< the plain name that it would take
    std::vector<AnsweredPort> ports;
    std::vector<std::string> complaints;  ///< one line each, without the program's name
};

/// Reads what such a program printed (stdout and stderr in one) and how it ended.
[[nodiscard]] ProgramAnswer parse_program_answer(std::string_view output, int exit_code);

/// Runs `program` with `arguments` and --check-options; waits at most 5 s. @throws Failure when it can't be run
[[nodiscard]] ProgramAnswer ask_program(const std::filesystem::path& program,
                                        const std::vector<std::string>& arguments);

}  // namespace crowdjack
