// SPDX-License-Identifier: GPL-3.0-or-later
// Where things lie while tests run.
#pragma once

#include "tests/support/process.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack::test {

/// Where the build tree lies, as the test runner says ($CROWDJACK_BUILD).
[[nodiscard]] std::filesystem::path build_folder();

/// The executable of one of our programs in the build tree: program_path("crowdjack-deck").
[[nodiscard]] std::string program_path(const std::string& program);

/// Whether those programs are of another build, much slower ones: a sanitizer's ($CROWDJACK_PROGRAMS).
[[nodiscard]] bool tries_other_programs();

/// Options for one of our programs: arms the real-time trap in it when the test runner offers one ($CROWDJACK_TRAP).
[[nodiscard]] Process::Options armed(Process::Options options = {});

/// So end the last words of a program whose audio thread broke a promise.
inline constexpr std::string_view sprung_trap{" on the audio thread"};

/// How many pages the audio thread of an armed program, which has ended, touched for the first time after its first
/// second, as the trap said in its last words.
[[nodiscard]] long late_page_faults(Process& ended);

/// The folder of real-world files, if this checkout has one beside it.
[[nodiscard]] std::optional<std::filesystem::path> real_data();

/// All that a file holds; nothing when it can't be read.
[[nodiscard]] std::string text_of(const std::filesystem::path& file);

/// A folder of its own for a test's files, removed with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace crowdjack::test
