// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace crowdjack {

/// A regular file mapped read-only. Nothing that happens to the file afterwards can kill the process: what a shrunken
/// file lacks reads as zeros (one SIGBUS, answered by mapping zeros over the rest), and intact_size() tells.
///
/// Any thread but audio; reading the mapping may block as long as the storage does.
class MappedFile {
public:
    /// Opens without following a final symlink: resolve the path first.
    /// @throws Failure naming the path: missing, unreadable, a directory or device, empty, too many mapped at once
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// The file as it was when it was opened.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

    /// Tells the kernel that [offset, offset + size) will be wanted soon. Does not wait.
    void will_need(std::size_t offset, std::size_t size) const noexcept;

    /// The pages of the mapping leave this process's memory; the kernel keeps the file as long as it likes. They come
    /// back when they are read.
    void leave() const noexcept;

    /// How much of the file is still there: its size now, and nothing from the first byte on that could not be read.
    [[nodiscard]] std::size_t intact_size() const noexcept;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
    int fd_{-1};
    const std::byte* data_{nullptr};
    std::size_t size_{};
    std::size_t slot_{};  ///< in the table the SIGBUS handler looks into
};

/// For what looks through a file from its beginning to its end: what lies a good way behind leaves this process's
/// memory, so that a file of any length takes as much as a short one. Does nothing for bytes that are no mapped file's.
class LeavesBehind {
public:
    explicit LeavesBehind(std::span<const std::byte> bytes) noexcept : bytes_{bytes} {}
    /// All before `place` has been looked at.
    void passed(std::size_t place) noexcept {
        if (place >= next_) {
            leave_up_to(place);
        }
    }

private:
    static constexpr std::size_t step = std::size_t{1} << 20U;
    void leave_up_to(std::size_t place) noexcept;

    std::span<const std::byte> bytes_;
    std::size_t left_{0};  ///< up to there
    std::size_t next_{step};
};

}  // namespace crowdjack
