// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/control/saved_deck.hpp"
#include "deck/render/trajectory.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

namespace crowdjack {

class TrackStream;

/// A track as the deck's user knows it.
struct Track {
    TrackStream* stream{nullptr};
    std::string path;
    double cue_source{0.0};
    std::optional<Trajectory::Loop> loop;  ///< file frames
    std::map<int, double> hotcues;         ///< seconds
    double bpm{120.0};
    SavedDeck::Grid grid;
};

/// A start that was ordered and has not come.
struct ComingStart {
    JackFrame frame;      ///< where it falls, as known so far
    double quantum{0.0};  ///< of a start on a beat; 0: at that very frame
};

/// What a deck is, as its control side knows it. Commands and the engine's reports lead from one to the other
/// (deck_changes.cpp), and nothing else does.
/// @{
struct Empty {};
/// Nothing is there yet, and the first track is being opened.
struct Opening {
    std::string path;
};
/// What was saved is about to be taken up: it waits for JACK, or for the storage.
struct Restoring {
    SavedDeck saved;
    std::string text;  ///< as it was saved: saved again word for word until something replaces it
    bool never_stopped{false};
    bool under_way{false};
};
/// What was saved and ordered of the engine: saved again as it was until the engine has told of it.
struct TakenUp {
    SavedDeck saved;
    std::string text;
    std::uint64_t command{std::numeric_limits<std::uint64_t>::max()};  ///< as CommandSender::sent() counts; once sent
    bool counted{false};  ///< the engine has taken the command: its report comes with the next look
};
/// What was saved can't be taken up now: its file is away. Tried again and again.
struct Missing {
    SavedDeck saved;
    std::string text;
    std::string why;
};
/// A track is there.
struct Loaded {
    Track track;                            ///< no stream: stems alone
    std::optional<Track> next;              ///< cued while it played
    std::optional<SavedDeck::Next> wanted;  ///< was cued next when it was saved: to be cued once this one plays
};
struct Cued : Loaded {};
struct Waiting : Loaded {
    ComingStart start;
    bool was_stopped{false};  ///< else cued: where a start that is called off leads back to
};
struct Playing : Loaded {
    std::optional<ComingStart> start;  ///< of the next track, or of this one again
};
/// Stopped, at a place of its own or at its end.
struct Resting : Loaded {
    bool ended{false};  ///< it played to its end
};
using DeckCondition = std::variant<Empty, Opening, Restoring, Missing, Cued, Waiting, Playing, Resting>;
/// @}

/// The tracks of a condition that has any; null otherwise.
/// @{
[[nodiscard]] inline Loaded* loaded(DeckCondition& condition) noexcept {
    return std::visit(
        [](auto& each) -> Loaded* {
            if constexpr (std::is_base_of_v<Loaded, std::decay_t<decltype(each)>>) {
                return &each;
            } else {
                return nullptr;
            }
        },
        condition);
}
[[nodiscard]] inline const Loaded* loaded(const DeckCondition& condition) noexcept {
    return loaded(const_cast<DeckCondition&>(condition));
}
/// @}

}  // namespace crowdjack
