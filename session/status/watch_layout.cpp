// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/watch_layout.hpp"

#include "common/printable.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace crowdjack {

namespace {

constexpr double quietest_db = -60.0;

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 160> text{};
    (void)std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

int columns(const std::string& text) {
    return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The first `width` columns of `text`, padded.
std::string fitted(const std::string& shown, int width) {
    const std::string text = printable(shown);
    std::string result;
    int used = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((text[i] & 0xC0) != 0x80 && ++used > width) {
            break;
        }
        result += text[i];
    }
    return result + std::string(static_cast<std::size_t>(std::max(0, width - columns(result))), ' ');
}

Row header(const SuiteSnapshot& snapshot, int width) {
    std::string text = " crowdjack  " + snapshot.server;
    if (snapshot.patch && snapshot.patch->running) {
        text += formatted("  %.0f Hz  %.0f frames", snapshot.patch->rate, snapshot.patch->period);
    }
    return {{fitted(text, width), Tone::title}};
}

Row tempo_row(const SuiteSnapshot& snapshot) {
    if (!snapshot.tempo) {
        return {{" tempo     no follower: decks play at their own rate", Tone::dim}};
    }
    const TempoStatus& tempo = *snapshot.tempo;
    const bool moving = std::abs(tempo.bpm - tempo.target) > 0.01;
    Row row{{formatted(" tempo   %7.2f BPM ", tempo.bpm), Tone::good}};
    row.push_back({moving ? formatted("%s %.1f", tempo.target > tempo.bpm ? "↑" : "↓", tempo.target) : "steady",
                   moving ? Tone::warning : Tone::dim});
    row.push_back({formatted("   beat %d.%d   ", static_cast<int>(tempo.beat / 4.0) + 1,
                             static_cast<int>(std::fmod(std::max(tempo.beat, 0.0), 4.0)) + 1)});
    row.push_back({formatted("movement %4.1f %% ", tempo.movement * 100.0)});
    row.push_back({bar_text(tempo.movement / 0.6, 16), Tone::good});
    row.push_back({"  " + tempo.mode, tempo.mode == "follow" ? Tone::plain : Tone::warning});
    return row;
}

Tone state_tone(const std::string& state) {
    return state == "playing"                          ? Tone::good
           : state == "waiting" || state == "cued"     ? Tone::warning
           : state == "failed" || state == "no answer" ? Tone::alarm
                                                       : Tone::dim;
}

void add_deck(std::vector<Row>& rows, const SuiteSnapshot& snapshot, const ClientStatus& client, bool chosen,
              int width) {
    const auto found = snapshot.decks.find(client.name);
    const DeckStatus deck = found == snapshot.decks.end() ? DeckStatus{} : found->second;
    const std::string state = found == snapshot.decks.end() ? "no answer" : deck.state;
    const double left = deck.rate > 0.0 ? (deck.length_s - deck.position_s) / deck.rate : 0.0;
    const int name_width = std::max(8, width - 52);
    Row top{{(chosen ? "▶" : " ") + fitted(client.name, 9), chosen ? Tone::chosen : Tone::plain}};
    top.push_back({fitted(state, 10), state_tone(state)});
    top.push_back({fitted(deck.path.empty() ? "-" : std::filesystem::path{deck.path}.filename().string(), name_width)});
    if (!deck.path.empty()) {
        top.push_back({formatted(" %7.2f BPM ×%.4f %s", deck.track_bpm, deck.rate, deck.stretch.c_str()), Tone::dim});
    }
    rows.push_back(std::move(top));
    Row bottom{{"   "}};
    bottom.push_back({bar_text(deck.length_s > 0.0 ? deck.position_s / deck.length_s : 0.0, width - 45),
                      deck.state == "playing" && left < 15.0 ? Tone::warning : Tone::good});
    bottom.push_back({formatted("  %6s  -%-6s", minutes_text(deck.position_s).c_str(), minutes_text(left).c_str())});
    for (const auto& [name, key] : {std::pair{"xruns", "xruns"}, std::pair{"starved", "starved"}}) {
        const double count = health_number(deck.health, key).value_or(0.0);
        bottom.push_back({formatted(" %s %.0f", name, count), count > 0.0 ? Tone::alarm : Tone::dim});
    }
    rows.push_back(std::move(bottom));
}

Row meter_row(const ChannelStatus& channel, const MixerStatus& mixer, int width) {
    const double peak = std::max(channel.peak_db[0], channel.peak_db[1]);
    const double rms = std::max(channel.rms_db[0], channel.rms_db[1]);
    const int bar = std::clamp(width - 52, 8, 40);
    Row row{{" " + fitted(channel.name, 8)}};
    row.push_back({bar_text(1.0 - rms / quietest_db, bar), peak > -0.1   ? Tone::alarm
                                                           : peak > -6.0 ? Tone::warning
                                                                         : Tone::good});
    row.push_back({peak > -119.0 ? formatted(" %6.1f dB", peak) : "    -   dB"});
    if (const auto gain = named_number(mixer.state, channel.name + ".gain")) {
        row.push_back({formatted("  fader %.2f", *gain)});
        row.push_back(
            {formatted("  eq %3.0f %3.0f %3.0f", named_number(mixer.state, channel.name + ".low").value_or(50.0),
                       named_number(mixer.state, channel.name + ".mid").value_or(50.0),
                       named_number(mixer.state, channel.name + ".high").value_or(50.0)),
             Tone::dim});
    } else {
        row.push_back({formatted("  %6.1f LUFS", mixer.lufs)});
    }
    if (channel.clips > 0) {
        row.push_back({formatted("  clip %lld", static_cast<long long>(channel.clips)), Tone::alarm});
    }
    return row;
}

Row tap_row(const MixerStatus& mixer, double rate) {
    Row row;
    for (const TapReaderStatus& reader : mixer.readers) {
        if (reader.name == "meters") {
            continue;
        }
        const bool idle = reader.state == "idle";
        row.push_back({" " + reader.name + " " + reader.state, idle                ? Tone::dim
                                                               : reader.lost > 0.0 ? Tone::alarm
                                                                                   : Tone::good});
        if (!idle) {
            row.push_back({" " + minutes_text(rate > 0.0 ? reader.written / rate : 0.0)});
            row.push_back({formatted(" lost %.0f ", reader.lost), reader.lost > 0.0 ? Tone::alarm : Tone::dim});
            if (const auto listeners = named_number(mixer.state, "listeners"); listeners && reader.name == "streamer") {
                row.push_back({formatted("listeners %.0f ", *listeners)});
            }
        }
        row.push_back({"  "});
    }
    return row;
}

Row patch_row(const PatchHealth& patch) {
    Row row{{formatted(" patch   %d of %d connections", patch.made, patch.wanted),
             patch.complete ? Tone::good : Tone::warning}};
    if (!patch.missing.empty()) {
        row.push_back({"  missing " + patch.missing.front(), Tone::warning});
    } else if (!patch.failed.empty()) {
        row.push_back({"  failed " + patch.failed.front(), Tone::alarm});
    }
    int restarts = 0;
    for (const auto& [name, count] : patch.starts) {
        restarts += std::max(0, count - 1);
    }
    if (restarts > 0) {
        row.push_back({formatted("  %d restarts", restarts), Tone::warning});
    }
    return row;
}

std::vector<Row> trouble_rows(const SuiteSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const ClientStatus& client : snapshot.clients) {
        if (client.hangs) {
            rows.push_back({{" " + client.name + " hangs: its audio thread stands still", Tone::alarm}});
        } else if (!client.answers) {
            rows.push_back({{" " + client.name + " does not answer", Tone::alarm}});
        } else if (client.near_budget) {
            rows.push_back({{formatted(" %s nears its budget: worst callback %.0f %% of the period (mean %.0f %%)",
                                       client.name.c_str(), client.worst_load.value_or(0.0) * 100.0,
                                       client.load.value_or(0.0) * 100.0),
                             Tone::warning}});
        }
    }
    return rows;
}

Row setlist_row(const SuiteSnapshot& snapshot) {
    const auto text = [&snapshot](const std::string& key) { return named_text(snapshot.setlist, key).value_or(""); };
    const auto name = [&text](const std::string& which) {
        const std::string title = text(which + "_title");
        const std::string artist = text(which + "_artist");
        return title.empty() ? std::filesystem::path{text(which + "_part")}.filename().string()
                             : (artist.empty() ? title : artist + " - " + title);
    };
    Row row{{" setlist "}};
    row.push_back({name("current").empty() ? "waiting" : name("current"), Tone::good});
    if (const auto in = named_number(snapshot.setlist, "next_in_s")) {
        row.push_back({"  → " + (name("next").empty() ? "?" : name("next")) + " in " + minutes_text(*in)});
    }
    row.push_back({"  crowd " + named_text(snapshot.setlist, "trend").value_or("steady"), Tone::dim});
    return row;
}

const char* const help_line = " ↑↓ deck  space start/stop  n next track  h hold tempo  r record  q quit";

Row cut(const Row& row, int width) {
    Row result;
    int left = width;
    for (const Piece& piece : row) {
        if (left <= 0) {
            break;
        }
        const int wanted = std::min(left, columns(piece.text));
        result.push_back({fitted(piece.text, wanted), piece.tone});
        left -= wanted;
    }
    return result;
}

}  // namespace

std::string bar_text(double share, int width) {
    constexpr std::array<const char*, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int total = std::max(0, width) * 8;
    const int full = std::isfinite(share) ? static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * total)) : 0;
    std::string text;
    for (int i = 0; i < full / 8; ++i) {
        text += "█";
    }
    text += eighths[static_cast<std::size_t>(full % 8)];
    for (int i = columns(text); i < width; ++i) {
        text += "·";
    }
    return text;
}

int row_width(const Row& row) {
    int width = 0;
    for (const Piece& piece : row) {
        width += columns(piece.text);
    }
    return width;
}

std::vector<Row> watch_rows(const SuiteSnapshot& snapshot, const WatchState& state, int width, int height) {
    std::vector<Row> rows{header(snapshot, width), tempo_row(snapshot), {}};
    std::size_t index = 0;
    for (const ClientStatus& client : snapshot.clients) {
        if (client.kind == "deck") {
            add_deck(rows, snapshot, client, index++ == state.chosen_deck, width);
        }
    }
    if (index == 0) {
        rows.push_back({{" no deck runs on this server", Tone::dim}});
    }
    rows.emplace_back();
    if (snapshot.mixer) {
        for (const ChannelStatus& channel : snapshot.mixer->channels) {
            rows.push_back(meter_row(channel, *snapshot.mixer, width));
        }
        const double rate = named_number(snapshot.mixer->state, "rate").value_or(48000.0);
        rows.push_back(tap_row(*snapshot.mixer, rate));
    }
    if (snapshot.patch) {
        rows.push_back(patch_row(*snapshot.patch));
    }
    if (!snapshot.setlist.empty()) {
        rows.push_back(setlist_row(snapshot));
    }
    // The last two lines are the troubles' (or the last act's answer) and the help.
    std::vector<Row> foot = trouble_rows(snapshot);
    foot.resize(std::min<std::size_t>(foot.size(), 3));
    if (!state.message.empty()) {
        foot.push_back({{" " + state.message, Tone::warning}});
    }
    foot.push_back({{fitted(help_line, width), Tone::title}});
    const auto room = static_cast<std::size_t>(std::max(height, 1));
    foot.erase(foot.begin(), foot.begin() + static_cast<std::ptrdiff_t>(foot.size() > room ? foot.size() - room : 0));
    rows.resize(room - foot.size());
    rows.insert(rows.end(), foot.begin(), foot.end());
    for (Row& row : rows) {
        row = cut(row, width);
    }
    return rows;
}

}  // namespace crowdjack
