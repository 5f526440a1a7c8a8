// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/tempo_line.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace crowdjack {

/// The front door's part in the tempo: listens to the follower's line for status and clock; while no follower runs, it
/// issues the line for /set_tempo itself. Control thread only.
class FallbackTempo {
public:
    explicit FallbackTempo(ClientShell& shell);

    void see_peers(const std::vector<PeerInfo>& peers);
    [[nodiscard]] bool has_follower() const noexcept { return follower_.has_value(); }
    /// The line is the front door's own.
    [[nodiscard]] bool issuing() const noexcept { return issuing_; }

    /// From the next moment that every deck can meet, without a jump of the beat.
    /// @throws OscError{not_ready} while there is no server
    void set_tempo(Bpm bpm);

    /// Logs each beat while on.
    void print_clock(bool on);
    void set_meter(int beats_per_bar) noexcept { meter_ = beats_per_bar; }
    /// Beats are shown counted from here.
    void reset_clock();

    /// Nothing when there is no line (yet).
    [[nodiscard]] std::optional<Bpm> bpm() const;
    [[nodiscard]] std::optional<Beats> beat() const;

    void frames_are_void();
    void server_is_back();

private:
    void take_line(const OscArguments& arguments);
    void send_bpm();
    void issue(Bpm bpm, Beats beat, JackFrame frame);
    void send_line();
    void show_beat();

    ClientShell& shell_;
    TempoMap map_;
    std::optional<PeerInfo> follower_;
    bool issuing_{false};
    std::int32_t serial_{0};
    std::optional<TempoLine> own_line_;
    std::optional<std::pair<Beats, Bpm>> last_;  ///< when the server went away
    std::size_t peer_count_{0};
    std::optional<ControlLoop::TimerId> printing_;
    int meter_{4};
    double zero_beat_{0.0};
    std::int64_t shown_beat_{0};
};

}  // namespace crowdjack
