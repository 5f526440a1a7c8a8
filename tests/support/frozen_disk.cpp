// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/frozen_disk.hpp"

#include "tests/support/process.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <stdexcept>

namespace crowdjack::test {

FrozenDisk::FrozenDisk(const std::filesystem::path& folder, int megabytes) : path_{folder / "disk"} {
    const std::string image = (folder / "disk.img").string();
    const std::string size = std::to_string(megabytes) + "M";
    std::filesystem::create_directory(path_);
    Process made{{"sh", "-c",
                  "truncate -s " + size + " '" + image + "' && PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q '" + image +
                      "' && mount -o loop '" + image + "' '" + path_.string() + "'"}};
    if (made.wait() != 0) {
        why_not_ = "this system lets us mount no disk of our own: " + made.whole_output();
        return;
    }
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    try {  // not every system that mounts also freezes
        freeze();
        thaw();
    } catch (const std::runtime_error& refused) {
        why_not_ = refused.what();
    }
}

FrozenDisk::~FrozenDisk() {
    thaw();
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        ::umount2(path_.c_str(), MNT_DETACH);
    }
}

void FrozenDisk::freeze() {
    if (::ioctl(descriptor_, FIFREEZE, 0) != 0) {
        throw std::runtime_error{"this system refuses to freeze a disk"};
    }
    frozen_ = true;
}

void FrozenDisk::thaw() noexcept {
    if (frozen_) {
        ::ioctl(descriptor_, FITHAW, 0);
        frozen_ = false;
    }
}

}  // namespace crowdjack::test
