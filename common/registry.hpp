// SPDX-License-Identifier: GPL-3.0-or-later
// How clients of one server find each other: a folder of small files, each locked by its living owner.
#pragma once

#include "common/atomic_file.hpp"
#include "common/peer_list.hpp"

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

/// `$XDG_RUNTIME_DIR/crowdjack/SERVER`, else `/tmp/crowdjack-UID/SERVER`; made with mode 0700 when missing.
/// @throws Failure when it can't be made or belongs to another user
[[nodiscard]] std::filesystem::path registry_folder(const std::string& server);

/// This process's place in the registry: holds the lock for its lifetime.
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

    /// Rewrites CLIENT.state atomically.
    void save_state(std::string_view text) const;
    [[nodiscard]] std::optional<std::string> load_state() const;

    /// Watched by the session.
    [[nodiscard]] Pulse& pulse() noexcept { return *pulse_; }

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    std::filesystem::path folder_;
    std::string client_;
    int lock_fd_{-1};
    Pulse* pulse_{nullptr};  ///< mapped
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

private:
    explicit PulseReader(const Pulse* pulse) noexcept : pulse_{pulse} {}
    const Pulse* pulse_{nullptr};
};

}  // namespace crowdjack
