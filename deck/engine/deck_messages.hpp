// SPDX-License-Identifier: GPL-3.0-or-later
// What control and audio say to each other in a deck: plain values, one struct per message, one variant each way.
#pragma once

#include "common/message_queue.hpp"
#include "common/quantities.hpp"
#include "common/tempo_line.hpp"
#include "deck/render/deck_mix.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>

namespace crowdjack {

class StretchVoice;

/// Names a command in its report; 0 wants none.
using Ticket = std::uint32_t;

/// Arms a track; what plays goes on until the next start.
struct CueTrack {
    TrackStream* stream;
    double source;                         ///< file frames
    std::optional<double> track_bpm;       ///< none: the deck's
    std::optional<double> first_beat_s{};  ///< a beat of its grid; none: only the tempo is known
};
/// Starts what is armed; see PROTOCOL's /deck/start. `source` overrides the cue (file frames).
struct StartAt {
    std::optional<JackFrame> frame;
    std::optional<double> source;
    bool on_beat{false};  ///< moved by less than a beat, so that its beats fall on the line's
};
/// Starts at the line's next multiple of `quantum` beats, held as a beat. Refused while there is no line.
struct StartOnBeat {
    double quantum;
    bool on_beat{false};  ///< as above
};
struct StopAt {
    std::optional<JackFrame> frame;
};
struct Eject {};
/// To a place whose frames are resident (file frames).
struct SeekTo {
    double source;
};
struct NudgeBy {
    double seconds;
};
struct SetLoop {
    std::optional<Trajectory::Loop> loop;
};
struct SetGain {
    float gain;
    double ramp_s;
    bool smooth;
};
struct SetRate {
    double rate;
};
struct SetTrackBpm {
    double bpm;
};
/// The beat grid of what is cued, or plays: it counts from the next start on.
struct SetGrid {
    double bpm;
    std::optional<double> first_beat_s;
};
struct SetFollow {
    bool follow;
};
struct TakeLine {
    TempoLine line;
    bool renumber;  ///< from a sender with a beat count of its own
};
struct LoadStem {
    std::size_t slot;
    TrackStream* stream;
};
struct PlayStem {
    std::size_t slot;
    double rate;
    float gain;
    bool loop;
    double start_source;             ///< own file frames
    std::optional<JackFrame> frame;  ///< none: next cycle
};
struct StopStem {
    std::size_t slot;
};
struct SetStemGain {
    std::size_t slot;
    float gain;
};
/// From now on keep the pitch with this voice; null: method rate. One voice per server connection, owned by control.
struct UseStretch {
    StretchVoice* voice;
};
/// The voice was told to play the motion reported under this number.
struct StretchPlanned {
    std::uint64_t motion;
};
/// Takes up an earlier life: playing along `motion` (its line perhaps to come), or armed at its anchor.
struct Resume {
    TrackStream* stream;  ///< null: stems alone, which follow
    Trajectory motion;
    double cue_source;
    bool playing;
    bool await_line;    ///< the server's frames are new: silent until a line says where beat and frame meet
    bool frames_hold;   ///< the anchor's frame is of this run of the server
    bool ended{false};  ///< it had played to its end
    std::optional<double> first_beat_s{};
};
/// A stem where an earlier life left it.
struct PlaceStem {
    std::size_t slot;
    TrackStream* stream;
    double rate;
    float gain;
    bool loop;
    double offset;  ///< own frame at motion source 0
    bool playing;
    bool stopped{false};                   ///< by command: a start of the deck leaves it silent
    std::optional<double> start_source{};  ///< where the deck's next start has it begin, when it does not play
};
/// Fades out and plays nothing more.
struct FadeAway {};
/// Asks for a Released report once no voice can reach this stream.
struct Retire {
    TrackStream* stream;
};

struct DeckCommand {
    Ticket ticket{};
    std::variant<CueTrack, StartAt, StartOnBeat, StopAt, Eject, SeekTo, NudgeBy, SetLoop, SetGain, SetRate, SetTrackBpm,
                 SetGrid, SetFollow, TakeLine, LoadStem, PlayStem, StopStem, SetStemGain, UseStretch, StretchPlanned,
                 Resume, PlaceStem, FadeAway, Retire>
        what;
};
static_assert(std::is_trivially_copyable_v<DeckCommand>);

/// A command was applied: at `frame`, or scheduled for it.
struct Done {
    Ticket ticket;
    JackFrame frame;
};
/// A command could not be applied.
struct Refused {
    enum class Why { nothing_cued, no_line, no_stem } why;
    Ticket ticket;
};
struct Started {
    JackFrame frame;
    Frames late;  ///< by how much the order came after it; 0 in time
};
struct Stopped {
    JackFrame frame;
};
/// The track (or the last stem) played to its end.
struct Ended {
    JackFrame frame;
};
/// The track was cut off under the playhead.
struct CutOff {
    JackFrame frame;
};
/// A start that was to come, or a stop, can't: the server's frames began anew.
struct Voided {
    JackFrame frame;
};
struct Starved {
    std::uint32_t frames;
};
/// A tempo line came after its first frame, and moved the playhead.
struct LateLine {
    JackFrame from;
    Frames late;
};
struct Released {
    TrackStream* stream;
};

using DeckReport = std::variant<Done, Refused, Started, Stopped, Ended, CutOff, Voided, Starved, LateLine, Released>;
static_assert(std::is_trivially_copyable_v<DeckReport>);

/// The motion changed, or will change at `from`: what stretchers and the saved state need to know.
struct MotionReport {
    std::uint64_t number{};  ///< counts up
    JackFrame from;
    bool playing{};  ///< false: nothing sounds for frames >= from
    bool pending{};  ///< a start still to come; it may yet be moved or cancelled
    DeckMix mix;
    double quantum{};  ///< of a pending start on a beat; 0: at `from`
};
static_assert(std::is_trivially_copyable_v<MotionReport>);

using CommandQueue = MessageQueue<DeckCommand, 256>;
using ReportQueue = MessageQueue<DeckReport, 512>;
using MotionQueue = MessageQueue<MotionReport, 24>;

enum class DeckState : std::uint8_t { empty, cued, waiting, playing, stopped, failed };

/// Where the deck stood at the first frame of a cycle.
struct DeckSnapshot {
    JackFrame frame;
    DeckState state{DeckState::empty};
    double source{};  ///< file frames, folded
    double speed{};   ///< source seconds per second; what it would be when it doesn't play
    double track_bpm{120.0};
    std::uint64_t commands{};  ///< taken so far
};

}  // namespace crowdjack
