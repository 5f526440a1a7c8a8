// SPDX-License-Identifier: GPL-3.0-or-later
// What the page is fed with: the suite as JSON, in sections that change at different paces. Pure but for the track
// book.
#pragma once

#include "session/status/snapshot.hpp"
#include "session/web/chronicle.hpp"
#include "session/web/health.hpp"
#include "session/web/http_types.hpp"
#include "session/web/suite.hpp"
#include "session/web/tracks.hpp"

#include <string>
#include <vector>

namespace crowdjack::web {

/// Changes all the time: tempo, positions, meters.
[[nodiscard]] Json now_json(const SuiteSnapshot& snapshot);
/// What is on the decks.
[[nodiscard]] Json decks_json(const SuiteSnapshot& snapshot, TrackBook& tracks);
/// How the mixer is set.
[[nodiscard]] Json desk_json(const SuiteSnapshot& snapshot);
[[nodiscard]] Json lamps_json(const SuiteSnapshot& snapshot, const Disk& disk);
[[nodiscard]] Json clients_json(const SuiteSnapshot& snapshot);
/// What plays and what comes next, whoever decides it.
[[nodiscard]] Json set_json(const SuiteSnapshot& snapshot, TrackBook& tracks);
[[nodiscard]] Json warnings_json(const Chronicle& chronicle);
[[nodiscard]] Json played_json(const Chronicle& chronicle, TrackBook& tracks);

/// `/history.json`, `/track.json`, `/nowplaying.json`
/// @{
[[nodiscard]] Json history_json(const Chronicle& chronicle);
[[nodiscard]] Json track_json(const TrackFacts& track);
[[nodiscard]] Json now_playing_json(const SuiteSnapshot& snapshot, TrackBook& tracks);
/// @}

/// The name of the deck whose track is what the set, or else the loudest hand, plays now; empty when none plays.
[[nodiscard]] std::string leading_deck(const SuiteSnapshot& snapshot);

}  // namespace crowdjack::web
