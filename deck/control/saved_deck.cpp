// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/saved_deck.hpp"

#include "common/error.hpp"
#include "common/whole_number.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

constexpr double most_beats = 1e15;  // what a line of 10^12 beats, the most on the wire, gets to in an age

Json line_json(const NumberedLine& each) {
    return Json::array({each.serial, each.line.from().value, each.line.start_beat().value, each.line.from_bpm().value,
                        each.line.to().value, each.line.to_bpm().value});
}

double finite(const Json& from, const char* key, double low, double high) {
    const double value = from.at(key).get<double>();
    if (!std::isfinite(value) || value < low || value > high) {
        throw Failure{std::string{"its '"} + key + "' is out of range"};
    }
    return value;
}

/// Frames are counted from a server's start: in a thousand years of any rate no one gets beyond.
JackFrame frame(const Json& from) {
    constexpr std::int64_t furthest = std::int64_t{1} << 52U;
    const auto value = whole_number<std::int64_t>(from);
    if (value < -furthest || value > furthest) {
        throw Failure{"a frame in it is out of range"};
    }
    return {value};
}

NumberedLine parse_line(const Json& from, double server_rate) {
    const Bpm begin{from.at(3).get<double>()};
    const Bpm end{from.at(5).get<double>()};
    if (!(begin.value > 0.0 && begin.value < 10000.0 && end.value > 0.0 && end.value < 10000.0)) {
        throw Failure{"a tempo in its lines is out of range"};
    }
    const Beats beat{from.at(2).get<double>()};
    if (!(std::abs(beat.value) <= most_beats)) {
        throw Failure{"a beat in its lines is out of range"};
    }
    return {whole_number<std::int32_t>(from.at(0)),
            TempoLine{frame(from.at(1)), beat, begin, frame(from.at(4)), end, server_rate}};
}

bool is_utf8(const std::string& text) {
    try {
        (void)Json(text).dump();
        return true;
    } catch (const nlohmann::json::exception&) {
        return false;
    }
}

/// Paths are bytes, not always UTF-8: where they aren't, KEY_bytes holds them in hexadecimals beside what can be read.
void put_path(Json& to, const std::string& key, const std::string& path) {
    to[key] = path;
    if (is_utf8(path)) {
        return;
    }
    constexpr const char* digits = "0123456789abcdef";
    std::string bytes;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        bytes += {digits[byte / 16U], digits[byte % 16U]};
    }
    to[key + "_bytes"] = bytes;
}

std::string get_path(const Json& from, const std::string& key) {
    if (!from.contains(key + "_bytes")) {
        return from.at(key).get<std::string>();
    }
    const auto digits = from.at(key + "_bytes").get<std::string>();
    std::string path;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        unsigned byte{};
        const char* const end = digits.data() + i + 2;
        if (std::from_chars(digits.data() + i, end, byte, 16).ptr != end) {
            throw Failure{"its '" + key + "_bytes' are no hexadecimals"};
        }
        path += static_cast<char>(byte);
    }
    return path;
}

Json loop_json(const std::optional<Trajectory::Loop>& loop) {
    return loop ? Json::array({loop->in, loop->out}) : Json{};
}

std::optional<Trajectory::Loop> parse_loop(const Json& from) {
    if (!from.is_array()) {
        return std::nullopt;
    }
    const Trajectory::Loop loop{from.at(0).get<double>(), from.at(1).get<double>()};
    if (!(loop.in >= 0.0 && loop.out > loop.in && loop.out < 1e13)) {
        throw Failure{"its 'loop' is no region"};
    }
    return loop;
}

Json grid_json(const SavedDeck::Grid& grid) {
    return {{"first_beat_s", grid.first_beat_s ? Json(*grid.first_beat_s) : Json{}}, {"source", grid.source}};
}

SavedDeck::Grid parse_grid(const Json& holder) {
    SavedDeck::Grid grid;
    if (holder.contains("grid")) {
        const Json& from = holder.at("grid");
        if (from.at("first_beat_s").is_number()) {
            grid.first_beat_s = finite(from, "first_beat_s", -1e6, 1e6);
        }
        grid.source = from.value("source", std::string{});
    }
    return grid;
}

Json next_json(const SavedDeck::Next& next) {
    Json out;
    put_path(out, "path", next.path);
    out["cue_s"] = next.cue_s;
    out["bpm"] = next.track_bpm;
    out["grid"] = grid_json(next.grid);
    out["loop"] = loop_json(next.loop);
    return out;
}

SavedDeck::Next parse_next(const Json& from) {
    SavedDeck::Next next;
    next.path = get_path(from, "path");
    next.cue_s = finite(from, "cue_s", 0.0, 1e6);
    next.track_bpm = finite(from, "bpm", 1.0, 1000.0);
    next.grid = parse_grid(from);
    next.loop = parse_loop(from.at("loop"));
    return next;
}

SavedDeck::Stem parse_stem(const Json& from) {
    SavedDeck::Stem stem;
    stem.slot = whole_number<std::size_t>(from.at("slot"));
    if (stem.slot > 15) {
        throw Failure{"a stem's slot is beyond 15"};
    }
    stem.path = get_path(from, "path");
    stem.name = from.value("name", std::string{});
    stem.rate = finite(from, "rate", 0.25, 4.0);
    stem.gain = finite(from, "gain", 0.0, 4.0);
    stem.loop = from.at("loop").get<bool>();
    stem.playing = from.at("playing").get<bool>();
    stem.stopped = from.value("stopped", false);
    stem.offset = finite(from, "offset", -1e13, 1e13);
    return stem;
}

void parse_place(const Json& from, SavedDeck& deck) {
    deck.path = get_path(from, "path");
    deck.playing = from.at("playing").get<bool>();
    deck.ended = from.value("ended", false);
    deck.cue_source = finite(from, "cue_source", 0.0, 1e13);
    deck.rest_source = finite(from, "rest_source", 0.0, 1e13);
    deck.file_rate = finite(from, "file_rate", 1.0, 1e6);
    deck.server_rate = finite(from, "server_rate", 1.0, 1e6);
    const Json& anchor = from.at("anchor");
    deck.anchor_frame = frame(anchor.at("frame"));
    deck.anchor_beat = {finite(anchor, "beat", -most_beats, most_beats)};
    deck.anchor_source = finite(anchor, "source", -1e13, 1e13);
    deck.on_line = anchor.at("on_line").get<bool>();
    deck.clock_frame = frame(from.at("clock").at("frame"));
    deck.clock_s = finite(from.at("clock"), "seconds", 0.0, 1e12);
}

/// What an older deck does not save.
void parse_additions(const Json& from, SavedDeck& deck) {
    deck.autoplay = from.value("autoplay", false);
    deck.grid = parse_grid(from);
    if (from.contains("sync") && from.at("sync").is_boolean()) {
        deck.sync = from.at("sync").get<bool>();
    }
    if (from.contains("next") && from.at("next").is_object()) {
        deck.next = parse_next(from.at("next"));
    }
    if (from.contains("start") && from.at("start").is_object()) {
        const Json& start = from.at("start");
        deck.start = SavedDeck::Start{frame(start.at("frame")), finite(start, "quantum", 0.0, 1e12)};
    }
}

}  // namespace

std::string to_text(const SavedDeck& deck) {
    Json out;
    out["deck"] = 1;
    put_path(out, "path", deck.path);
    out["playing"] = deck.playing;
    out["ended"] = deck.ended;
    out["autoplay"] = deck.autoplay;
    out["cue_source"] = deck.cue_source;
    out["rest_source"] = deck.rest_source;
    out["file_rate"] = deck.file_rate;
    out["server_rate"] = deck.server_rate;
    out["anchor"] = {{"frame", deck.anchor_frame.value},
                     {"beat", deck.anchor_beat.value},
                     {"source", deck.anchor_source},
                     {"on_line", deck.on_line}};
    out["clock"] = {{"frame", deck.clock_frame.value}, {"seconds", deck.clock_s}};
    out["gain"] = deck.gain;
    out["rate"] = deck.rate;
    out["bpm"] = deck.track_bpm;
    out["follow"] = deck.follow;
    out["sync"] = deck.sync ? Json(*deck.sync) : Json{};
    out["stretch"] = deck.stretch;
    out["grid"] = grid_json(deck.grid);
    out["loop"] = loop_json(deck.loop);
    out["hotcues"] = Json::array();
    for (const auto& [number, seconds] : deck.hotcues) {
        out["hotcues"].push_back(Json::array({number, seconds}));
    }
    out["next"] = deck.next ? next_json(*deck.next) : Json{};
    out["start"] = deck.start ? Json{{"frame", deck.start->frame.value}, {"quantum", deck.start->quantum}} : Json{};
    out["line_sender"] = deck.line_sender;
    out["lines"] = Json::array();
    for (const NumberedLine& line : deck.lines) {
        out["lines"].push_back(line_json(line));
    }
    out["stems"] = Json::array();
    for (const SavedDeck::Stem& stem : deck.stems) {
        Json each{{"slot", stem.slot}, {"name", stem.name},       {"rate", stem.rate},       {"gain", stem.gain},
                  {"loop", stem.loop}, {"playing", stem.playing}, {"stopped", stem.stopped}, {"offset", stem.offset}};
        put_path(each, "path", stem.path);
        out["stems"].push_back(std::move(each));
    }
    // Names are bytes, too; those that can't be read matter to nobody.
    return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

SavedDeck parse_saved_deck(const std::string& text) {
    try {
        const Json from = Json::parse(text);
        if (!from.is_object() || !from.contains("deck")) {
            throw Failure{"it is not the state of a deck"};
        }
        SavedDeck deck;
        parse_place(from, deck);
        deck.gain = finite(from, "gain", 0.0, 4.0);
        deck.rate = finite(from, "rate", 0.25, 4.0);
        deck.track_bpm = finite(from, "bpm", 1.0, 1000.0);
        deck.follow = from.at("follow").get<bool>();
        deck.stretch = from.at("stretch").get<std::string>();
        parse_additions(from, deck);
        deck.loop = parse_loop(from.at("loop"));
        for (const Json& point : from.at("hotcues")) {
            const auto seconds = point.at(1).get<double>();
            if (!(seconds >= 0.0 && seconds <= 1e6)) {
                throw Failure{"a hot cue in it is out of range"};
            }
            deck.hotcues[whole_number<int>(point.at(0))] = seconds;
        }
        deck.line_sender = from.at("line_sender").get<std::string>();
        for (const Json& line : from.at("lines")) {
            deck.lines.push_back(parse_line(line, deck.server_rate));
        }
        for (const Json& stem : from.at("stems")) {
            deck.stems.push_back(parse_stem(stem));
        }
        return deck;
    } catch (const nlohmann::json::exception& error) {
        throw Failure{std::string{"the saved state can't be read: "} + error.what()};
    } catch (const Failure& error) {
        throw Failure{std::string{"the saved state can't be read: "} + error.what()};
    }
}

std::optional<Frames> same_run_shift(const SavedDeck& deck, JackFrame now_frame, double now_s, double server_rate) {
    if (deck.server_rate != server_rate || now_s < deck.clock_s) {
        return std::nullopt;
    }
    const double elapsed_s = now_s - deck.clock_s;
    const Frames elapsed = to_frames(Seconds{elapsed_s}, server_rate);
    const JackFrame expected = now_frame - elapsed;
    const JackFrame saved_now = unwrap(wire_frame(deck.clock_frame), expected);
    // Sound cards and the system's clock differ by some parts per million, stalls by a little more.
    const double tolerance = (2.0 + 1e-3 * elapsed_s) * server_rate;
    if (std::abs(static_cast<double>((saved_now - expected).value)) > tolerance) {
        return std::nullopt;
    }
    return saved_now - deck.clock_frame;
}

}  // namespace crowdjack
