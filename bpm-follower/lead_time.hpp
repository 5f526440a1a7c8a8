// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace crowdjack {

/// How far ahead of now a line must begin, so that every deck holds it before its stretcher renders that frame.
///
/// Each deck tells its stretch reserve, how many lines came too late and, by answering, how long a message takes to it
/// and back. The lead is three periods (the clock a command was read on may be one old, the deck may take it up two
/// later), twice the slowest way there and back, the deepest reserve, and 60 ms; 50 ms more after each line that was
/// late all the same, as long as there is room. Of a deck that has not answered yet 150 ms of reserve are assumed.
/// The 60 ms are for a deck's control thread, which has no real-time priority: beside a compiler it was held up for
/// about 30 ms (in two runs of the tests), and two decks that take up one line at different times are apart until both
/// have it.
class LeadTime {
public:
    static constexpr double assumed_reserve_s = 0.150;
    static constexpr double deepest_reserve_s = 0.180;  ///< a reserve said to be deeper is not waited for
    static constexpr double slowest_answer_s = 0.010;   ///< an answer slower than that says more of the machine's load
    static constexpr double margin_s = 0.060;
    static constexpr double late_step_s = 0.050;
    /// A command takes effect within 250 ms (20 ms of which it may wait to be announced), if the decks' reserve lets
    /// it.
    static constexpr double longest_s = 0.228;

    /// A deck entered the registry.
    void expect(const std::string& deck) { decks_.try_emplace(deck); }
    void forget(const std::string& deck) { decks_.erase(deck); }
    /// What a deck says of itself.
    struct Answer {
        double reserve_s{};   ///< depth of its stretch reserve; 0 in method `rate`
        double late_lines{};  ///< so far
    };
    /// A deck answered after `round_trip_s`.
    void answered(const std::string& deck, double round_trip_s, const Answer& answer);

    [[nodiscard]] Frames lead(std::uint32_t period, double rate) const;

private:
    struct Deck {
        std::optional<double> reserve_s;
        double round_trip_s{};
        std::optional<double> late_lines;
        double late_s{};  ///< added for lines that came late; forgotten by and by
    };
    std::map<std::string, Deck> decks_;
};

}  // namespace crowdjack
