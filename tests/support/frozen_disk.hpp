// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace crowdjack::test {

/// A disk of its own (a loop mount) that can stand still: whoever writes to it then hangs until it goes on.
class FrozenDisk {
public:
    /// Mounts `folder`/disk. possible() says whether this system let us, why_not() what it said.
    explicit FrozenDisk(const std::filesystem::path& folder, int megabytes = 128);
    ~FrozenDisk();
    FrozenDisk(const FrozenDisk&) = delete;
    FrozenDisk& operator=(const FrozenDisk&) = delete;

    [[nodiscard]] bool possible() const noexcept { return why_not_.empty(); }
    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// @throws std::runtime_error when the system refuses
    void freeze();
    void thaw() noexcept;

private:
    std::filesystem::path path_;
    std::string why_not_;
    int descriptor_{-1};  ///< of the mount, opened before it freezes
    bool frozen_{false};
};

}  // namespace crowdjack::test
