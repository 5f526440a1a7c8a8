// SPDX-License-Identifier: GPL-3.0-or-later
// What people write and keep: session files, bpm_config.json, MIDI maps, addresses of streams, hours of opening.
#include "bpm-follower/bpm_config.hpp"
#include "common/error.hpp"
#include "common/osc_endpoint.hpp"
#include "common/protocol/description.hpp"
#include "mixer-bus/stream_target.hpp"
#include "session/api/access.hpp"
#include "session/midi/midi_map.hpp"
#include "session/patch/patch_text.hpp"
#include "session/programme/opening_hours.hpp"
#include "session/session_file.hpp"
#include "session/session_paths.hpp"
#include "session/web/url.hpp"
#include "tests/fuzz/fuzzing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

void read_session(const std::string& text) {
    std::vector<SessionProblem> problems;
    SessionFile session = parse_session(text, "/music/fuzz.toml", problems);
    for (const auto& problem : problems) {
        (void)problem_text(session.path, problem);
    }
    if (std::all_of(problems.begin(), problems.end(), [](const auto& problem) { return problem.warning; })) {
        resolve_session_paths(session);
        (void)session.setlist.options(3);
    }
    try {
        (void)with_patch(text, {"deck-A:out_* -> mixer-bus:A_*"});
    } catch (const UsageError&) {
    }
}

void read_config(const std::string& text) {
    try {
        const BpmConfig config = parse_bpm_config(text, "bpm_config.json");
        const TempoTable table{config.table};
        std::optional<std::size_t> step;
        for (const double movement : {0.0, 0.01, 0.3, 1.0, 0.6, 0.04, 0.0}) {
            step = table.step_of(movement, step);
            if (const double bpm = table.target(*step).value; !(bpm >= 20.0 && bpm <= 999.0)) {
                throw std::logic_error{"a tempo that no deck plays: " + std::to_string(bpm)};
            }
        }
        if (!(config.up_s >= 0.0 && config.down_s >= 0.0 && std::isfinite(config.up_s + config.down_s))) {
            throw std::logic_error{"a ramp that does not end"};
        }
    } catch (const UsageError&) {
    }
}

/// What was read is used as well: every control hears some messages.
void read_map(const std::string& text) {
    try {
        const auto map = midi::parse_map(text, "fuzz.toml");
        for (const auto& control : map.controls) {
            if (control.input) {
                midi::SourceReader reader{*control.input};
                for (const unsigned status : {0x90U, 0xB0U, 0xC0U, 0xE0U}) {
                    const auto channel = static_cast<unsigned>(control.input->channel - 1);
                    (void)reader.read({0, {static_cast<std::uint8_t>(status | channel), 7, 127}, 3});
                }
            }
            if (control.output) {
                std::array<midi::RawMidi, 2> shown{};
                (void)midi::shown_on(*control.output, 0.5, shown);
            }
            (void)midi::toml_of(control);
        }
    } catch (const UsageError&) {
    }
}

void read_stream(const std::string& text) {
    try {
        const auto target = StreamTarget::parse(text);
        const auto again = StreamTarget::parse(target.url());
        if (again.password != target.password || again.host != target.host || again.mount != target.mount ||
            again.port != target.port || again.user != target.user) {
            throw std::logic_error{"its own URL means something else: " + target.url()};
        }
        (void)parse_stream_format(text);
    } catch (const Failure&) {
    }
}

/// Short words, a kind in each line.
void read_words(const std::string& text) {
    if (const auto hours = OpeningHours::parse(text)) {
        (void)hours->open_at(1'700'000'000);
    }
    (void)HostRange::parse(text);
    (void)web::percent_decoded(text);
    (void)web::query_value(text, "a");
    try {
        OscEndpoint::check_form(text);
    } catch (const Failure&) {
    }
    try {
        (void)midi::parse_source(text);
    } catch (const UsageError&) {
    }
}

const std::vector<std::string> toml{"[jack]\n",
                                    "[[client]]\n",
                                    "[osc]\n",
                                    "[patch]\n",
                                    "[guard]\n",
                                    "[setlist]\n",
                                    "[music]\n",
                                    "name = ",
                                    "run = [",
                                    "connect = [",
                                    "\"deck-A:out_* -> mixer-bus:A_*\"",
                                    "\"\"\"",
                                    "'''",
                                    "true",
                                    "1979-05-27",
                                    "nan",
                                    "\"\\u0000\"",
                                    "\"",
                                    "]",
                                    "{ a = 1 }",
                                    "*",
                                    "->",
                                    "ports = [57120]",
                                    "allow = [\"10.0.0.0/33\"]",
                                    "hours = \"18:00-02:00\"",
                                    "\n"};

}  // namespace

int main(int count, char** arguments) {
    return fuzz(
        count, arguments,
        {{"session-file", toml, read_session},
         {"bpm-config",
          {"\"movement_bpm\"", "\"movement_max_value\"", "null", "{", "}", "[", "]", "\"\"", ":", ",", "true"},
          read_config},
         {"midi-map",
          {"[[control]]\n", "input = ", "output = ", "\"cc 1 7\"", "\"note 16 127\"", "\"cc14 1 7 39\"", "\"pitch 1\"",
           "\"relative 1 20\"", "\"program 1\"", protocol::filled(at::mixer_gain, {"A"}),
           protocol::filled(at::deck_start, {"B"}), "scale = ", "arguments = [", "press = \"hold\"", "soft = false",
           "equals = \"playing\"", "step = 0"},
          read_map},
         {"stream-address",
          {"icecast://", "source:", "@", "%25", "%", "%zz", "[::1]", ":8000", "/live", "\x01", " ", ":0"},
          read_stream},
         {"words",
          {"osc.udp://", ":", "/", "18:00-02:00", "24:00", ",", "%2", "&a=", "10.0.0.0/8", "/33", "cc 1 ", "-1"},
          read_words}});
}
