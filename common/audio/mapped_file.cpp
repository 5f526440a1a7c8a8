// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/mapped_file.hpp"

#include "common/error.hpp"
#include "common/music_folders.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>

namespace crowdjack {

namespace {

/// Of this kernel: 4096 bytes on most machines, 16384 on a Raspberry Pi 5. Known before the handler may ask.
const std::uintptr_t page = [] {
    const long size = sysconf(_SC_PAGESIZE);
    return static_cast<std::uintptr_t>(size > 0 ? size : 4096);
}();

/// One mapping as the SIGBUS handler knows it. Written by whoever maps (release), read by the handler (acquire).
struct Slot {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
    std::atomic<std::uintptr_t> lost_from{0};  ///< first address that could not be read; end when all is well
    bool taken{false};                         ///< guarded by table_mutex
};

// A signal handler can reach nothing but globals.
std::array<Slot, 256> table;    // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::mutex table_mutex;         // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
struct sigaction previous_bus;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// Maps zeros over the rest of the mapping that `address` lies in. Async-signal-safe.
bool cover_with_zeros(std::uintptr_t address) noexcept {
    for (Slot& slot : table) {
        const std::uintptr_t begin = slot.begin.load(std::memory_order_acquire);
        const std::uintptr_t end = slot.end.load(std::memory_order_acquire);
        if (begin == 0 || address < begin || address >= end) {
            continue;
        }
        const std::uintptr_t from = address / page * page;
        std::uintptr_t known = slot.lost_from.load(std::memory_order_acquire);
        while (from < known && !slot.lost_from.compare_exchange_weak(known, from, std::memory_order_acq_rel)) {
        }
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel told the address as a number
        void* const place = reinterpret_cast<void*>(from);
        return mmap(place, end - from, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    }
    return false;
}

void on_bus_error(int number, siginfo_t* info, void* context) {
    const int saved_errno = errno;
    const bool covered = cover_with_zeros(reinterpret_cast<std::uintptr_t>(info->si_addr));
    errno = saved_errno;
    if (covered) {
        return;
    }
    if ((previous_bus.sa_flags & SA_SIGINFO) != 0 && previous_bus.sa_sigaction != nullptr) {
        previous_bus.sa_sigaction(number, info, context);
        return;
    }
    signal(SIGBUS, SIG_DFL);  // not ours: the access faults again and ends the process as it should
}

void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        sigaction(SIGBUS, &action, &previous_bus);
    });
}

std::size_t take_slot(std::uintptr_t begin, std::size_t size) {
    const std::lock_guard lock{table_mutex};
    const auto free = std::find_if(table.begin(), table.end(), [](const Slot& slot) { return !slot.taken; });
    if (free == table.end()) {
        throw Failure{"too many files are mapped at once (" + std::to_string(table.size()) + ")"};
    }
    free->taken = true;
    const std::uintptr_t end = begin + (size + page - 1) / page * page;
    free->lost_from.store(end, std::memory_order_release);
    free->end.store(end, std::memory_order_release);
    free->begin.store(begin, std::memory_order_release);
    return static_cast<std::size_t>(free - table.begin());
}

void release_slot(std::size_t slot) {
    const std::lock_guard lock{table_mutex};
    table[slot].begin.store(0, std::memory_order_release);
    table[slot].taken = false;
}

/// Is that piece of memory a mapped file's? Others would lose what is in them.
bool is_mapped(std::uintptr_t begin, std::uintptr_t end) noexcept {
    return std::any_of(table.begin(), table.end(), [&](const Slot& slot) {
        const std::uintptr_t from = slot.begin.load(std::memory_order_acquire);
        return from != 0 && from <= begin && end <= slot.end.load(std::memory_order_acquire);
    });
}

[[noreturn]] void refuse(int fd, const std::filesystem::path& path, const std::string& why) {
    if (fd >= 0) {
        close(fd);
    }
    throw Failure{"cannot open '" + path.string() + "': " + why};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_{path} {
    // Non-blocking, so that a FIFO or device in the way does not hang the opener. No link is followed: whoever looked
    // where the path leads has resolved them all.
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    fd_ = path.is_absolute() ? MusicFolders::open(path, flags).release() : open(path.c_str(), flags);
    if (fd_ < 0) {
        refuse(-1, path, errno_text(errno));
    }
    struct stat status {};
    if (fstat(fd_, &status) != 0) {
        refuse(fd_, path, errno_text(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        refuse(fd_, path, S_ISDIR(status.st_mode) ? "it is a folder, not a file" : "it is not a regular file");
    }
    if (status.st_size == 0) {
        refuse(fd_, path, "the file is empty");
    }
    size_ = static_cast<std::size_t>(status.st_size);
    void* const mapping = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_, 0);
    if (mapping == MAP_FAILED) {
        refuse(fd_, path, "cannot map it: " + errno_text(errno));
    }
    data_ = static_cast<const std::byte*>(mapping);
    try {
        install_handler();
        slot_ = take_slot(reinterpret_cast<std::uintptr_t>(mapping), size_);
    } catch (...) {
        munmap(mapping, size_);
        close(fd_);
        throw;
    }
}

MappedFile::~MappedFile() {
    release_slot(slot_);
    munmap(const_cast<std::byte*>(data_), size_);  // NOLINT(cppcoreguidelines-pro-type-const-cast): munmap's signature
    close(fd_);
}

void MappedFile::will_need(std::size_t offset, std::size_t size) const noexcept {
    if (offset < size_) {
        const std::size_t begin = offset / page * page;
        auto* const place = const_cast<std::byte*>(data_ + begin);  // NOLINT: madvise's signature
        madvise(place, std::min(size_, offset + size) - begin, MADV_WILLNEED);
    }
}

void MappedFile::leave() const noexcept {
    madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);  // NOLINT: madvise's signature
}

void LeavesBehind::leave_up_to(std::size_t place) noexcept {
    next_ = place + step;
    const auto base = reinterpret_cast<std::uintptr_t>(bytes_.data());
    const std::uintptr_t begin = (base + left_) / page * page;
    const std::uintptr_t end = (base + std::min(place, bytes_.size())) / page * page;
    if (begin < end && is_mapped(begin, end)) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): rounded to pages
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        left_ = place;
    }
}

std::size_t MappedFile::intact_size() const noexcept {
    struct stat status {};
    const auto now = fstat(fd_, &status) == 0 ? static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)) : 0;
    const std::uintptr_t lost = table[slot_].lost_from.load(std::memory_order_acquire);
    const auto readable = static_cast<std::size_t>(lost - reinterpret_cast<std::uintptr_t>(data_));
    return std::min({size_, now, readable});
}

}  // namespace crowdjack
