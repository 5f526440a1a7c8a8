// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/saved_deck.hpp"

#include "common/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

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

NumberedLine parse_line(const Json& from, double server_rate) {
    const Bpm begin{from.at(3).get<double>()};
    const Bpm end{from.at(5).get<double>()};
    if (!(begin.value > 0.0 && begin.value < 10000.0 && end.value > 0.0 && end.value < 10000.0)) {
        throw Failure{"a tempo in its lines is out of range"};
    }
    return {from.at(0).get<std::int32_t>(),
            TempoLine{JackFrame{from.at(1).get<std::int64_t>()}, Beats{from.at(2).get<double>()}, begin,
                      JackFrame{from.at(4).get<std::int64_t>()}, end, server_rate}};
}

SavedDeck::Stem parse_stem(const Json& from) {
    SavedDeck::Stem stem;
    stem.slot = from.at("slot").get<std::size_t>();
    if (stem.slot > 15) {
        throw Failure{"a stem's slot is beyond 15"};
    }
    stem.path = from.at("path").get<std::string>();
    stem.name = from.value("name", std::string{});
    stem.rate = finite(from, "rate", 0.25, 4.0);
    stem.gain = finite(from, "gain", 0.0, 4.0);
    stem.loop = from.at("loop").get<bool>();
    stem.playing = from.at("playing").get<bool>();
    stem.offset = finite(from, "offset", -1e13, 1e13);
    return stem;
}

void parse_place(const Json& from, SavedDeck& deck) {
    deck.path = from.at("path").get<std::string>();
    deck.playing = from.at("playing").get<bool>();
    deck.cue_source = finite(from, "cue_source", 0.0, 1e13);
    deck.rest_source = finite(from, "rest_source", 0.0, 1e13);
    deck.file_rate = finite(from, "file_rate", 1.0, 1e6);
    deck.server_rate = finite(from, "server_rate", 1.0, 1e6);
    const Json& anchor = from.at("anchor");
    deck.anchor_frame = {anchor.at("frame").get<std::int64_t>()};
    deck.anchor_beat = {finite(anchor, "beat", -1e12, 1e12)};
    deck.anchor_source = finite(anchor, "source", -1e13, 1e13);
    deck.on_line = anchor.at("on_line").get<bool>();
    deck.clock_frame = {from.at("clock").at("frame").get<std::int64_t>()};
    deck.clock_s = finite(from.at("clock"), "seconds", 0.0, 1e12);
}

}  // namespace

std::string to_text(const SavedDeck& deck) {
    Json out;
    out["deck"] = 1;
    out["path"] = deck.path;
    out["playing"] = deck.playing;
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
    out["stretch"] = deck.stretch;
    out["loop"] = deck.loop ? Json::array({deck.loop->in, deck.loop->out}) : Json{};
    out["hotcues"] = Json::array();
    for (const auto& [number, seconds] : deck.hotcues) {
        out["hotcues"].push_back(Json::array({number, seconds}));
    }
    out["line_sender"] = deck.line_sender;
    out["lines"] = Json::array();
    for (const NumberedLine& line : deck.lines) {
        out["lines"].push_back(line_json(line));
    }
    out["stems"] = Json::array();
    for (const SavedDeck::Stem& stem : deck.stems) {
        out["stems"].push_back({{"slot", stem.slot},
                                {"path", stem.path},
                                {"name", stem.name},
                                {"rate", stem.rate},
                                {"gain", stem.gain},
                                {"loop", stem.loop},
                                {"playing", stem.playing},
                                {"offset", stem.offset}});
    }
    // Paths are bytes, not always UTF-8.
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
        if (const Json& loop = from.at("loop"); loop.is_array()) {
            deck.loop = Trajectory::Loop{loop.at(0).get<double>(), loop.at(1).get<double>()};
            if (!(deck.loop->in >= 0.0 && deck.loop->out > deck.loop->in && deck.loop->out < 1e13)) {
                throw Failure{"its 'loop' is no region"};
            }
        }
        for (const Json& point : from.at("hotcues")) {
            deck.hotcues[point.at(0).get<int>()] = point.at(1).get<double>();
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
