// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/deck_states.hpp"
#include "session/api/remote_clock.hpp"

#include <map>
#include <optional>
#include <random>
#include <string>

namespace crowdjack {

/// Where the frames of this machine's JACK server lie on that of a deck on another one, whose sound comes here through
/// a JACK client (`via` in the session file). Asks the deck a few times a second, and more often while the
/// answers differ. Control thread only.
class RemoteDecks {
public:
    /// @param vias  the client here through which each remote deck's sound comes, by the deck's plain name
    RemoteDecks(ClientShell& shell, const std::map<std::string, std::string>& vias);

    /// The server here went away, and its frames with it.
    void frames_are_void();

    /// What the deck must be given so that its start is heard here on `heard`; nothing while that is not known.
    [[nodiscard]] std::optional<JackFrame> frame_there(const std::string& deck, JackFrame heard) const;
    /// From a frame of the deck's server until it is heard here; 0 while that is not known.
    [[nodiscard]] Frames sound_delay(const std::string& deck) const;

private:
    struct Remote {
        std::string via;
        RemoteClock clock;
        WireFrame last_frame{};            ///< that it told
        std::optional<std::int32_t> said;  ///< how far ahead, as the log has it
        bool asked{false};                 ///< a question is under way
    };

    void ask_later();
    void ask(const std::string& deck, Remote& remote);
    [[nodiscard]] std::optional<Frames> link_delay(const std::string& via) const;

    ClientShell& shell_;
    std::map<std::string, Remote> remotes_;
    std::minstd_rand random_{1};
};

}  // namespace crowdjack
