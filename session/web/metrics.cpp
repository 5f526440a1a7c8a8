// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/metrics.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace crowdjack::web {

namespace {

using Label = std::pair<std::string_view, std::string_view>;

/// Writes families: the samples of one name stand together, below its help and type.
class Exposition {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        family_ = "crowdjack_";
        family_ += name;
        text_.append("# HELP ").append(family_).append(" ").append(help).append("\n");
        text_.append("# TYPE ").append(family_).append(" ").append(type).append("\n");
    }

    void sample(double value, std::initializer_list<Label> labels = {}) {
        text_ += family_;
        char before = '{';
        for (const auto& [name, content] : labels) {
            text_ += before;
            text_.append(name).append("=\"");
            add_escaped(content);
            text_ += '"';
            before = ',';
        }
        text_ += labels.size() > 0 ? "} " : " ";
        add_number(value);
        text_ += '\n';
    }

    /// A family of one sample.
    void single(std::string_view name, std::string_view type, std::string_view help, double value) {
        family(name, type, help);
        sample(value);
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void add_escaped(std::string_view content) {
        for (const char c : content) {
            text_ += c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : std::string(1, c);
        }
    }
    void add_number(double value) {
        if (!std::isfinite(value)) {
            text_ += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
            return;
        }
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        text_.append(digits.data(), end.ptr);
    }

    std::string text_, family_;
};

void add_clients(Exposition& out, const SuiteSnapshot& snapshot) {
    out.family("client_up", "gauge", "Whether a client answers and does not hang.");
    for (const ClientStatus& client : snapshot.clients) {
        out.sample(client.answers && !client.hangs ? 1 : 0, {{"client", client.name}, {"kind", client.kind}});
    }
    out.family("client_load_ratio", "gauge", "Mean time of an audio callback as a share of the period.");
    for (const ClientStatus& client : snapshot.clients) {
        if (client.load) {
            out.sample(*client.load, {{"client", client.name}});
        }
    }
    out.family("client_worst_load_ratio", "gauge", "Longest audio callback as a share of the period.");
    for (const ClientStatus& client : snapshot.clients) {
        if (client.worst_load) {
            out.sample(*client.worst_load, {{"client", client.name}});
        }
    }
    if (snapshot.patch) {
        out.family("client_starts_total", "counter", "How often the session has started a client.");
        for (const auto& [client, starts] : snapshot.patch->starts) {
            out.sample(starts, {{"client", client}});
        }
    }
}

void add_session(Exposition& out, const PatchHealth& patch) {
    out.single("jack_up", "gauge", "Whether the session reaches its JACK server.", patch.running ? 1 : 0);
    out.single("jack_sample_rate_hertz", "gauge", "Sample rate of the JACK server.", patch.rate);
    out.single("jack_period_frames", "gauge", "Frames of one cycle of the JACK server.", patch.period);
    out.single("connections_wanted", "gauge", "Connections that the session file lists.", patch.wanted);
    out.single("connections_made", "gauge", "Of those, the ones that exist.", patch.made);
}

void add_decks(Exposition& out, const SuiteSnapshot& snapshot) {
    out.family("deck_playing", "gauge", "Whether a deck plays.");
    for (const auto& [name, deck] : snapshot.decks) {
        out.sample(deck.state == "playing" ? 1 : 0, {{"deck", name}});
    }
    out.family("deck_position_seconds", "gauge", "Where in its track a deck is.");
    for (const auto& [name, deck] : snapshot.decks) {
        out.sample(deck.position_s, {{"deck", name}});
    }
    out.family("deck_speed_ratio", "gauge", "How much faster than recorded a track plays.");
    for (const auto& [name, deck] : snapshot.decks) {
        out.sample(deck.rate, {{"deck", name}});
    }
    constexpr std::array counted{
        std::array<std::string_view, 3>{"deck_xruns_total", "xruns", "Overruns that JACK reported to a deck."},
        std::array<std::string_view, 3>{"deck_starved_frames_total", "starved_frames",
                                        "Frames that were silent because they were not in memory."},
        std::array<std::string_view, 3>{"deck_late_starts_total", "late_starts",
                                        "Starts that came too late for their frame and joined in phase."},
    };
    for (const auto& [family, key, help] : counted) {
        out.family(family, "counter", help);
        for (const auto& [name, deck] : snapshot.decks) {
            if (const auto value = health_number(deck.health, key)) {
                out.sample(*value, {{"deck", name}});
            }
        }
    }
    out.family("deck_resident_bytes", "gauge", "Sound that a deck holds in memory.");
    for (const auto& [name, deck] : snapshot.decks) {
        if (const auto value = health_number(deck.health, "resident")) {
            out.sample(*value, {{"deck", name}});
        }
    }
}

void add_mixer(Exposition& out, const MixerStatus& mixer) {
    constexpr std::array<std::string_view, 2> sides{"left", "right"};
    out.family("channel_peak_decibels", "gauge", "Peak of a strip or of the master, against full scale.");
    for (const ChannelStatus& channel : mixer.channels) {
        for (std::size_t side = 0; side < sides.size(); ++side) {
            out.sample(channel.peak_db.at(side), {{"channel", channel.name}, {"side", sides.at(side)}});
        }
    }
    out.family("channel_clips_total", "counter", "Samples of a channel beyond full scale.");
    for (const ChannelStatus& channel : mixer.channels) {
        out.sample(static_cast<double>(channel.clips), {{"channel", channel.name}});
    }
    out.single("master_loudness_lufs", "gauge", "Momentary loudness of the master.", mixer.lufs);
    out.family("tap_active", "gauge", "Whether the recorder, the streamer or the loudness meter is at work.");
    for (const TapReaderStatus& reader : mixer.readers) {
        out.sample(reader.state == "idle" || reader.state == "finished" || reader.state == "failed" ? 0 : 1,
                   {{"reader", reader.name}});
    }
    out.family("tap_written_frames_total", "counter", "Frames that a reader of the master has taken.");
    for (const TapReaderStatus& reader : mixer.readers) {
        out.sample(reader.written, {{"reader", reader.name}});
    }
    if (const auto listeners = named_number(mixer.state, "listeners")) {
        out.single("stream_listeners", "gauge", "How many listen, as the Icecast server says.", *listeners);
    }
    out.family("tap_lost_frames_total", "counter", "Frames of the master that a reader was too late for.");
    for (const TapReaderStatus& reader : mixer.readers) {
        out.sample(reader.lost, {{"reader", reader.name}});
    }
}

void add_tempo(Exposition& out, const TempoStatus& tempo) {
    out.single("tempo_beats_per_minute", "gauge", "The tempo now.", tempo.bpm);
    out.single("tempo_target_beats_per_minute", "gauge", "Where the tempo goes.", tempo.target);
    out.single("movement_ratio", "gauge", "How much the crowd moves, 0 to 1.", tempo.movement);
    out.family("tempo_mode", "gauge", "Who leads the tempo: 1 for the mode it is in.");
    for (const std::string_view mode : {"follow", "hold", "manual", "stale"}) {
        out.sample(tempo.mode == mode ? 1 : 0, {{"mode", mode}});
    }
}

}  // namespace

std::string metrics_text(const SuiteSnapshot& snapshot, const Disk& disk, const HttpServer::Counters& server,
                         std::uint64_t wrong_tokens) {
    Exposition out;
    out.family("build_info", "gauge", "The version that runs.");
    out.sample(1, {{"version", CROWDJACK_VERSION}});
    out.single("up", "gauge", "Whether the suite is well or degraded (1) or down (0).",
               judge(snapshot).level == Health::Level::down ? 0 : 1);
    add_clients(out, snapshot);
    if (snapshot.patch) {
        add_session(out, *snapshot.patch);
    }
    add_decks(out, snapshot);
    if (snapshot.mixer) {
        add_mixer(out, *snapshot.mixer);
    }
    if (snapshot.tempo) {
        add_tempo(out, *snapshot.tempo);
    }
    if (disk.known) {
        out.single("disk_free_bytes", "gauge", "Free room where recordings go.", disk.free_bytes);
    }
    const auto count = [&out](const char* name, const char* help, std::uint64_t value) {
        out.single(name, "counter", help, static_cast<double>(value));
    };
    out.single("web_viewers", "gauge", "WebSockets that are open.", static_cast<double>(server.sockets));
    out.single("web_connections", "gauge", "HTTP connections that are open.", static_cast<double>(server.connections));
    count("web_requests_total", "HTTP requests.", server.requests);
    count("web_refused_total", "HTTP requests that were refused before they were looked at.", server.refused);
    count("web_evicted_total", "Connections that made room for others.", server.evicted);
    count("web_feed_messages_total", "Messages of the feed that were sent.", server.feed_sent);
    count("web_feed_skipped_total", "Messages of the feed that a slow viewer was spared.", server.feed_skipped);
    count("web_wrong_tokens_total", "Tokens that were wrong.", wrong_tokens);
    return out.take();
}

}  // namespace crowdjack::web
