// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "struct-export/analysis/long_curve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace crowdjack {

namespace {

Descriptor open_nameless() {
    const char* const wished = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets variables here
    for (const char* const folder : {wished, "/var/tmp", "/tmp"}) {
        if (folder == nullptr || *folder == '\0') {
            continue;
        }
        if (Descriptor file{::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600)}) {
            return file;
        }
        // Some file systems (NFS, overlays of old kernels) know files with names only.
        std::string name = std::string{folder} + "/crowdjack-XXXXXX";
        if (Descriptor file{::mkostemp(name.data(), O_CLOEXEC)}) {
            (void)::unlink(name.c_str());
            return file;
        }
    }
    return Descriptor{};
}

}  // namespace

bool ScratchFile::write(std::size_t offset, const void* from, std::size_t bytes) {
    if (!tried_) {
        tried_ = true;
        file_ = open_nameless();
    }
    const auto* at = static_cast<const char*>(from);
    while (file_ && bytes > 0) {
        const ssize_t done = ::pwrite(file_.get(), at, bytes, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        const auto count = static_cast<std::size_t>(done);
        at += count;
        offset += count;
        bytes -= count;
    }
    return static_cast<bool>(file_);
}

void ScratchFile::read(std::size_t offset, void* to, std::size_t bytes) const {
    auto* at = static_cast<char*>(to);
    while (bytes > 0) {
        const ssize_t done = ::pread(file_.get(), at, bytes, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            throw Failure{"cannot read back what was put into a scratch file: " +
                          (done < 0 ? errno_text(errno) : std::string{"it is shorter than what was written"}) +
                          "; is the disk with /var/tmp sound?"};
        }
        const auto count = static_cast<std::size_t>(done);
        at += count;
        offset += count;
        bytes -= count;
    }
}

}  // namespace crowdjack
