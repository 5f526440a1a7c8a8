// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/text_file.hpp"

#include "common/descriptor.hpp"
#include "common/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace crowdjack {

namespace {

constexpr std::size_t head_size = 4096;  ///< enough to tell text from sound
constexpr std::uintmax_t largest_text = std::uintmax_t{64} << 20U;

/// Up to `end` bytes in all; fewer when the file ends before.
void read_up_to(const Descriptor& descriptor, std::size_t end, std::string& text, const std::filesystem::path& file) {
    std::size_t have = text.size();
    text.resize(end);
    ssize_t count = 1;
    for (; have < end && count > 0; have += static_cast<std::size_t>(count)) {
        count = ::read(descriptor.get(), text.data() + have, end - have);
        if (count < 0) {
            throw Failure{"cannot read " + file.string() + ": " + errno_text(errno)};
        }
    }
    text.resize(have);
}

std::string read_regular(const std::filesystem::path& file, std::uintmax_t limit,
                         std::optional<std::string_view> text_expected) {
    // Non-blocking, so that a FIFO of that name is refused instead of waited for.
    const Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!descriptor || ::fstat(descriptor.get(), &status) != 0) {
        throw Failure{"cannot read " + file.string() + ": " + errno_text(errno)};
    }
    if (!S_ISREG(status.st_mode)) {
        throw Failure{"cannot read " + file.string() + ": not a regular file"};
    }
    const auto size = static_cast<std::uintmax_t>(status.st_size);
    std::string text;
    read_up_to(descriptor, std::min<std::size_t>(size, head_size), text, file);
    if (text_expected && text.find('\0') != std::string::npos) {
        throw Failure{file.string() + ": this is no text: " + std::string{*text_expected}};
    }
    if (size > limit) {
        throw Failure{file.string() + ": " + std::to_string(size >> 20U) + " MB is more than the " +
                      std::to_string(limit >> 20U) + " MB such a file may have"};
    }
    read_up_to(descriptor, size, text, file);
    return text;
}

}  // namespace

std::string read_bounded(const std::filesystem::path& file, std::uintmax_t limit) {
    return read_regular(file, limit, std::nullopt);
}

std::optional<std::string> read_text_file(const std::filesystem::path& path) {
    try {
        return read_bounded(path, largest_text);
    } catch (const Failure&) {
        return std::nullopt;
    }
}

std::string read_list(const std::filesystem::path& file, std::string_view expected) {
    return read_regular(file, largest_text, expected);
}

}  // namespace crowdjack
