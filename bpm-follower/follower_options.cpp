// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/follower_options.hpp"

#include "bpm-follower/link_bridge.hpp"
#include "common/error.hpp"
#include "common/nsm_client.hpp"
#include "common/options.hpp"

#include <cmath>
#include <sstream>
#include <string>

namespace crowdjack {

namespace po = boost::program_options;

namespace {

void declare(CommandLine& line) {
    const auto text = [] { return po::value<std::string>(); };
    auto add = line.own.add_options();
    add("bpm-config", text()->value_name("F"), "crowdstream's bpm_config.json: thresholds, BPM targets, ramp times");
    add("base", po::value<double>()->default_value(120.0)->value_name("BPM"), "tempo until the first report");
    add("stale-after", po::value<double>()->default_value(60.0)->value_name("S"),
        "seconds without a report until the tempo goes back to --base");
    add("unit", text()->value_name("U"),
        "what movement counts in: fraction, percent, raw:MAX, or accel for a recorded accelerometer (default: found "
        "out)");
    add("zones", text()->default_value("mean")->value_name("MIX"),
        "how several zones (/cam1/total_movement, /cam2/…) make one movement: mean, max or sum");
    add("zone-weight", po::value<std::vector<std::string>>()->value_name("Z=W"),
        "how much a zone counts, e.g. cam2=0.5 (may be repeated; default 1)");
    add("send-to", po::value<std::vector<std::string>>()->value_name("URL"),
        "send /tempo/line and /audio/bpm there too: osc.udp://HOST:PORT/ (may be repeated)");
    add("eq", po::bool_switch(), "legs, arms and head also move the mixer's low, mid and high");
    add("eq-floor", po::value<double>()->default_value(25.0)->value_name("PERCENT"), "EQ of a limb that stands still");
    add("timebase", po::bool_switch(), "be JACK timebase master: bar, beat and tempo for the transport");
    add("link", po::value<std::vector<std::string>>()->zero_tokens()->multitoken()->value_name("[lead|follow]"),
        "lead an Ableton Link session on the local network, or follow it instead of the crowd");
    add("follow-clock", text()->value_name("midi|transport"),
        "follow a MIDI clock on the port clock_in, or JACK's transport, instead of the crowd");
    add("replay", text()->value_name("TRACE"), "play a recorded dance (CSV or movement_stats) instead of the network");
    add("speed", po::value<double>()->default_value(1.0)->value_name("X"), "play the trace X times as fast");
    add("plot", text()->value_name("F.svg"), "draw what the trace does to the tempo, without JACK, and end");
    add("trace-out", text()->value_name("F"), "log every report and decision in the form --replay reads");
}

double number_within(const CommandLine& line, const char* option, double low, double high) {
    const auto value = line.values()[option].as<double>();
    if (!std::isfinite(value) || value < low || value > high) {
        std::ostringstream message;
        message << "--" << option << " " << value << " is out of range: give a number from " << low << " to " << high;
        throw UsageError{message.str()};
    }
    return value;
}

std::string text_of(const CommandLine& line, const char* option) {
    return line.values().contains(option) ? line.values()[option].as<std::string>() : std::string{};
}

void read_receivers(const CommandLine& line, FollowerOptions& options) {
    if (!line.given("send-to")) {
        return;
    }
    for (const auto& url : line.values()["send-to"].as<std::vector<std::string>>()) {
        try {
            options.send_to.push_back(OscEndpoint::parse(url));
        } catch (const Failure& failure) {
            throw UsageError{std::string{"--send-to: "} + failure.what()};
        }
    }
}

ZoneSettings read_zones(const CommandLine& line) {
    ZoneSettings zones;
    zones.mix = ZoneSettings::parse_mix(text_of(line, "zones"));
    if (line.given("zone-weight")) {
        for (const auto& weight : line.values()["zone-weight"].as<std::vector<std::string>>()) {
            zones.add_weight(weight);
        }
    }
    return zones;
}

/// Who else than the crowd may lead.
void read_outside(const CommandLine& line, FollowerOptions& options) {
    if (line.given("link")) {
        options.link = true;
        const auto words = line.values()["link"].as<std::vector<std::string>>();
        const bool follows = words == std::vector<std::string>{"follow"};
        if (!words.empty() && !follows && words != std::vector<std::string>{"lead"}) {
            throw UsageError{"--link '" + words.front() +
                             "' is unknown: use --link (or --link lead) to lead an Ableton "
                             "Link session, --link follow to follow it"};
        }
        options.outside = follows ? OutsideLead::link : OutsideLead::none;
    }
    if (!line.given("follow-clock")) {
        return;
    }
    const auto clock = text_of(line, "follow-clock");
    if (clock != "midi" && clock != "transport") {
        throw UsageError{"--follow-clock '" + clock +
                         "' is unknown: use midi (the port clock_in) or transport (JACK's)"};
    }
    if (options.outside == OutsideLead::link) {
        throw UsageError{"--follow-clock and --link follow: only one can lead, choose one of them"};
    }
    options.outside = clock == "midi" ? OutsideLead::midi_clock : OutsideLead::transport;
}

void check_combinations(const CommandLine& line, const FollowerOptions& options) {
    if (options.replay.empty() && (line.given("speed") || !options.plot.empty())) {
        throw UsageError{std::string{"--"} + (options.plot.empty() ? "speed" : "plot") +
                         " needs a trace: add --replay TRACE"};
    }
    if (options.timebase && options.outside == OutsideLead::transport) {
        throw UsageError{
            "--follow-clock transport and --timebase: the transport's tempo would follow itself, leave one "
            "of them out"};
    }
    if (options.replay.empty() && options.unit && options.unit->kind == MovementUnit::Kind::acceleration) {
        throw UsageError{"--unit accel is for recorded accelerometers: add --replay TRACE"};
    }
    if (options.link && !LinkBridge::available()) {
        throw UsageError{
            "--link: this build has no Ableton Link: install ableton-link-dev and libasio-dev and build again"};
    }
}

}  // namespace

std::optional<FollowerOptions> parse_follower_options(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-bpm-follower", "Turns how much the crowd moves into the tempo that every deck shares.",
                     57122};
    declare(line);
    auto common = line.parse(argc, argv);
    if (!common) {
        return {};
    }
    // NSM passes no options: a session's front door beside it has the movement port, too, if it came first.
    common->osc_port_may_differ = nsm_url() != nullptr && !line.given("osc-port");
    FollowerOptions options;
    options.common = std::move(*common);
    if (line.given("bpm-config")) {
        options.config = read_bpm_config(text_of(line, "bpm-config"));
    }
    options.conductor = {options.config.table,
                         Bpm{number_within(line, "base", 20.0, 400.0)},
                         number_within(line, "stale-after", 0.1, 86400.0),
                         options.config.up_s,
                         options.config.down_s,
                         {}};
    options.conductor.zones = read_zones(line);
    if (line.given("unit")) {
        options.unit = MovementUnit::parse(text_of(line, "unit"));
    }
    read_receivers(line, options);
    options.eq = line.values()["eq"].as<bool>();
    options.eq_floor_percent = number_within(line, "eq-floor", 0.0, 50.0);
    options.timebase = line.values()["timebase"].as<bool>();
    read_outside(line, options);
    options.replay = text_of(line, "replay");
    options.plot = text_of(line, "plot");
    options.trace_out = text_of(line, "trace-out");
    options.speed = number_within(line, "speed", 0.001, 10000.0);
    check_combinations(line, options);
    return options;
}

}  // namespace crowdjack
