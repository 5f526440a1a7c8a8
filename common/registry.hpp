// SPDX-License-Identifier: GPL-3.0-or-later
// How clients of one server find each other: a folder of small files, each locked by its living owner.
#pragma once

#include "common/atomic_file.hpp"
#include "common/control_loop.hpp"
#include "common/descriptor.hpp"
#include "common/peer_list.hpp"

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// What a client's audio thread leaves every cycle in shared memory (CLIENT.pulse).
struct Pulse {
    std::atomic<std::uint64_t> cycles;   ///< run so far; written by audio, read by other processes (relaxed)
    std::atomic<std::uint64_t> beat_ns;  ///< CLOCK_MONOTONIC as the last one began; likewise

    [[nodiscard]] std::chrono::steady_clock::time_point beat() const noexcept {
        return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{beat_ns.load(std::memory_order_relaxed)}};
    }
};

/// The folder of `server` in the runtime_folder(); made with mode 0700 when missing.
/// @throws Failure when it can't be made or belongs to another user
[[nodiscard]] std::filesystem::path registry_folder(const std::string& server);

/// This process's place in the registry: holds the lock for its lifetime.
///
/// Whatever happens to the folder, the program goes on. With keep_up(), what was removed (by a logout, by a cleaner of
/// /tmp) is put back within a second, and what could not be written (a full disk) is written once it can.
class RegistryEntry {
public:
    /// @throws Failure when a living process holds that name ("is it already running?")
    RegistryEntry(const std::string& server, const std::string& client);
    ~RegistryEntry();
    RegistryEntry(const RegistryEntry&) = delete;
    RegistryEntry& operator=(const RegistryEntry&) = delete;

    /// Makes the entry visible; last of all, when ports are registered and OSC answers.
    void publish(const PeerInfo& info);
    /// Empties the entry (the server went away), keeping the name.
    void withdraw();

    /// Rewrites CLIENT.state atomically. A failure is logged once and made up for by keep_up().
    void save_state(std::string_view text);
    [[nodiscard]] std::optional<std::string> load_state() const;

    /// Looks once a second whether all is still in its place. `loop` outlives this entry.
    void keep_up(ControlLoop& loop);
    /// One such look.
    void look();

    /// Watched by the session. Stays where it is for the life of this entry.
    [[nodiscard]] Pulse& pulse() noexcept { return *pulse_; }

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    void enter();
    void take_pulse_file();
    void write_entry();
    void write_state();
    void put_back();

    std::string server_, client_;
    std::filesystem::path folder_;
    Descriptor lock_;            ///< of the entry's file; none while it can't be made
    Pulse* pulse_{nullptr};      ///< mapped: the pulse file's page, or memory of our own while there is no file
    ino_t pulse_inode_{0};       ///< of that file
    std::string entry_;          ///< as published; empty while withdrawn
    std::string state_;          ///< as last saved
    bool entry_missing_{false};  ///< could not be written
    bool state_missing_{false};  ///< likewise
    bool trouble_said_{false};
    ControlLoop* loop_{nullptr};
    ControlLoop::TimerId timer_{};
};

/// Reads another client's pulse. @returns nothing when it has none
class PulseReader {
public:
    static std::optional<PulseReader> open(const std::string& server, const std::string& client);
    PulseReader(PulseReader&& other) noexcept;
    PulseReader& operator=(PulseReader&& other) noexcept;
    ~PulseReader();
    [[nodiscard]] std::uint64_t count() const noexcept { return pulse_->cycles.load(std::memory_order_relaxed); }
    /// When the last cycle began; the epoch when none did yet.
    [[nodiscard]] std::chrono::steady_clock::time_point beat() const noexcept { return pulse_->beat(); }
    /// False when the file was removed or replaced: what is read here beats no more, whatever its client does.
    [[nodiscard]] bool is_current() const;

private:
    PulseReader(const Pulse* pulse, std::filesystem::path file, ino_t inode) noexcept;
    const Pulse* pulse_{nullptr};
    std::filesystem::path file_;
    ino_t inode_{0};
};

}  // namespace crowdjack
