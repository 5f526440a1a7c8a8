// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/deck_states.hpp"
#include "session/api/group_start.hpp"
#include "session/api/remote_decks.hpp"

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// Carries out group starts: waits for events, chooses the frame, sends it to every deck, answers when they confirmed.
/// Control thread only.
class GroupStarter {
public:
    /// What only the session as a whole knows of a deck (plain name).
    struct Surroundings {
        std::function<bool(const std::string& deck)> part_of_session;             ///< listed, or there anyway
        std::function<std::vector<std::string>(const std::string& deck)> unmade;  ///< its listed connections that lack
    };

    GroupStarter(ClientShell& shell, DeckStates& decks, const RemoteDecks& remotes, Surroundings surroundings);

    /// Starts `decks` (as the user named them, plain name beside) together, `seconds` from now, or at `frame`.
    /// Answers `/reply ADDRESS i:frame s:deck…`, and one `/error ADDRESS 3 …` for each deck that was not ready.
    void begin(const OscReplyTo& reply, const std::vector<std::pair<std::string, std::string>>& decks, double seconds,
               std::optional<JackFrame> frame = std::nullopt);

    /// Something changed: a deck's state, the patch, the registry.
    void look_again();
    /// The server went away, its frames with it: what waits is reckoned anew in the next one's.
    void frames_are_void();
    void server_is_back();

private:
    struct Group {
        OscReplyTo reply;
        std::vector<std::pair<std::string, std::string>> decks;  ///< plain name, as the user said it
        SessionTime arrived{}, due{};
        std::optional<JackFrame> due_frame;  ///< nothing while there is no server
    };

    [[nodiscard]] DeckReadiness readiness(const Group& group, const std::string& deck) const;
    bool settle(Group& group);
    void launch(const Group& group, const GroupStart::Decision& decision);
    [[nodiscard]] JackFrame soonest(const Group& group) const;
    void start_on_arrival(const Group& group, const std::string& deck);
    [[nodiscard]] JackFrame frame_after(SessionTime delay) const;

    ClientShell& shell_;
    DeckStates& decks_;
    const RemoteDecks& remotes_;
    Surroundings surroundings_;
    std::list<Group> groups_;
};

}  // namespace crowdjack
