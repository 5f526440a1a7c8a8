// SPDX-License-Identifier: GPL-3.0-or-later
// The whole suite at a glance, as status and its live view show it.
#pragma once

#include "session/suite_link.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// One deck. Without an answer all but its name is unknown.
struct DeckStatus {
    std::string state;
    std::string path;
    std::uint32_t frame{};
    double position_s{}, length_s{}, rate{1.0}, track_bpm{};
    std::string stretch;
    NamedValues health;
};

/// One strip of the mixer, or its master.
struct ChannelStatus {
    std::string name;
    std::array<double, 2> peak_db{-120.0, -120.0}, rms_db{-120.0, -120.0};
    std::int64_t clips{};
};

/// One reader of the mixer's tap: recorder, streamer, meters.
struct TapReaderStatus {
    std::string name, state;
    double written{}, lost{}, dropouts{}, lag{};
};

struct MixerStatus {
    NamedValues state, health;
    std::vector<ChannelStatus> channels;  ///< strips, then master
    double lufs{-120.0};
    std::vector<TapReaderStatus> readers;
};

struct TempoStatus {
    double bpm{}, target{}, beat{}, movement{};
    std::string mode;
    std::int32_t serial{};
};

/// What the session said: see /session/state.
struct PatchHealth {
    bool running{false};
    double rate{}, period{};
    bool complete{false};
    int wanted{}, made{};
    std::vector<std::string> missing, failed;
    std::map<std::string, std::string> phases;  ///< by client: waiting, starting, ready, ended, failing, foreign
    std::map<std::string, int> starts;
    bool silent{false};     ///< the mix, for long; known only with [guard]
    bool fallback{false};   ///< plays
    std::string setlist{};  ///< of the session itself: playing, failing; "": none
};

/// One client of the registry.
struct ClientStatus {
    std::string name, kind, jack, url;
    std::int64_t pid{};
    bool answers{false};               ///< said something lately
    bool hangs{false};                 ///< its audio thread's pulse stands still while others' beat
    bool near_budget{false};           ///< its callbacks take most of a period
    std::optional<double> load;        ///< mean callback time / period, 0…1
    std::optional<double> worst_load;  ///< worst callback time / period
};

struct SuiteSnapshot {
    std::string server;
    std::vector<ClientStatus> clients;
    std::map<std::string, DeckStatus> decks;  ///< those that answer, by name
    std::optional<MixerStatus> mixer;
    std::optional<TempoStatus> tempo;
    std::optional<PatchHealth> patch;
    NamedValues setlist;  ///< /setlist/state; empty when none plays

    [[nodiscard]] const ClientStatus* client(const std::string& name) const;
};

/// From the answers to /deck/state, /mixer/meters, /mixer/tap, /tempo/state, /session/state. Arguments that are not as
/// the protocol has them throw OscError.
/// @{
void read_deck_state(const OscArguments& arguments, DeckStatus& deck);
void read_meters(const OscArguments& arguments, MixerStatus& mixer);
void read_tap(const OscArguments& arguments, MixerStatus& mixer);
[[nodiscard]] TempoStatus read_tempo_state(const OscArguments& arguments);
[[nodiscard]] PatchHealth read_session_state(const NamedValues& values);
/// @}

/// Mean and worst callback time as shares of the period, from /deck/health or /mixer/health.
void read_load(const NamedValues& health, ClientStatus& client);

/// A value of /deck/health by the beginning of its name.
[[nodiscard]] std::optional<double> health_number(const NamedValues& health, std::string_view beginning);

/// The table of `status`.
[[nodiscard]] std::string status_table(const SuiteSnapshot& snapshot);
/// The document of `status --json`: see the README for its keys.
[[nodiscard]] std::string status_json(const SuiteSnapshot& snapshot);

/// 3:07
[[nodiscard]] std::string minutes_text(double seconds);

}  // namespace crowdjack
