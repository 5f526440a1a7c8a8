// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/byte_sink.hpp"

#include "common/error.hpp"
#include "common/music_folders.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace crowdjack {

namespace {

class FileSink final : public ByteSink {
public:
    FileSink(int fd, std::size_t frame_bytes, std::function<bool()> make_room) noexcept
        : fd_{fd}, frame_bytes_{static_cast<std::int64_t>(frame_bytes)}, make_room_{std::move(make_room)} {}
    ~FileSink() override { close(fd_); }

    std::int64_t write_at(std::int64_t offset, std::span<const std::byte> bytes) override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t n =
                pwrite(fd_, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if ((n == 0 || (n < 0 && (errno == ENOSPC || errno == EDQUOT))) && make_room_ && make_room_()) {
                continue;
            }
            if (n <= 0) {
                error_ = n == 0 ? ENOSPC : errno;
                return keep_whole_frames(offset, static_cast<std::int64_t>(done));
            }
            done += static_cast<std::size_t>(n);
        }
        size_ = std::max(size_, offset + static_cast<std::int64_t>(done));
        return static_cast<std::int64_t>(done);
    }

    [[nodiscard]] std::int64_t size() const override { return size_; }

    bool truncate(std::int64_t size) override {
        if (ftruncate(fd_, size) != 0) {
            return false;
        }
        size_ = size;
        return true;
    }

    bool sync() override {
        if (fdatasync(fd_) == 0) {
            return true;
        }
        error_ = errno;
        return false;
    }

    [[nodiscard]] int error() const override { return error_; }

private:
    /// A full disk cuts anywhere; what stays is whole frames, so that the file ends clean.
    std::int64_t keep_whole_frames(std::int64_t offset, std::int64_t done) {
        const std::int64_t kept = offset + done > size_ ? done / frame_bytes_ * frame_bytes_ : done;
        size_ = std::max(size_, offset + kept);
        if (ftruncate(fd_, size_) != 0) {
            error_ = errno;
        }
        return kept;
    }

    int fd_;
    std::int64_t frame_bytes_;
    std::function<bool()> make_room_;
    std::int64_t size_{0};
    int error_{0};
};

}  // namespace

std::unique_ptr<ByteSink> create_file(const std::filesystem::path& path, std::size_t frame_bytes,
                                      std::function<bool()> make_room) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    // Where its folder was when it was looked at, and nowhere else.
    const int fd =
        path.is_absolute() ? MusicFolders::open(path, flags, 0644).release() : open(path.c_str(), flags, 0644);
    if (fd < 0) {
        const int reason = errno;
        const std::string what = "cannot record to " + path.string() + ": ";
        if (reason == EEXIST || reason == ELOOP) {
            throw FileExists{what + "it exists, and recordings never overwrite: choose another name"};
        }
        throw Failure{what + errno_text(reason) + ": check the folder"};
    }
    flock(fd, LOCK_EX | LOCK_NB);  // whoever tidies up sees that it is in use; a file system without locks is fine, too
    return std::make_unique<FileSink>(fd, frame_bytes, std::move(make_room));
}

}  // namespace crowdjack
