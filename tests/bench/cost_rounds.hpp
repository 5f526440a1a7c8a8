// SPDX-License-Identifier: GPL-3.0-or-later
// What benchmarks of cost share: what processes used while a server ran, do-nothing clients beside them, tracks to
// play.
#pragma once

#include "tests/support/figures.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::test {

/// CPU seconds used per second of the server's clock, by each process, while the server runs for `seconds`.
[[nodiscard]] std::vector<double> loads(const JackServer& server, const std::vector<pid_t>& processes, double seconds);

[[nodiscard]] std::string in_percent(double load);

using Crowd = std::vector<std::unique_ptr<Process>>;
[[nodiscard]] std::vector<pid_t> processes_of(const Crowd& crowd);

/// `count` do-nothing clients with two outputs each, named NAME0, NAME1 …
[[nodiscard]] Crowd start_idlers(const JackServer& server, int count, const std::string& name = "idle");

/// As many do-nothing clients as a set of `decks` decks, mixer, follower and session has, patched like one.
class IdleSet {
public:
    IdleSet(const JackServer& server, int decks);
    [[nodiscard]] std::vector<pid_t> processes() const { return processes_of(clients_); }

private:
    Crowd clients_;
};

/// A deck with `folder` as its music folder. @throws std::runtime_error when it does not come
[[nodiscard]] std::unique_ptr<Process> start_deck(const JackServer& server, const std::string& letter,
                                                  const TemporaryFolder& folder);
/// Cues and starts it. @throws std::runtime_error when the deck says no
void play(OscClient& osc, const JackServer& server, const std::string& letter, const std::string& file);

/// 120 BPM clicks in 16 bit stereo.
void write_track(const TemporaryFolder& folder, const char* name, int rate, double seconds);

/// A do-nothing listener, alone on a server of its own in processes of their own (a process has one server only): what
/// that clock skips, the machine skipped.
class Witness {
public:
    explicit Witness(std::uint32_t period);
    /// Frames skipped since the last call.
    [[nodiscard]] std::int64_t skipped();

private:
    [[nodiscard]] std::int64_t total() const;

    Process server_, client_;
    std::int64_t before_{};
};

/// Frames that a listener's clock skipped after `from`.
[[nodiscard]] std::int64_t skipped_frames(const Capture& capture, std::int64_t from);

/// Pairs taken in turns: what was measured, and its floor in the seconds beside it.
class Pairs {
public:
    void add(double measured, double floor) {
        measured_.push_back(measured);
        floors_.push_back(floor);
        ratios_.push_back(measured / floor);
    }
    [[nodiscard]] double ratio() const { return median(ratios_); }
    [[nodiscard]] double measured() const { return median(measured_); }
    [[nodiscard]] double floor() const { return median(floors_); }
    /// `1.21 (median of 5 pairs, 1.15…1.32; 3.4 % ÷ 2.8 %)`
    [[nodiscard]] std::string text() const;

private:
    std::vector<double> measured_, floors_, ratios_;
};

}  // namespace crowdjack::test
