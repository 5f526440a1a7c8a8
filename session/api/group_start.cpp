// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/group_start.hpp"

#include <algorithm>

namespace crowdjack {

GroupStart::Decision GroupStart::decide(SessionTime now, JackFrame soonest,
                                        const std::map<std::string, DeckReadiness>& decks) const {
    Decision decision;
    bool worth_waiting = false;
    for (const std::string& deck : decks_) {
        const auto found = decks.find(deck);
        if (found != decks.end() && found->second.ready) {
            decision.starting.push_back(deck);
            continue;
        }
        const bool known = found != decks.end();
        decision.not_ready.emplace_back(deck, known ? found->second.why : "nothing is known of it");
        worth_waiting = worth_waiting || (known && !found->second.hopeless);
    }
    decision.wait = worth_waiting && now < deadline();
    decision.frame = std::max(due_frame_, soonest);
    return decision;
}

}  // namespace crowdjack
