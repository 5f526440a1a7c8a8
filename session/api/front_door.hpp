// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/crowdstream_api.hpp"
#include "session/api/deck_states.hpp"
#include "session/api/fallback_tempo.hpp"
#include "session/api/group_starter.hpp"
#include "session/api/joint_answer.hpp"
#include "session/api/stem_slots.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace crowdjack {

/// What the front door's addresses act on.
struct DoorParts {
    ClientShell& shell;
    DeckStates& decks;
    GroupStarter& starter;
    FallbackTempo& tempo;
    [[nodiscard]] Peers& peers() const noexcept { return shell.peers(); }
};

/// The name of the first peer of that kind. @throws OscError{not_ready} when none runs
[[nodiscard]] std::string peer_of_kind(Peers& peers, std::string_view kind);

/// The crowdstream API: one OSC message in, commands to decks and mixer out, one answer back. Control thread only.
class CrowdstreamDoor {
public:
    struct Settings {
        bool legacy_levels{false};  ///< gains begin at 0.8, as crowdstream's did
        std::function<void(double hz)> play_tone;
    };

    CrowdstreamDoor(DoorParts parts, Settings settings);

    /// With --legacy-levels: sets the old gains on decks and mixers that come for the first time.
    void see_peers(const std::vector<PeerInfo>& peers);
    /// The server went away: times from /reset are counted anew.
    void frames_are_void();

private:
    static constexpr float legacy_level = 0.8F;
    static constexpr std::chrono::seconds loading_limit{60};

    using Handler = void (CrowdstreamDoor::*)(const ApiArguments&, const OscReplyTo&);
    void serve(const char* address, Handler handler);

    void cue(const ApiArguments& arguments, const OscReplyTo& reply);
    void start_group(const ApiArguments& arguments, const OscReplyTo& reply);
    void play(const ApiArguments& arguments, const OscReplyTo& reply);
    void fade(const ApiArguments& arguments, const OscReplyTo& reply);
    void crossfade_levels(const ApiArguments& arguments, const OscReplyTo& reply);
    void deck_levels(const ApiArguments& arguments, const OscReplyTo& reply);
    void deck_eq(const ApiArguments& arguments, const OscReplyTo& reply);
    void deck_eq_all(const ApiArguments& arguments, const OscReplyTo& reply);
    void deck_filter(const ApiArguments& arguments, const OscReplyTo& reply);
    void load_buffer(const ApiArguments& arguments, const OscReplyTo& reply);
    void play_stem(const ApiArguments& arguments, const OscReplyTo& reply);
    void play_stem_section(const ApiArguments& arguments, const OscReplyTo& reply);
    void stop_stem(const ApiArguments& arguments, const OscReplyTo& reply);
    void stem_volume(const ApiArguments& arguments, const OscReplyTo& reply);
    void set_tempo(const ApiArguments& arguments, const OscReplyTo& reply);
    void set_meter(const ApiArguments& arguments, const OscReplyTo& reply);
    void print_clock(const ApiArguments& arguments, const OscReplyTo& reply);
    void schedule_c_at(const ApiArguments& arguments, const OscReplyTo& reply);
    void reset(const ApiArguments& arguments, const OscReplyTo& reply);
    void get_status(const ApiArguments& arguments, const OscReplyTo& reply);
    void mixer_cleanup(const ApiArguments& arguments, const OscReplyTo& reply);
    void test_tone(const ApiArguments& arguments, const OscReplyTo& reply);

    void cue_deck(const api::Cue& wanted, const Peers::Done& done);
    void cue_at_fraction(const api::Cue& wanted, const Peers::Done& done);
    void set_levels(const api::Levels& levels, const OscReplyTo& reply);
    void ask_mixer(const OscReplyTo& reply, const OscMessage& message);
    void play_stem_now(const api::PlayStem& stem, const OscReplyTo& reply);
    [[nodiscard]] int slot_of(std::int32_t buffer);
    [[nodiscard]] JackFrame frame_in(double seconds) const;
    [[nodiscard]] OscMessage status_message(const OscReplyTo& reply) const;

    DoorParts parts_;
    Settings settings_;
    std::map<char, StemSlots> slots_;              ///< by deck letter
    std::map<std::int32_t, std::uint64_t> plays_;  ///< of each buffer: the play whose end is timed
    std::map<char, float> levels_;                 ///< as last set here
    std::set<std::string> met_;                    ///< peers that were given the legacy levels
    std::optional<JackFrame> zero_;                ///< of /reset; the server's start before
};

}  // namespace crowdjack
