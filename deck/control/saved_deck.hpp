// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "deck/control/line_intake.hpp"
#include "deck/render/trajectory.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What a deck needs to be itself again: a value, as JSON in CLIENT.state and NSM projects.
///
/// A playing deck is saved both as its anchor (frame, beat and source), so that a deck whose process died is in phase
/// whenever it comes back, and as the position at the moment of saving, which a session that is opened again shows.
struct SavedDeck {
    struct Grid {
        std::optional<double> first_beat_s;  ///< none: only the tempo is known
        std::string source;                  ///< who said so; empty: nobody
        friend bool operator==(const Grid&, const Grid&) = default;
    };
    struct Stem {
        std::size_t slot{};
        std::string path, name;
        double rate{1.0}, gain{1.0};
        bool loop{false}, playing{false};
        bool stopped{false};  ///< by command: a start of the deck leaves it silent
        double offset{0.0};   ///< own frame at source 0 of the deck
    };
    /// What was cued while another track played.
    struct Next {
        std::string path;
        double cue_s{0.0}, track_bpm{120.0};
        Grid grid;
        std::optional<Trajectory::Loop> loop;  ///< seconds
    };
    /// A start that was to come: of what is cued next, else of the track itself.
    struct Start {
        JackFrame frame;
        double quantum{0.0};  ///< of a start on a beat; 0: at the frame
    };

    std::string path;  ///< bytes, whatever they spell; empty: no track
    bool playing{false};
    bool ended{false};            ///< it played to its end
    bool autoplay{false};         ///< what played when it was saved plays on by itself when it is opened
    double cue_source{0.0};       ///< file frames
    double rest_source{0.0};      ///< file frames; where it stood as it was saved
    double file_rate{48000.0};    ///< Hz; the unit of all file frames
    double server_rate{48000.0};  ///< Hz; the unit of all JACK frames
    JackFrame anchor_frame;
    Beats anchor_beat;
    double anchor_source{0.0};
    bool on_line{false};    ///< the anchor's beat counts
    JackFrame clock_frame;  ///< the server's frame at clock_s
    double clock_s{0.0};    ///< CLOCK_MONOTONIC; tells whether a server is still the same run
    double gain{1.0}, rate{1.0}, track_bpm{120.0};
    bool follow{true};
    std::optional<bool> sync;  ///< none: as the start says
    std::string stretch{"rate"};
    Grid grid;
    std::optional<Trajectory::Loop> loop;
    std::map<int, double> hotcues;  ///< seconds
    std::optional<Next> next;
    std::optional<Start> start;
    std::string line_sender;
    std::vector<NumberedLine> lines;
    std::vector<Stem> stems;
};

[[nodiscard]] std::string to_text(const SavedDeck& deck);

/// @throws Failure that says what is wrong with it
[[nodiscard]] SavedDeck parse_saved_deck(const std::string& text);

/// By how much to shift the saved frames so that they mean the same moments in today's count; nothing when the server
/// is not the run that was saved (its frames are void).
/// @param now_frame,now_s  the server's frame and CLOCK_MONOTONIC now
[[nodiscard]] std::optional<Frames> same_run_shift(const SavedDeck& deck, JackFrame now_frame, double now_s,
                                                   double server_rate);

}  // namespace crowdjack
