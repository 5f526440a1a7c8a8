// SPDX-License-Identifier: GPL-3.0-or-later
// Where things lie while tests run.
#pragma once

#include "tests/support/process.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace crowdjack::test {

/// Where the build tree lies, as the test runner says ($CROWDJACK_BUILD).
[[nodiscard]] std::filesystem::path build_folder();

/// The executable of one of our programs in the build tree: program_path("crowdjack-deck").
[[nodiscard]] std::string program_path(const std::string& program);

/// Options for one of our programs: arms the real-time trap in it when the test runner offers one ($CROWDJACK_TRAP).
[[nodiscard]] Process::Options armed(Process::Options options = {});

/// The folder of real-world files, if this checkout has one beside it.
[[nodiscard]] std::optional<std::filesystem::path> real_data();

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
