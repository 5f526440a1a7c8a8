// SPDX-License-Identifier: GPL-3.0-or-later
// The whole suite at a glance, as status and its live view show it.
#pragma once

#include "common/protocol/deck_messages.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "common/protocol/named_values.hpp"
#include "common/protocol/tempo_messages.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// One deck. Without an answer all but its name is unknown.
struct DeckStatus : protocol::DeckStateMessage {
    NamedValues health{};
};

using ChannelStatus = protocol::MixerMeters::Channel;
using TapReaderStatus = protocol::MixerTap::Reader;
using TempoStatus = protocol::TempoStateMessage;

struct MixerStatus {
    NamedValues state, health;
    std::vector<ChannelStatus> channels;  ///< strips, then master
    double lufs{-120.0};
    std::vector<TapReaderStatus> readers;
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

/// From the answer to /session/state.
[[nodiscard]] PatchHealth read_session_state(const NamedValues& values);

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
