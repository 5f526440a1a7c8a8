// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/atomic_file.hpp"

#include "common/descriptor.hpp"
#include "common/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace crowdjack {

namespace {

/// 0, or the errno of what failed.
int write_file(const char* path, std::string_view text, Durability durability, mode_t mode) {
    const int fd = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return errno;
    }
    int error = 0;
    while (error == 0 && !text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    if (error == 0 && durability == Durability::power && ::fsync(fd) != 0) {
        error = errno;
    }
    if (::close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

}  // namespace

int sync_folder_of(const std::filesystem::path& path) noexcept {
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : std::string{"."};
    const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    // Some file systems know no such thing (EINVAL): they keep the name by themselves, or nothing would help.
    return fd && (::fsync(fd.get()) == 0 || errno == EINVAL) ? 0 : errno;
}

void write_atomically(const std::filesystem::path& path, std::string_view text, Durability durability, mode_t mode) {
    const std::string temporary = path.string() + "." + std::to_string(::getpid()) + ".tmp";
    int error = write_file(temporary.c_str(), text, durability, mode);
    if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
        error = errno;
    }
    if (error == 0 && durability == Durability::power) {
        error = sync_folder_of(path);
    }
    if (error != 0) {
        ::unlink(temporary.c_str());
        throw Failure{"cannot write " + path.string() + ": " + errno_text(error)};
    }
}

}  // namespace crowdjack
