// SPDX-License-Identifier: GPL-3.0-or-later
// The front door's decisions, without sockets.
#include "common/protocol/addresses.hpp"
#include "session/api/access.hpp"
#include "session/api/crowdstream_api.hpp"
#include "session/api/stem_slots.hpp"
#include "session/session_file.hpp"

#include <doctest/doctest.h>

using namespace crowdjack;

namespace {

std::uint32_t host(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24U | b << 16U | c << 8U | d; }

}  // namespace

TEST_CASE("a seventeenth buffer takes the place of the one unused longest, and only when it is there") {
    StemSlots slots;
    for (int id = 100; id < 116; ++id) {
        slots.take(slots.slot_for(id), id);
    }
    CHECK(slots.loaded().size() == 16);
    (void)slots.use(100);
    const int slot = slots.slot_for(200);
    CHECK(slot == *slots.use(101));
    slots.give_up(slot, 200);  // there is no such file
    CHECK(slots.use(101) == slot);
    CHECK_FALSE(slots.use(200));
    const int again = slots.slot_for(201);
    slots.take(again, 201);
    CHECK(slots.use(201) == again);
    CHECK(slots.loaded().size() == 16);
}

TEST_CASE("two buffers that are being loaded at once get two slots") {
    StemSlots slots;
    const int first = slots.slot_for(100);
    const int second = slots.slot_for(101);
    CHECK(first != second);
    CHECK(slots.slot_for(100) == first);
}

TEST_CASE("/cue takes a fraction and a BPM, bands are known by their first two letters") {
    const auto cue = api::parse_cue({std::string{"a"}, std::string{"x.wav"}, 0.25, 124.5});
    CHECK(cue.deck == 'A');
    CHECK(cue.fraction == 0.25);
    CHECK(cue.bpm == 124.5);
    CHECK_FALSE(api::parse_cue({std::string{"A"}, std::string{"x.wav"}}).bpm);
    for (const char* word : {"low", "LO", "lows", "Lower"}) {
        CHECK(api::parse_deck_eq({std::string{"A"}, std::string{word}, 50.0}).band == "low");
    }
    CHECK(api::parse_deck_eq({std::string{"A"}, std::string{"middle"}, 50.0}).band == "mid");
    CHECK(api::parse_deck_filter({std::string{"A"}, std::string{"hi"}, 1.0}).band == "high");
    CHECK_THROWS_AS((void)api::parse_deck_eq({std::string{"A"}, std::string{"bass"}, 50.0}), ApiError);
}

TEST_CASE("other machines may do what [osc] says, this one everything") {
    const Access standard;
    CHECK(standard.refusal(host(127, 0, 0, 1), at::session_quit).empty());
    CHECK(standard.refusal(host(10, 0, 0, 5), at::mixer_gain).empty());
    CHECK(standard.refusal(host(10, 0, 0, 5), at::dance_total_movement).empty());
    for (const char* owners : {at::session_quit, at::session_save, at::session_start, at::mixer_record_start,
                               at::mixer_stream_start, at::setlist_start}) {
        CHECK_FALSE(standard.refusal(host(10, 0, 0, 5), owners).empty());
    }
    const Access reports{{*HostRange::parse("10.0.0.0/24")}, Remote::reports};
    CHECK(reports.refusal(host(10, 0, 0, 5), "/cam2/total_movement").empty());
    CHECK_FALSE(reports.refusal(host(10, 0, 1, 5), "/cam2/total_movement").empty());
    CHECK_FALSE(reports.refusal(host(10, 0, 0, 5), at::mixer_gain).empty());
    CHECK(Access{{}, Remote::all}.refusal(host(10, 0, 0, 5), at::session_quit).empty());
    for (const char* wrong : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/x", "host"}) {
        CHECK_FALSE(HostRange::parse(wrong));
    }
}

TEST_CASE("[osc] allow, remote and map are read, and their mistakes named") {
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session(R"([osc]
port = 57120
allow = ["10.0.0.0/24", "192.168.1.7"]
remote = "all"
[osc.map]
"/1/fader1" = "/mixer/A/gain"
)",
                                              "set.toml", problems);
    CHECK(problems.empty());
    CHECK(session.access.allow.size() == 2);
    CHECK(session.access.remote == Remote::all);
    CHECK(session.osc_map.at("/1/fader1") == "/mixer/A/gain");
    (void)parse_session("[osc]\nallow = [\"everyone\"]\nremote = \"some\"\n[osc.map]\n\"/1\" = \"/mixer/A/gian\"\n",
                        "set.toml", problems);
    CHECK(problems.size() == 3);
}
