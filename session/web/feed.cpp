// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/feed.hpp"

#include "common/deck_names.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace crowdjack::web {

namespace {

/// A feed that 20 phones take ten times a second is as short as what can be seen.
double rounded(double value, double steps_per_unit) { return std::round(value * steps_per_unit) / steps_per_unit; }

Json facts_json(const std::string& path, TrackBook& tracks) {
    const TrackFacts& facts = tracks.of(path);
    return {{"path", path}, {"name", facts.name}, {"title", facts.title}, {"artist", facts.artist}, {"key", facts.key}};
}

double gain_of(const SuiteSnapshot& snapshot, const std::string& deck) {
    if (!snapshot.mixer) {
        return 1.0;
    }
    const std::string strip = deck_short_name(deck);
    const bool mute = named_number(snapshot.mixer->state, strip + ".mute").value_or(0.0) > 0.5;
    return mute ? 0.0 : named_number(snapshot.mixer->state, strip + ".gain").value_or(1.0);
}

/// A setlist names its decks by letter.
std::string deck_named(const SuiteSnapshot& snapshot, const char* what) {
    const std::string letter = named_text(snapshot.setlist, what).value_or("");
    return letter.empty() ? "" : deck_client(letter);
}

/// `A.gain` → strips[A].gain; what belongs to no strip stays outside.
void add_desk_value(Json& desk, const std::string& name, const std::string& value) {
    const std::size_t dot = name.find('.');
    double number = 0.0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = !value.empty() && end.ptr == value.data() + value.size();
    const Json shown = is_number ? Json(rounded(number, 10'000)) : Json(value);
    if (dot == std::string::npos) {
        desk[name] = shown;
    } else {
        desk["strips"][name.substr(0, dot)][name.substr(dot + 1)] = shown;
    }
}

}  // namespace

std::string leading_deck(const SuiteSnapshot& snapshot) {
    if (std::string current = deck_named(snapshot, "current"); snapshot.decks.contains(current)) {
        return current;
    }
    std::string leading;
    double highest = 0.0;
    for (const auto& [name, deck] : snapshot.decks) {
        const double gain = gain_of(snapshot, name);
        if (deck.state == "playing" && gain > highest) {
            highest = gain;
            leading = name;
        }
    }
    return leading;
}

Json now_json(const SuiteSnapshot& snapshot) {
    Json now = Json::object();
    if (snapshot.tempo) {
        const TempoStatus& tempo = *snapshot.tempo;
        now["tempo"] = {{"bpm", rounded(tempo.bpm, 100)},
                        {"target", rounded(tempo.target, 100)},
                        {"beat", rounded(tempo.beat, 100)},
                        {"movement", rounded(tempo.movement, 1000)},
                        {"mode", tempo.mode}};
    }
    for (const auto& [name, deck] : snapshot.decks) {
        now["decks"][name] = {
            {"state", deck.state}, {"position", rounded(deck.position_s, 100)}, {"rate", rounded(deck.rate, 1000)}};
    }
    if (snapshot.mixer) {
        for (const ChannelStatus& channel : snapshot.mixer->channels) {
            now["meters"][channel.name] = {rounded(channel.peak_db[0], 10), rounded(channel.peak_db[1], 10),
                                           rounded(channel.rms_db[0], 10), rounded(channel.rms_db[1], 10),
                                           channel.clips};
        }
        now["lufs"] = rounded(snapshot.mixer->lufs, 10);
    }
    if (const auto left = named_number(snapshot.setlist, "next_in_s")) {
        now["next_in"] = rounded(*left, 10);
    }
    return now;
}

Json decks_json(const SuiteSnapshot& snapshot, TrackBook& tracks) {
    Json decks = Json::object();
    for (const auto& [name, deck] : snapshot.decks) {
        Json facts = facts_json(deck.path, tracks);
        facts["length"] = rounded(deck.length_s, 1000);
        facts["bpm"] = rounded(deck.track_bpm, 100);
        facts["stretch"] = deck.stretch;
        const TrackFacts& known = tracks.of(deck.path);
        facts["drawn"] = known.waveform.empty() ? 0 : 1;  // changes when there is more to fetch
        decks[name] = std::move(facts);
    }
    return decks;
}

Json desk_json(const SuiteSnapshot& snapshot) {
    Json desk = {{"strips", Json::object()}};
    if (!snapshot.mixer) {
        return desk;
    }
    desk["order"] = Json::array();
    for (const ChannelStatus& channel : snapshot.mixer->channels) {
        if (channel.name != "master") {
            desk["order"].push_back(channel.name);
        }
    }
    for (const auto& [name, value] : snapshot.mixer->state) {
        if (name != "strips") {
            add_desk_value(desk, name, value);
        }
    }
    return desk;
}

Json lamps_json(const SuiteSnapshot& snapshot, const Disk& disk) {
    Json lamps = Json::array();
    for (const Lamp& lamp : lamps_of(snapshot, disk)) {
        lamps.push_back({{"name", lamp.name}, {"colour", to_text(lamp.colour)}, {"text", lamp.text}});
    }
    return lamps;
}

Json clients_json(const SuiteSnapshot& snapshot) {
    Json clients = Json::array();
    for (const ClientStatus& client : snapshot.clients) {
        Json shown = {
            {"name", client.name}, {"kind", client.kind}, {"answers", client.answers}, {"hangs", client.hangs}};
        if (snapshot.patch) {
            const auto phase = snapshot.patch->phases.find(client.name);
            if (phase != snapshot.patch->phases.end()) {
                shown["phase"] = phase->second;
                shown["starts"] =
                    snapshot.patch->starts.contains(client.name) ? snapshot.patch->starts.at(client.name) : 0;
            }
        }
        if (client.load) {
            shown["load"] = rounded(*client.load, 50);
        }
        clients.push_back(std::move(shown));
    }
    return clients;
}

Json set_json(const SuiteSnapshot& snapshot, TrackBook& tracks) {
    Json set = {{"runs", !snapshot.setlist.empty()}, {"current", leading_deck(snapshot)}};
    if (snapshot.setlist.empty()) {
        // Without a setlist, what is cued is what comes next.
        for (const auto& [name, deck] : snapshot.decks) {
            if (deck.state == "cued" || deck.state == "waiting") {
                set["next"] = name;
            }
        }
        return set;
    }
    set["next"] = deck_named(snapshot, "next");
    if (const auto part = named_text(snapshot.setlist, "next_part"); part && !part->empty()) {
        set["next_track"] = facts_json(*part, tracks);
    }
    set["pause_after"] = named_text(snapshot.setlist, "pause_after") == "true";
    set["trend"] = named_text(snapshot.setlist, "trend").value_or("");
    return set;
}

Json warnings_json(const Chronicle& chronicle) {
    Json warnings = Json::array();
    for (const Warning& warning : chronicle.warnings()) {
        warnings.push_back({{"at", std::floor(warning.at)}, {"text", warning.text}});
    }
    return warnings;
}

Json played_json(const Chronicle& chronicle, TrackBook& tracks) {
    Json played = Json::array();
    for (const PlayedEntry& entry : chronicle.played()) {
        Json shown = facts_json(entry.path, tracks);
        shown["at"] = std::floor(entry.at);
        shown["deck"] = entry.deck;
        played.push_back(std::move(shown));
    }
    return played;
}

Json history_json(const Chronicle& chronicle) {
    Json points = Json::array();
    for (const TempoPoint& point : chronicle.tempo()) {
        Json zones = Json::object();
        for (const auto& [zone, movement] : point.zones) {
            zones[zone] = rounded(movement, 1000);
        }
        points.push_back({rounded(point.at, 10), rounded(point.bpm, 100), rounded(point.target, 100),
                          rounded(point.movement, 1000), std::move(zones)});
    }
    return {{"points", std::move(points)}};
}

Json track_json(const TrackFacts& track) {
    Json segments = Json::array();
    for (const TrackFacts::Segment& segment : track.segments) {
        segments.push_back({segment.begin_s, segment.end_s, segment.label});
    }
    return {{"name", track.name}, {"segments", std::move(segments)}, {"waveform", track.waveform}};
}

Json now_playing_json(const SuiteSnapshot& snapshot, TrackBook& tracks) {
    const std::string leading = leading_deck(snapshot);
    Json result = {{"playing", false}, {"bpm", snapshot.tempo ? Json(rounded(snapshot.tempo->bpm, 100)) : Json()}};
    const auto deck = snapshot.decks.find(leading);
    if (deck != snapshot.decks.end() && deck->second.state == "playing") {
        const Json facts = facts_json(deck->second.path, tracks);
        result["playing"] = true;
        result["deck"] = leading;
        for (const char* const part : {"name", "title", "artist", "key"}) {
            result[part] = facts[part];
        }
        result["position_s"] = rounded(deck->second.position_s, 10);
        result["length_s"] = rounded(deck->second.length_s, 10);
    }
    const Json set = set_json(snapshot, tracks);
    if (set.contains("next_track")) {
        result["next"] = {{"name", set["next_track"]["name"]},
                          {"title", set["next_track"]["title"]},
                          {"artist", set["next_track"]["artist"]}};
    }
    return result;
}

}  // namespace crowdjack::web
