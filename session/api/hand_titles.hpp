// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/api/deck_states.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

namespace crowdjack {

/// Tells the mixer what plays when somebody plays by hand: a track that was cued through the front door is named, by
/// its file's tags, when its deck starts. A setlist names what it cues itself. Of decks that start on one frame the
/// first is named. Control thread only; files are read on a thread of their own, so that a slow disk holds up nobody.
class HandTitles {
public:
    HandTitles(ClientShell& shell, DeckStates& decks);
    ~HandTitles();
    HandTitles(const HandTitles&) = delete;
    HandTitles& operator=(const HandTitles&) = delete;

private:
    struct Start {
        std::string deck, path;
        JackFrame frame{};
    };

    void listen_to(const std::string& deck);
    void cued(const std::string& deck);
    void started(const std::string& deck, JackFrame frame);
    void tell(const Start& start, const std::string& artist, const std::string& title);
    void work(const std::stop_token& stop);

    ClientShell& shell_;
    DeckStates& decks_;
    std::set<std::string> by_hand_;  ///< decks whose track was cued through the front door
    std::optional<Start> told_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Start> unread_;  ///< guarded by mutex_
    std::jthread reader_;
};

}  // namespace crowdjack
