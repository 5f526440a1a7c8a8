// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/registry.hpp"

#include "common/descriptor.hpp"
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/peer_list.hpp"
#include "common/runtime_folder.hpp"
#include "common/text_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

/// No room, no folder any more: nothing that another name or another user would mend.
class NotNow : public Failure {
    using Failure::Failure;
};

bool passes(int error) { return error == ENOSPC || error == EDQUOT || error == ENOENT || error == EIO; }

void make_private(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        const std::string why = "cannot make the registry folder " + folder.string() + ": " + errno_text(errno);
        if (passes(errno)) {
            throw NotNow{why};
        }
        throw Failure{why + " (set XDG_RUNTIME_DIR to a writable folder)"};
    }
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) {
        throw Failure{"the registry folder " + folder.string() +
                      " is not a folder of this user: remove it, or set XDG_RUNTIME_DIR"};
    }
    if ((status.st_mode & 077U) != 0 && ::chmod(folder.c_str(), 0700) == 0) {
        log_event(LogLevel::warning, "registry-folder-closed",
                  {{"folder", folder.string()}, {"why", "other users could look into it or write to it"}});
    }
}

/// Once a process: the same complaint each second helps nobody.
void say_refused(const RuntimeFolder& runtime) {
    static std::string said;
    if (!runtime.refused.empty() && std::exchange(said, runtime.refused) != runtime.refused) {
        log_event(LogLevel::warning, "runtime-folder-refused",
                  {{"why", runtime.refused}, {"using", runtime.path.string()}});
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

/// Does `path` name the file `inode`?
bool names(const fs::path& path, ino_t inode) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && status.st_ino == inode;
}

ino_t inode_of(const Descriptor& file) {
    struct stat status {};
    return file && ::fstat(file.get(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

fs::path registry_folder(const std::string& server) {
    if (!is_file_name(server)) {
        throw UsageError{"'" + server + "' cannot be a JACK server name: it must be a plain name without '/'"};
    }
    const RuntimeFolder runtime = runtime_folder();
    say_refused(runtime);
    std::error_code ignored;
    fs::create_directories(runtime.path.parent_path(), ignored);
    make_private(runtime.path);
    make_private(runtime.path / server);
    return runtime.path / server;
}

RegistryEntry::RegistryEntry(const std::string& server, const std::string& client) : server_{server}, client_{client} {
    if (!is_file_name(client)) {
        throw UsageError{"'" + client + "' cannot be a client name: it must be a plain name without '/'"};
    }
    void* memory = ::mmap(nullptr, sizeof(Pulse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw Failure{"no memory for the pulse of " + client + ": " + errno_text(errno)};
    }
    pulse_ = static_cast<Pulse*>(memory);
    try {
        enter();
    } catch (const NotNow& failure) {
        // Unseen by the others, but the music plays.
        log_event(LogLevel::warning, "registry-entry-missing", {{"client", client_}, {"why", failure.what()}});
        trouble_said_ = true;
    } catch (...) {
        ::munmap(memory, sizeof(Pulse));
        throw;
    }
    // Touched and locked here: where the folder lies on a disk after all, the audio thread's first write to the page
    // would wait for it. One page; where even that can't be locked, the touch alone does most of it.
    pulse_->cycles.fetch_add(1, std::memory_order_relaxed);
    (void)::mlock(static_cast<void*>(pulse_), sizeof(Pulse));
}

void RegistryEntry::enter() {
    folder_ = registry_folder(server_);
    const fs::path file = folder_ / client_;
    Descriptor lock{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock) {
        const std::string why = "cannot write the registry entry " + file.string() + ": " + errno_text(errno);
        if (passes(errno)) {
            throw NotNow{why};
        }
        throw Failure{why};
    }
    if (!take_lock(lock.get())) {
        const PeerInfo holder = read_registry_entry(client_, lock.get());
        throw Failure{"a client named '" + client_ + "' is already running on JACK server '" + server_ + "'" +
                      (holder.pid > 0 ? " (pid " + std::to_string(holder.pid) + ")" : "") +
                      ": stop it, or choose another name with --client-name"};
    }
    if (lock_) {
        (void)!::ftruncate(lock_.get(), 0);  // it may still have a name elsewhere
    }
    lock_ = std::move(lock);
    take_pulse_file();
}

/// The file's page takes the place of the present one, at the same address: the audio thread never notices.
void RegistryEntry::take_pulse_file() {
    pulse_inode_ = 0;
    const fs::path path = folder_ / (client_ + ".pulse");
    const Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    // Allocated before it is mapped: on a full disk the first touch would kill.
    const int error = !file ? errno : ::posix_fallocate(file.get(), 0, sizeof(Pulse));
    if (error != 0) {
        log_event(LogLevel::warning, "pulse-not-shown",
                  {{"client", client_}, {"why", path.string() + ": " + errno_text(error)}});
        return;
    }
    const std::array<std::uint64_t, 2> now{pulse_->cycles.load(std::memory_order_relaxed) + 1,
                                           pulse_->beat_ns.load(std::memory_order_relaxed)};
    static_assert(sizeof now == sizeof(Pulse));
    // Only ever more: whoever watches the file from an earlier life of the client sees it go on.
    std::array<std::uint64_t, 2> before{};
    (void)!::pread(file.get(), before.data(), sizeof before, 0);
    if (now[0] > before[0] || now[1] > before[1]) {
        (void)!::pwrite(file.get(), now.data(), sizeof now, 0);
    }
    if (::mmap(static_cast<void*>(pulse_), sizeof(Pulse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE,
               file.get(), 0) != MAP_FAILED) {
        (void)::mlock(static_cast<void*>(pulse_), sizeof(Pulse));
        pulse_inode_ = inode_of(file);
    }
}

RegistryEntry::~RegistryEntry() {
    if (loop_ != nullptr) {
        loop_->cancel(timer_);
    }
    withdraw();
    ::munmap(static_cast<void*>(pulse_), sizeof(Pulse));
    // The name stays, empty and unlocked: removing it could race with a successor that has just locked it.
}

void RegistryEntry::publish(const PeerInfo& info) {
    std::ostringstream text;
    text << "url " << info.url << "\nkind " << info.kind << "\nname " << info.name << "\njack " << info.jack << "\npid "
         << ::getpid() << "\n";
    entry_ = text.str();
    write_entry();
    if (entry_missing_) {
        log_event(LogLevel::warning, "registry-entry-missing",
                  {{"client", client_}, {"why", "cannot write " + (folder_ / client_).string()}});
    }
}

void RegistryEntry::write_entry() {
    if (!lock_) {
        entry_missing_ = true;
        return;
    }
    (void)!::ftruncate(lock_.get(), 0);
    entry_missing_ = ::pwrite(lock_.get(), entry_.data(), entry_.size(), 0) != static_cast<ssize_t>(entry_.size());
}

void RegistryEntry::withdraw() {
    entry_.clear();
    entry_missing_ = false;
    (void)!::ftruncate(lock_.get(), 0);
}

void RegistryEntry::save_state(std::string_view text) {
    state_ = text;
    write_state();
}

void RegistryEntry::write_state() {
    try {
        write_atomically(folder_ / (client_ + ".state"), state_, Durability::process);
        if (std::exchange(state_missing_, false)) {
            log_event(LogLevel::info, "state-saved-again", {{"client", client_}});
        }
    } catch (const Failure& failure) {
        if (!std::exchange(state_missing_, true)) {
            log_event(LogLevel::warning, "state-not-saved",
                      {{"client", client_}, {"why", failure.what()}, {"do", "it is tried again each second"}});
        }
    }
}

void RegistryEntry::keep_up(ControlLoop& loop) {
    constexpr auto each = std::chrono::seconds{1};
    loop_ = &loop;
    timer_ = loop.every(each, [this] { look(); });
}

void RegistryEntry::look() {
    const fs::path folder = registry_path(server_);
    struct stat status {};
    const bool entry_is_there = lock_ && folder == folder_ && names(folder / client_, inode_of(lock_));
    if (!entry_is_there) {
        put_back();
        return;
    }
    if (pulse_inode_ != 0 && !names(folder / (client_ + ".pulse"), pulse_inode_)) {
        take_pulse_file();
    }
    if (entry_missing_) {
        write_entry();
    }
    const bool has_state = ::lstat((folder / (client_ + ".state")).c_str(), &status) == 0;
    if (state_missing_ || (!state_.empty() && !has_state)) {
        write_state();
    }
}

void RegistryEntry::put_back() {
    try {
        enter();
        write_entry();
        trouble_said_ = false;
        log_event(LogLevel::warning, "registry-entry-restored",
                  {{"client", client_}, {"folder", folder_.string()}, {"why", "it was gone"}});
        if (!state_.empty()) {
            write_state();
        }
    } catch (const Failure& failure) {
        if (!std::exchange(trouble_said_, true)) {
            log_event(LogLevel::warning, "registry-entry-missing",
                      {{"client", client_}, {"why", failure.what()}, {"do", "it is tried again each second"}});
        }
    }
}

std::optional<std::string> RegistryEntry::load_state() const { return read_text_file(folder_ / (client_ + ".state")); }

std::optional<PulseReader> PulseReader::open(const std::string& server, const std::string& client) {
    fs::path path = registry_path(server) / (client + ".pulse");
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || status.st_size < static_cast<off_t>(sizeof(Pulse))) {
        return std::nullopt;
    }
    void* memory = ::mmap(nullptr, sizeof(Pulse), PROT_READ, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) {
        return std::nullopt;
    }
    return PulseReader{static_cast<const Pulse*>(memory), std::move(path), status.st_ino};
}

PulseReader::PulseReader(const Pulse* pulse, fs::path file, ino_t inode) noexcept
    : pulse_{pulse}, file_{std::move(file)}, inode_{inode} {}

PulseReader::PulseReader(PulseReader&& other) noexcept
    : pulse_{std::exchange(other.pulse_, nullptr)}, file_{std::move(other.file_)}, inode_{other.inode_} {}

PulseReader& PulseReader::operator=(PulseReader&& other) noexcept {
    std::swap(pulse_, other.pulse_);
    std::swap(file_, other.file_);
    std::swap(inode_, other.inode_);
    return *this;
}

PulseReader::~PulseReader() {
    if (pulse_ != nullptr) {
        ::munmap(const_cast<Pulse*>(pulse_), sizeof(Pulse));
    }
}

bool PulseReader::is_current() const { return names(file_, inode_); }

}  // namespace crowdjack
