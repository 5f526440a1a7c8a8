// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/mixer-bus/icecast.hpp"
#include "tests/session/session_room.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::test::chaos {

inline constexpr std::int64_t rate = 48000;  ///< Hz; of the tracks, and of the server unless it is restarted at another
inline constexpr std::int64_t track_frames = 60 * rate;
inline const std::array<std::string, 5> clients{"session", "mixer-bus", "deck-A", "deck-B", "bpm-follower"};

/// Seconds of the monotonic clock.
[[nodiscard]] double seconds_now();

void pause_for(double seconds);

/// The suite in its room: a card that can be pulled or come back at another rate, a small runtime folder and a small
/// disk for the recordings, an Icecast server, a log whose reader can be stopped, and a witness of its silence.
class Stage {
public:
    explicit Stage(const std::string& witness);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    /// Starts the session.
    void start();
    /// Deck A plays a coded track on the left, deck B one on the right. False when they did not begin.
    [[nodiscard]] bool play_both();

    [[nodiscard]] Process& session() { return *session_; }
    [[nodiscard]] Process& reader() { return *reader_; }
    [[nodiscard]] Process& witness() { return *witness_; }
    /// Nothing where the machine has none.
    [[nodiscard]] Icecast* icecast() { return icecast_.get(); }

    [[nodiscard]] std::filesystem::path runtime() const { return folder / "run"; }
    [[nodiscard]] std::filesystem::path recordings() const { return folder / "recordings"; }
    [[nodiscard]] std::string recording_name() const { return (recordings() / "night-%H%M%S.wav").string(); }
    /// While this file exists there is no card.
    [[nodiscard]] std::filesystem::path away() const { return folder / "away"; }
    /// The next JACK server runs at this rate, whatever the session file says.
    void set_rate(int hertz) const;

    [[nodiscard]] pid_t pid_of(const std::string& client) const;
    /// The JACK server's, by what the session remembers of it; 0 for none.
    [[nodiscard]] pid_t server_pid() const;
    /// `status --check`: its exit code and line.
    [[nodiscard]] int health(std::string& line) const;
    [[nodiscard]] bool healthy(Deadline deadline) const;
    /// The mixer records nothing, as it says itself.
    [[nodiscard]] bool records_nothing();
    /// The rate that the mixer runs at; NaN when it does not say.
    [[nodiscard]] double mixer_rate();
    [[nodiscard]] bool streams() const;

    TemporaryFolder folder;
    OscClient osc;

private:
    void write_server() const;
    void write_file() const;
    [[nodiscard]] std::optional<OscReceived> mixer_state();

    std::unique_ptr<Icecast> icecast_;
    std::unique_ptr<Process> reader_, session_, witness_;
};

}  // namespace crowdjack::test::chaos
