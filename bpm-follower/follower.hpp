// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/eq_sender.hpp"
#include "bpm-follower/follower_audio.hpp"
#include "bpm-follower/follower_options.hpp"
#include "bpm-follower/line_sender.hpp"
#include "bpm-follower/link_bridge.hpp"
#include "bpm-follower/movement_intake.hpp"
#include "bpm-follower/state_text.hpp"
#include "bpm-follower/tempo_commands.hpp"
#include "bpm-follower/trace_player.hpp"
#include "bpm-follower/trace_writer.hpp"
#include "common/client_shell.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// The running follower: hears movement (or a trace), lets the conductor decide, and carries the line to everybody.
/// Control thread only.
class Follower {
public:
    /// Fills the shell's hooks and OSC handlers; all three outlive this.
    Follower(ClientShell& shell, FollowerAudio& audio, const FollowerOptions& options);

private:
    void fill_hooks();
    void start_timers();

    void connected();
    void disconnected();
    void tick();
    void stop(std::function<void()> finished);

    void look_for_lines();
    void hear_line(const OscRequest& request);
    void begin();
    void begin_if_answered();
    void line_began(bool continued);
    void make_up_soon();
    void hear(TraceEvent event);
    void unit_changed();
    void decided(const Decision& decision);
    void play_trace(JackFrame now);
    void send_what_changed(JackFrame now);
    void tell_audio(FollowerCommand::Clock clock);
    void lead_link();
    void hear_outside(JackFrame now);
    void greet_gear();
    [[nodiscard]] std::string save() const;
    /// The frame that is now; while no line runs, the last one that the line knew.
    [[nodiscard]] JackFrame now() const;
    [[nodiscard]] double now_s() const;

    ClientShell& shell_;
    FollowerAudio& audio_;
    const FollowerOptions& options_;
    Conductor conductor_;
    LineSender sender_;
    MovementIntake intake_;
    TempoCommands commands_;
    std::optional<EqSender> eq_;
    std::optional<TracePlayer> player_;
    std::optional<TraceWriter> trace_;
    std::unique_ptr<LinkBridge> link_;
    std::optional<MidiClockIn> midi_in_;  ///< of this server
    bool outside_heard_{false};

    /// Between a server's coming and the first line: the clock must tick, then decks are asked what they play.
    enum class Phase { away, waiting_for_clock, asking, running };
    bool making_up_{false};  ///< a tick is on its way
    Phase phase_{Phase::away};
    std::uint64_t cycles_at_connect_{};
    std::chrono::steady_clock::time_point asked_at_{}, answered_at_{};
    std::size_t decks_asked_{0};
    std::map<std::string, std::vector<AnnouncedLine>> found_;  ///< what decks answered, by their URL
    std::optional<SavedState> saved_;                          ///< what --resume or a session manager gave
    int clock_listeners_{0};                                   ///< connections of the midi_clock port
    bool continued_{false};                                    ///< the line goes on from an earlier life
    std::optional<double> trace_began_s_;
    bool trace_over_{false};
    std::int32_t sent_serial_{};
    bool from_project_{false};  ///< the next line begins as a project was saved, not as decks play
    FollowerMode saved_mode_{FollowerMode::follow};
    double sent_bpm_{}, bpm_sent_s_{-1.0};
    double target_said_{}, target_said_s_{-10.0};
};

}  // namespace crowdjack
