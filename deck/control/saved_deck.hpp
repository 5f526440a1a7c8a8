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

/// What a deck needs to be itself again after its process died: a value, as JSON in CLIENT.state and NSM projects.
///
/// A playing deck is saved as its anchor (frame, beat and source), not as a position: so the file needs no rewriting
/// while it plays, and whoever reads it is in phase.
struct SavedDeck {
    struct Stem {
        std::size_t slot{};
        std::string path, name;
        double rate{1.0}, gain{1.0};
        bool loop{false}, playing{false};
        double offset{0.0};  ///< own frame at source 0 of the deck
    };

    std::string path;  ///< empty: no track
    bool playing{false};
    double cue_source{0.0};       ///< file frames
    double rest_source{0.0};      ///< file frames; where it stands while it doesn't play
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
    std::string stretch{"rate"};
    std::optional<Trajectory::Loop> loop;
    std::map<int, double> hotcues;  ///< seconds
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
