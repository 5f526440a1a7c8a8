// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/printable.hpp"
#include "session/status/snapshot.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <iomanip>
#include <sstream>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

std::string percent_text(std::optional<double> share) {
    return share ? std::to_string(std::lround(*share * 100.0)) + "%" : "-";
}

void add_decks(std::ostringstream& out, const SuiteSnapshot& snapshot) {
    out << std::fixed;
    for (const auto& [name, deck] : snapshot.decks) {
        out << std::left << std::setw(10) << name << std::setw(8) << deck.state;
        if (deck.path.empty()) {
            out << '\n';
            continue;
        }
        out << std::right << std::setw(6) << minutes_text(deck.position_s) << " / " << std::left << std::setw(6)
            << minutes_text(deck.length_s) << ' ' << std::setprecision(2) << deck.track_bpm << " BPM ×"
            << std::setprecision(4) << deck.rate << "  " << deck.stretch << "  "
            << std::filesystem::path{deck.path}.filename().string();
        for (const char* trouble : {"xruns", "starved", "late"}) {
            if (const auto count = health_number(deck.health, trouble); count && *count > 0.0) {
                out << "  " << trouble << ' ' << std::lround(*count);
            }
        }
        out << '\n';
    }
}

void add_mixer(std::ostringstream& out, const MixerStatus& mixer) {
    for (const ChannelStatus& channel : mixer.channels) {
        out << "  " << std::left << std::setw(8) << channel.name << "peak " << std::right << std::setprecision(1)
            << std::setw(6) << std::max(channel.peak_db[0], channel.peak_db[1]) << "  rms " << std::setw(6)
            << std::max(channel.rms_db[0], channel.rms_db[1]) << " dB";
        if (const auto gain = named_number(mixer.state, channel.name + ".gain")) {
            out << "  fader " << std::setprecision(2) << *gain;
            for (const char* band : {"low", "mid", "high"}) {
                out << "  " << band << ' '
                    << std::lround(named_number(mixer.state, channel.name + "." + band).value_or(50.0));
            }
        }
        if (channel.clips > 0) {
            out << "  clipped " << channel.clips;
        }
        out << '\n';
    }
    out << "  loudness " << std::setprecision(1) << mixer.lufs << " LUFS\n";
    for (const TapReaderStatus& reader : mixer.readers) {
        if (reader.state != "idle") {
            out << "  " << std::left << std::setw(9) << reader.name << reader.state << ", " << std::setprecision(0)
                << reader.written << " frames, lost " << reader.lost;
            if (const auto listeners = named_number(mixer.state, "listeners"); listeners && reader.name == "streamer") {
                out << ", listeners " << *listeners;
            }
            out << '\n';
        }
    }
}

void add_patch(std::ostringstream& out, const PatchHealth& patch) {
    out << "patch     " << patch.made << " of " << patch.wanted << " connections"
        << (patch.complete ? "" : ", incomplete") << '\n';
    for (const std::string& missing : patch.missing) {
        out << "  missing " << missing << '\n';
    }
    for (const std::string& failed : patch.failed) {
        out << "  failed  " << failed << '\n';
    }
    for (const auto& [name, phase] : patch.phases) {
        const auto starts = patch.starts.find(name);
        if (phase != "ready" || (starts != patch.starts.end() && starts->second > 1)) {
            out << "  client  " << name << ' ' << phase << ", started "
                << (starts == patch.starts.end() ? 0 : starts->second) << " times\n";
        }
    }
}

Json values_json(const NamedValues& values) {
    Json object = Json::object();
    for (const auto& [name, value] : values) {
        const auto number = named_number({{"", value}}, "");
        const bool numeric = number && value.find_first_not_of("+-.eE0123456789") == std::string::npos;
        object[name] = numeric ? Json(*number) : Json(value);
    }
    return object;
}

Json clients_json(const SuiteSnapshot& snapshot) {
    Json clients = Json::array();
    for (const ClientStatus& client : snapshot.clients) {
        clients.push_back({{"name", client.name},
                           {"kind", client.kind},
                           {"jack", client.jack},
                           {"url", client.url},
                           {"pid", client.pid},
                           {"answers", client.answers},
                           {"hangs", client.hangs},
                           {"near_budget", client.near_budget},
                           {"load", client.load ? Json(*client.load) : Json()},
                           {"worst_load", client.worst_load ? Json(*client.worst_load) : Json()}});
    }
    return clients;
}

Json decks_json(const SuiteSnapshot& snapshot) {
    Json decks = Json::array();
    for (const auto& [name, deck] : snapshot.decks) {
        decks.push_back({{"name", name},
                         {"state", deck.state},
                         {"path", deck.path},
                         {"frame", deck.frame},
                         {"position_s", deck.position_s},
                         {"length_s", deck.length_s},
                         {"rate", deck.rate},
                         {"track_bpm", deck.track_bpm},
                         {"stretch", deck.stretch},
                         {"health", values_json(deck.health)}});
    }
    return decks;
}

Json mixer_json(const MixerStatus& mixer) {
    Json channels = Json::array();
    for (const ChannelStatus& channel : mixer.channels) {
        channels.push_back({{"name", channel.name},
                            {"peak_db", channel.peak_db},
                            {"rms_db", channel.rms_db},
                            {"clips", channel.clips}});
    }
    Json readers = Json::array();
    for (const TapReaderStatus& reader : mixer.readers) {
        readers.push_back({{"name", reader.name},
                           {"state", reader.state},
                           {"written", reader.written},
                           {"lost", reader.lost},
                           {"dropouts", reader.dropouts},
                           {"lag", reader.lag}});
    }
    return {{"channels", channels},
            {"lufs_m", mixer.lufs},
            {"tap", readers},
            {"state", values_json(mixer.state)},
            {"health", values_json(mixer.health)}};
}

Json tempo_json(const TempoStatus& tempo) {
    return {{"bpm", tempo.bpm},           {"target", tempo.target}, {"beat", tempo.beat},
            {"movement", tempo.movement}, {"mode", tempo.mode},     {"serial", tempo.serial}};
}

Json patch_json(const PatchHealth& patch) {
    Json clients = Json::object();
    for (const auto& [name, phase] : patch.phases) {
        const auto starts = patch.starts.find(name);
        clients[name] = {{"phase", phase}, {"starts", starts == patch.starts.end() ? 0 : starts->second}};
    }
    return {{"running", patch.running},   {"rate", patch.rate},     {"period", patch.period},
            {"complete", patch.complete}, {"wanted", patch.wanted}, {"made", patch.made},
            {"missing", patch.missing},   {"failed", patch.failed}, {"clients", clients}};
}

}  // namespace

std::string status_table(const SuiteSnapshot& snapshot) {
    std::ostringstream out;
    out << std::fixed << "server    " << snapshot.server;
    if (snapshot.patch && snapshot.patch->running) {
        out << std::setprecision(0) << "  " << snapshot.patch->rate << " Hz, " << snapshot.patch->period << " frames";
    }
    out << '\n';
    if (snapshot.clients.empty()) {
        out << "no client of crowdjack runs on this server\n";
    }
    for (const ClientStatus& client : snapshot.clients) {
        if (!client.answers || client.hangs) {
            out << client.name << (client.hangs ? "  hangs: its audio thread stands still" : "  does not answer")
                << " (pid " << client.pid << ")\n";
        }
        if (client.near_budget) {
            out << client.name << "  near its budget: worst callback " << percent_text(client.worst_load)
                << " of the period (mean " << percent_text(client.load) << ")\n";
        }
    }
    if (snapshot.tempo) {
        const TempoStatus& tempo = *snapshot.tempo;
        out << "tempo     " << std::setprecision(2) << tempo.bpm << " BPM, target " << tempo.target << ", movement "
            << std::setprecision(3) << tempo.movement << ", " << tempo.mode << ", beat " << std::setprecision(1)
            << tempo.beat << '\n';
    }
    add_decks(out, snapshot);
    if (snapshot.mixer) {
        out << "mixer\n";
        add_mixer(out, *snapshot.mixer);
    }
    if (snapshot.patch) {
        add_patch(out, *snapshot.patch);
    }
    if (!snapshot.setlist.empty()) {
        out << "setlist  ";
        for (const auto& [name, value] : snapshot.setlist) {
            const bool words = value.find(' ') != std::string::npos;
            out << ' ' << name << '=' << (words ? '"' + value + '"' : value.empty() ? "-" : value);
        }
        out << '\n';
    }
    return printable(out.str(), true);  // names and paths are from outside
}

std::string status_json(const SuiteSnapshot& snapshot) {
    const Json document = {{"server", snapshot.server},
                           {"clients", clients_json(snapshot)},
                           {"tempo", snapshot.tempo ? tempo_json(*snapshot.tempo) : Json()},
                           {"decks", decks_json(snapshot)},
                           {"mixer", snapshot.mixer ? mixer_json(*snapshot.mixer) : Json()},
                           {"session", snapshot.patch ? patch_json(*snapshot.patch) : Json()},
                           {"setlist", snapshot.setlist.empty() ? Json() : values_json(snapshot.setlist)}};
    // Whatever bytes a file name holds, the document stays valid, and harmless on a terminal.
    return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace crowdjack
