// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace crowdjack {

const ClientStatus* SuiteSnapshot::client(const std::string& name) const {
    const auto found = std::find_if(clients.begin(), clients.end(), [&](const auto& c) { return c.name == name; });
    return found == clients.end() ? nullptr : &*found;
}

void read_deck_state(const OscArguments& arguments, DeckStatus& deck) {
    deck.state = arguments.text(0, "state");
    deck.path = arguments.text(1, "path");
    deck.frame = arguments.optional_frame(2, "frame").value_or(0);
    deck.position_s = arguments.number(3, "position_s");
    deck.length_s = arguments.number(4, "length_s");
    deck.rate = arguments.number(5, "rate");
    deck.track_bpm = arguments.number(6, "track_bpm");
    deck.stretch = arguments.text(7, "stretch");
}

void read_meters(const OscArguments& arguments, MixerStatus& mixer) {
    constexpr std::size_t per_channel = 6;
    std::vector<ChannelStatus> channels;
    std::size_t i = 0;
    for (; i + per_channel <= arguments.size() && arguments.is_text(i); i += per_channel) {
        ChannelStatus channel;
        channel.name = arguments.text(i, "channel");
        channel.peak_db = {arguments.number(i + 1, "peak"), arguments.number(i + 2, "peak")};
        channel.rms_db = {arguments.number(i + 3, "rms"), arguments.number(i + 4, "rms")};
        channel.clips = static_cast<std::int64_t>(arguments.number(i + 5, "clips"));
        channels.push_back(channel);
    }
    mixer.channels = std::move(channels);
    mixer.lufs = i < arguments.size() ? arguments.number(i, "lufs") : -120.0;
}

void read_tap(const OscArguments& arguments, MixerStatus& mixer) {
    constexpr std::size_t per_reader = 6;
    std::vector<TapReaderStatus> readers;
    for (std::size_t i = 0; i + per_reader <= arguments.size(); i += per_reader) {
        TapReaderStatus reader;
        reader.name = arguments.text(i, "name");
        reader.state = arguments.text(i + 1, "state");
        reader.written = arguments.number(i + 2, "written");
        reader.lost = arguments.number(i + 3, "lost");
        reader.dropouts = arguments.number(i + 4, "dropouts");
        reader.lag = arguments.number(i + 5, "lag");
        readers.push_back(reader);
    }
    mixer.readers = std::move(readers);
}

TempoStatus read_tempo_state(const OscArguments& arguments) {
    return {arguments.number(0, "bpm"),
            arguments.number(1, "target"),
            arguments.number(2, "beat"),
            arguments.number(3, "movement"),
            std::string{arguments.text(4, "mode")},
            static_cast<std::int32_t>(arguments.number(5, "serial"))};
}

PatchHealth read_session_state(const NamedValues& values) {
    constexpr std::string_view client = "client ";
    constexpr std::string_view starts = "starts ";
    PatchHealth patch;
    patch.running = named_text(values, "running") == "true";
    patch.rate = named_number(values, "rate").value_or(0.0);
    patch.period = named_number(values, "period").value_or(0.0);
    patch.complete = named_text(values, "patch") == "complete";
    patch.wanted = static_cast<int>(named_number(values, "wanted").value_or(0.0));
    patch.silent = named_text(values, "silent") == "true";
    patch.fallback = named_text(values, "fallback") == "true";
    patch.setlist = named_text(values, "setlist").value_or("");
    patch.made = static_cast<int>(named_number(values, "made").value_or(0.0));
    for (const auto& [name, value] : values) {
        if (name == "missing") {
            patch.missing.push_back(value);
        } else if (name == "failed") {
            patch.failed.push_back(value);
        } else if (name.starts_with(client)) {
            patch.phases[name.substr(client.size())] = value;
        } else if (name.starts_with(starts)) {
            patch.starts[name.substr(starts.size())] = std::atoi(value.c_str());
        }
    }
    return patch;
}

std::optional<double> health_number(const NamedValues& health, std::string_view beginning) {
    const auto found = std::find_if(health.begin(), health.end(),
                                    [beginning](const auto& value) { return value.first.starts_with(beginning); });
    return found == health.end() ? std::nullopt : named_number(health, found->first);
}

void read_load(const NamedValues& health, ClientStatus& client) {
    const auto budget = health_number(health, "budget");
    const auto mean = health_number(health, "mean");
    const auto worst = health_number(health, "worst");
    client.load.reset();
    client.worst_load.reset();
    if (budget && *budget > 0.0) {
        client.load = mean ? std::optional{*mean / *budget} : std::nullopt;
        client.worst_load = worst ? std::optional{*worst / *budget} : std::nullopt;
    }
}

std::string minutes_text(double seconds) {
    const auto whole = static_cast<long>(std::max(0.0, std::floor(seconds)));
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
    return text.data();
}

}  // namespace crowdjack
