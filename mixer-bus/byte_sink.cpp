// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/byte_sink.hpp"

#include "common/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace crowdjack {

namespace {

class FileSink final : public ByteSink {
public:
    explicit FileSink(int fd) noexcept : fd_{fd} {}
    ~FileSink() override { close(fd_); }

    std::int64_t write_at(std::int64_t offset, std::span<const std::byte> bytes) override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t n =
                pwrite(fd_, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
            if (n < 0 && errno == EINTR) {
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
    /// A full disk cuts anywhere; what stays is whole frames (of two floats), so that the file ends clean.
    std::int64_t keep_whole_frames(std::int64_t offset, std::int64_t done) {
        constexpr std::int64_t frame_bytes = 8;
        const std::int64_t kept = offset + done > size_ ? done / frame_bytes * frame_bytes : done;
        size_ = std::max(size_, offset + kept);
        if (ftruncate(fd_, size_) != 0) {
            error_ = errno;
        }
        return kept;
    }

    int fd_;
    std::int64_t size_{0};
    int error_{0};
};

}  // namespace

std::unique_ptr<ByteSink> create_file(const std::filesystem::path& path) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        const int reason = errno;
        throw Failure{"cannot record to " + path.string() + ": " +
                      (reason == EEXIST ? "it exists, and recordings never overwrite: choose another name"
                                        : errno_text(reason) + ": check the folder")};
    }
    return std::make_unique<FileSink>(fd);
}

}  // namespace crowdjack
