// SPDX-License-Identifier: GPL-3.0-or-later
// One frame for all: decides when a group of decks starts together. Pure: fed with what is known of each deck.
#pragma once

#include "common/quantities.hpp"
#include "session/supervision/restart_policy.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// What stands between a deck and its start.
struct DeckReadiness {
    bool ready{};     ///< cued, in memory, its listed connections exist
    bool hopeless{};  ///< no such deck is part of this session: not worth waiting for
    std::string why;  ///< when not ready, in words for the user
};

/// One `/start_group`: waits until each named deck is ready, at most until 5 s after its due time.
class GroupStart {
public:
    static constexpr SessionTime patience{5000};

    /// @param due  when the start is wanted; @param due_frame  the same as a JACK frame: never before it
    GroupStart(std::vector<std::string> decks, SessionTime due, JackFrame due_frame)
        : decks_{std::move(decks)}, due_{due}, due_frame_{due_frame} {}

    struct Decision {
        bool wait{};        ///< ask again when something changed, at the latest at deadline()
        JackFrame frame{};  ///< the one frame of all that start
        std::vector<std::string> starting;
        std::vector<std::pair<std::string, std::string>> not_ready;  ///< deck, why
    };

    /// @param soonest  a frame that every deck can still meet
    [[nodiscard]] Decision decide(SessionTime now, JackFrame soonest,
                                  const std::map<std::string, DeckReadiness>& decks) const;

    [[nodiscard]] SessionTime deadline() const noexcept { return due_ + patience; }
    [[nodiscard]] const std::vector<std::string>& decks() const noexcept { return decks_; }

private:
    std::vector<std::string> decks_;
    SessionTime due_;
    JackFrame due_frame_;
};

}  // namespace crowdjack
