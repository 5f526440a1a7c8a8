// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/registry.hpp"

#include "common/descriptor.hpp"
#include "common/error.hpp"
#include "common/peer_list.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

void make_private(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw Failure{"cannot make the registry folder " + folder.string() + ": " + errno_text(errno) +
                      " (set XDG_RUNTIME_DIR to a writable folder)"};
    }
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) {
        throw Failure{"the registry folder " + folder.string() +
                      " is not a folder of this user: remove it, or set XDG_RUNTIME_DIR"};
    }
}

/// Takes the lock for good. A peer that is just looking whether it is held holds it for some microseconds itself, so a
/// refusal only counts when it lasts.
bool take_lock(int fd) {
    constexpr int attempts = 100;
    for (int i = 0; i < attempts; ++i) {
        // Emptied before it is held for good: held with a dead predecessor's words in it, it would look alive. Nobody
        // holds it for good while we share it, so nothing of the living is lost.
        if (::flock(fd, LOCK_SH | LOCK_NB) == 0 && ::ftruncate(fd, 0) == 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
}

Pulse* map_pulse(const fs::path& file, int open_flags, int protection) {
    const Descriptor fd{::open(file.c_str(), open_flags | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd || ((open_flags & O_CREAT) != 0 && ::ftruncate(fd.get(), sizeof(Pulse)) != 0)) {
        return nullptr;
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || status.st_size < static_cast<off_t>(sizeof(Pulse))) {
        return nullptr;
    }
    void* memory = ::mmap(nullptr, sizeof(Pulse), protection, MAP_SHARED, fd.get(), 0);
    return memory == MAP_FAILED ? nullptr : static_cast<Pulse*>(memory);
}

}  // namespace

fs::path registry_folder(const std::string& server) {
    if (!is_file_name(server)) {
        throw UsageError{"'" + server + "' cannot be a JACK server name: it must be a plain name without '/'"};
    }
    fs::path folder = registry_path(server);
    make_private(folder.parent_path());
    make_private(folder);
    return folder;
}

RegistryEntry::RegistryEntry(const std::string& server, const std::string& client)
    : folder_{registry_folder(server)}, client_{client} {
    if (!is_file_name(client)) {
        throw UsageError{"'" + client + "' cannot be a client name: it must be a plain name without '/'"};
    }
    const fs::path file = folder_ / client;
    lock_fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_fd_ < 0) {
        throw Failure{"cannot write the registry entry " + file.string() + ": " + errno_text(errno)};
    }
    if (!take_lock(lock_fd_)) {
        const PeerInfo holder = read_registry_entry(client, lock_fd_);
        ::close(lock_fd_);
        throw Failure{"a client named '" + client + "' is already running on JACK server '" + server + "'" +
                      (holder.pid > 0 ? " (pid " + std::to_string(holder.pid) + ")" : "") +
                      ": stop it, or choose another name with --client-name"};
    }
    // Shared memory proper where the folder is a tmpfs, as XDG_RUNTIME_DIR is.
    pulse_ = map_pulse(folder_ / (client + ".pulse"), O_RDWR | O_CREAT, PROT_READ | PROT_WRITE);
    if (pulse_ == nullptr) {
        ::close(lock_fd_);
        throw Failure{"cannot map " + (folder_ / (client + ".pulse")).string() + ": " + errno_text(errno)};
    }
    // Touched and locked here: where the folder lies on a disk after all, the audio thread's first write to the page
    // would wait for it. One page; where even that can't be locked, the touch alone does most of it.
    pulse_->cycles.fetch_add(1, std::memory_order_relaxed);
    (void)::mlock(static_cast<void*>(pulse_), sizeof(Pulse));
}

RegistryEntry::~RegistryEntry() {
    withdraw();
    ::munmap(static_cast<void*>(pulse_), sizeof(Pulse));
    // The name stays, empty and unlocked: removing it could race with a successor that has just locked it.
    ::close(lock_fd_);
}

void RegistryEntry::publish(const PeerInfo& info) {
    std::ostringstream text;
    text << "url " << info.url << "\nkind " << info.kind << "\nname " << info.name << "\njack " << info.jack << "\npid "
         << ::getpid() << "\n";
    const std::string line = text.str();
    withdraw();
    if (::pwrite(lock_fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
        throw Failure{"cannot write the registry entry " + (folder_ / client_).string() + ": " + errno_text(errno)};
    }
}

void RegistryEntry::withdraw() { (void)!::ftruncate(lock_fd_, 0); }

void RegistryEntry::save_state(std::string_view text) const {
    write_atomically(folder_ / (client_ + ".state"), text, Durability::process);
}

std::optional<std::string> RegistryEntry::load_state() const {
    std::ifstream file{folder_ / (client_ + ".state"), std::ios::binary};
    if (!file) {
        return std::nullopt;
    }
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

std::optional<PulseReader> PulseReader::open(const std::string& server, const std::string& client) {
    const auto* pulse = map_pulse(registry_path(server) / (client + ".pulse"), O_RDONLY, PROT_READ);
    return pulse == nullptr ? std::nullopt : std::optional{PulseReader{pulse}};
}

PulseReader::PulseReader(PulseReader&& other) noexcept : pulse_{std::exchange(other.pulse_, nullptr)} {}

PulseReader& PulseReader::operator=(PulseReader&& other) noexcept {
    std::swap(pulse_, other.pulse_);
    return *this;
}

PulseReader::~PulseReader() {
    if (pulse_ != nullptr) {
        ::munmap(const_cast<Pulse*>(pulse_), sizeof(Pulse));
    }
}

}  // namespace crowdjack
