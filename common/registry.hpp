// SPDX-License-Identifier: GPL-3.0-or-later
// How clients of one server find each other: a folder of small files, each locked by its living owner.
#pragma once

#include "common/atomic_file.hpp"
#include "common/peer_list.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

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

    /// The pulse: bumped by the audio thread every cycle, in shared memory (CLIENT.pulse), watched by the session.
    [[nodiscard]] std::atomic<std::uint64_t>& pulse() noexcept { return *pulse_; }

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    std::filesystem::path folder_;
    std::string client_;
    int lock_fd_{-1};
    std::atomic<std::uint64_t>* pulse_{nullptr};  ///< mapped, 8 bytes
};

/// Reads another client's pulse. @returns nothing when it has none
class PulseReader {
public:
    static std::optional<PulseReader> open(const std::string& server, const std::string& client);
    PulseReader(PulseReader&& other) noexcept;
    PulseReader& operator=(PulseReader&& other) noexcept;
    ~PulseReader();
    [[nodiscard]] std::uint64_t count() const noexcept;

private:
    explicit PulseReader(const std::atomic<std::uint64_t>* pulse) noexcept : pulse_{pulse} {}
    const std::atomic<std::uint64_t>* pulse_{nullptr};
};

}  // namespace crowdjack
