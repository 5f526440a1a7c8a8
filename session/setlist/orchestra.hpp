// SPDX-License-Identifier: GPL-3.0-or-later
// What the player of a set sees of the suite, and what it can tell it to do.
#pragma once

#include "common/quantities.hpp"
#include "session/setlist/choice.hpp"
#include "session/setlist/handover.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// Now, on the server's clock (music) and on one that never jumps (deadlines).
struct Now {
    JackFrame frame;
    double seconds{};
};

/// What a deck last said of itself.
struct DeckReport {
    enum class State { empty, cued, waiting, playing, stopped, failed };
    State state{State::empty};
    std::string path;
    JackFrame frame;  ///< at which position_s holds
    double position_s{};
};

/// Where a deck that plays `section` stands in it, by the count that its cues have.
[[nodiscard]] inline double place_in(const Section& section, const DeckReport& report) noexcept {
    return report.position_s - section.start_s;
}

/// True when both names lead to one file.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b);

/// What was found out about a part file.
struct Measured {
    bool playable{false};
    std::string why;  ///< it is not playable
    double length_s{};
    std::optional<double> lufs;  ///< integrated loudness; nothing for silence
};

/// One line of what was really played.
struct PlayedTrack {
    char deck{};
    std::size_t section{};
    JackFrame start_frame, end_frame;
    double start_beat{};  ///< of the tempo line; frames where there is none
    double bpm{};         ///< the line's at the start
    Frames late{};        ///< actual minus planned start
    std::optional<double> lufs;
    float trim{1.0F};
    Trend trend{Trend::steady};
    std::optional<double> movement;
    std::string end;  ///< handed over, ended, skipped, stopped, lost
};

/// Something worth telling whoever watches the set.
struct SetlistEvent {
    enum class Kind { cued, started, handover, skipped, ended };
    Kind kind{};
    char deck{};
    std::optional<std::size_t> section;
    JackFrame frame{};  ///< started: the start; handover: its begin
    JackFrame until{};  ///< handover: its end
    std::string why;    ///< skipped, ended
};

enum class Acquaintance { thorough, at_once };

/// Commands to decks and strips, each deck on the strip of its letter. Nothing here waits: answers come to the
/// SetPlayer.
class Orchestra {
public:
    Orchestra() = default;
    Orchestra(const Orchestra&) = delete;
    Orchestra& operator=(const Orchestra&) = delete;
    virtual ~Orchestra() = default;

    virtual void cue(char deck, const std::string& path, double seconds, double track_bpm) = 0;
    /// Starts at that beat of the tempo line wherever it moves. Precondition: beat > 0, not past.
    virtual void start_at_beat(char deck, Beats beat) = 0;
    virtual void start_at(char deck, JackFrame frame, double seconds) = 0;
    virtual void stop(char deck, std::optional<JackFrame> frame) = 0;

    virtual void trim(char strip, float gain) = 0;
    /// Moves a control linearly, over `seconds` from `frame` on (now, when there is none).
    virtual void ramp(char strip, Control control, float to, double seconds, std::optional<JackFrame> frame) = 0;
    /// Forgets what is scheduled on a strip and has not begun.
    virtual void forget_scheduled(char strip) = 0;

    /// Asks for a Measured of the section, however long that takes.
    virtual void measure(std::size_t section) = 0;

    /// Asks for what is to be known of a track (SetPlayer::known or SetPlayer::unplayable answers), before others.
    /// @param how  at once: whatever is known without listening to it, so that it can at least be played by time
    virtual void get_to_know(std::size_t section, Acquaintance how) {
        (void)section;
        (void)how;
    }

    virtual void report(const SetlistEvent& event) = 0;
    virtual void played(const PlayedTrack& track) = 0;
};

}  // namespace crowdjack
