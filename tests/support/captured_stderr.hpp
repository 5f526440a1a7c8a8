// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <sstream>
#include <string>

namespace crowdjack::test {

/// What this process writes to its stderr while this lives.
class CapturedStderr {
public:
    CapturedStderr() : before_{::dup(STDERR_FILENO)}, file_{::memfd_create("stderr", MFD_CLOEXEC)} {
        ::dup2(file_, STDERR_FILENO);
    }
    ~CapturedStderr() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        ::close(file_);
    }
    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;

    [[nodiscard]] std::string text() const {
        std::string all(static_cast<std::size_t>(::lseek(file_, 0, SEEK_CUR)), '\0');
        const ssize_t size = ::pread(file_, all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }
    [[nodiscard]] int lines_with(const std::string& what) const {
        std::istringstream lines{text()};
        int found = 0;
        for (std::string line; std::getline(lines, line);) {
            found += line.find(what) != std::string::npos ? 1 : 0;
        }
        return found;
    }

private:
    int before_;
    int file_;
};

}  // namespace crowdjack::test
