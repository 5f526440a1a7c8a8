// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/state_text.hpp"

#include "common/error.hpp"
#include "common/whole_number.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <ctime>

namespace crowdjack {

using nlohmann::json;

namespace {

/// The ranges of a line on the wire.
bool playable(Bpm bpm) noexcept { return bpm.value >= 1.0 && bpm.value <= 1000.0; }
bool countable(Beats beat) noexcept { return std::abs(beat.value) <= 1e12; }

JackFrame frame(const json& number) { return JackFrame{whole_number<WireFrame>(number)}; }

AnnouncedLine line_of(const json& text, double rate) {
    const Beats start{text.at("b0").get<double>()};
    const Bpm from{text.at("bpm0").get<double>()};
    const Bpm to{text.at("bpm1").get<double>()};
    if (!countable(start) || !playable(from) || !playable(to)) {
        throw Failure{"the beat or tempo of a line is out of range"};
    }
    return {whole_number<std::int32_t>(text.at("serial")),
            TempoLine{frame(text.at("f0")), start, from, frame(text.at("f1")), to, rate}};
}

/// States of earlier versions have none.
SavedUnits units_of(const json& document) {
    SavedUnits units;
    units.asked_for = document.value("unit", std::string{});
    if (!units.asked_for.empty() && units.asked_for != "auto" && !MovementUnit::named(units.asked_for)) {
        throw Failure{"unknown unit " + document.at("unit").dump()};
    }
    for (const auto& name : document.value("other_units", json::array())) {
        if (const auto source = MovementSource::named(name.get<std::string>())) {
            units.found.push_back(*source);
        }
    }
    return units;
}

}  // namespace

std::string to_text(const SavedState& state) {
    json lines = json::array();
    for (const auto& [serial, line] : state.conductor.lines) {
        lines.push_back({{"serial", serial},
                         {"f0", wire_frame(line.from())},
                         {"b0", line.start_beat().value},
                         {"bpm0", line.from_bpm().value},
                         {"f1", wire_frame(line.to())},
                         {"bpm1", line.to_bpm().value}});
    }
    json found = json::array();
    for (const auto& source : state.units.found) {
        found.push_back(source.name());
    }
    const json document{{"mode", name_of(state.conductor.mode)},
                        {"bpm", state.conductor.bpm.value},
                        {"target", state.conductor.target.value},
                        {"beat", state.conductor.beat.value},
                        {"frame", wire_frame(state.conductor.frame)},
                        {"serial", state.conductor.serial},
                        {"stays", state.conductor.stays},
                        {"lines", lines},
                        {"unit", state.units.asked_for},
                        {"other_units", found},
                        {"rate", state.rate},
                        {"saved_at_s", state.saved_at_s}};
    return document.dump(2) + "\n";
}

SavedState parse_state(const std::string& text) {
    try {
        const auto document = json::parse(text);
        SavedState state;
        const auto mode = mode_named(document.at("mode").get<std::string>());
        if (!mode) {
            throw Failure{"unknown mode " + document.at("mode").dump()};
        }
        state.rate = document.at("rate").get<double>();
        state.saved_at_s = document.at("saved_at_s").get<double>();
        state.conductor = {*mode,
                           Bpm{document.at("bpm").get<double>()},
                           Bpm{document.at("target").get<double>()},
                           Beats{document.at("beat").get<double>()},
                           frame(document.at("frame")),
                           {},
                           whole_number<std::int32_t>(document.at("serial")),
                           document.value("stays", false)};
        if (!(state.rate > 0.0) || !playable(state.conductor.bpm) || !playable(state.conductor.target) ||
            !countable(state.conductor.beat)) {
            throw Failure{"rate, bpm, target or beat out of range"};
        }
        state.units = units_of(document);
        for (const auto& line : document.at("lines")) {
            state.conductor.lines.push_back(line_of(line, state.rate));
        }
        return state;
    } catch (const json::exception& error) {
        throw Failure{std::string{"the saved state is no bpm-follower's: "} + error.what()};
    }
}

std::optional<std::vector<AnnouncedLine>> lines_if_same_server(const SavedState& state, JackFrame now, double rate,
                                                               double uptime_s) {
    constexpr double agree_s = 2.0;
    constexpr double longest_s = 6.0 * 3600.0;  // beyond it 32-bit frames could be taken for others
    const double by_machine = uptime_s - state.saved_at_s;
    const JackFrame saved = unwrap(wire_frame(state.conductor.frame), now);
    const double by_server = to_seconds(now - saved, rate).value;
    if (state.conductor.lines.empty() || state.rate != rate || by_machine < 0.0 || by_machine > longest_s ||
        std::abs(by_machine - by_server) > agree_s) {
        return {};
    }
    std::vector<AnnouncedLine> lines;
    for (const auto& [serial, line] : state.conductor.lines) {
        lines.push_back({serial, TempoLine{unwrap(wire_frame(line.from()), now), line.start_beat(), line.from_bpm(),
                                           unwrap(wire_frame(line.to()), now), line.to_bpm(), rate}});
    }
    return lines;
}

double uptime_s() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace crowdjack
