// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/description.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace crowdjack;
using protocol::Role;

TEST_CASE("every address is described once, in one sentence, and its arguments make sense") {
    std::set<std::string_view> seen;
    for (const auto& each : protocol::descriptions()) {
        CAPTURE(each.address);
        CHECK(seen.insert(each.address).second);
        CHECK(protocol::description_of(each.address) == &each);
        CHECK(each.sentence.ends_with("."));
        CHECK(each.address.find('{') == std::string_view::npos);
        const bool answers = each.way.role == Role::question || each.way.role == Role::parameter;
        CHECK(answers != each.way.answer.empty());
        bool optional = false;
        for (const auto& argument : each.arguments()) {
            CAPTURE(argument.name);
            CHECK(argument.low <= argument.high);
            CHECK((!argument.has_initial || argument.choices.empty()));
            CHECK((!optional || argument.optional || each.way.free));  // nothing needed behind what may be missing
            optional = optional || argument.optional;
        }
    }
    CHECK(seen.size() > 90);
}

TEST_CASE("selectors may stand in the address, all or some of them") {
    const auto eq = protocol::resolve("/mixer/A/eq/low");
    REQUIRE(eq);
    CHECK(eq->description->address == at::mixer_eq);
    REQUIRE(eq->selectors.size() == 2);
    CHECK(eq->selectors[0].text == "A");
    CHECK(eq->selectors[1].argument == 1);
    CHECK(eq->selectors[1].text == "low");
    CHECK(protocol::resolve("/mixer/mic/eq")->selectors.size() == 1);
    CHECK(protocol::resolve("/mixer/mic/gain")->description->address == at::mixer_gain);

    const auto point = protocol::resolve("/deck/A/hotcue/3");
    REQUIRE(point);
    CHECK(point->description->address == at::deck_hotcue);
    CHECK(point->deck == "A");
    CHECK(point->selectors.front().text == "3");
    CHECK(protocol::resolve("/deck/deck-A/hotcue")->selectors.empty());
    CHECK(protocol::resolve("/deck/B/stem/3/gain")->description->address == at::deck_stem_gain);
    CHECK(protocol::resolve("/deck/B/stem/gain")->selectors.empty());
    CHECK(protocol::resolve("/deck/B/state")->deck == "B");
    CHECK(protocol::resolve("/deck/hotcue/3")->deck.empty());
    CHECK(protocol::resolve("/deck/hotcue/3")->selectors.front().text == "3");
    for (const auto* unknown :
         {"/deck/A/gains", "/mixer/A", "/mixer/A/B/gain", "/mixer//gain", "/", "gain", "/deck/A/hotcue/3/4"}) {
        CAPTURE(unknown);
        CHECK_FALSE(protocol::resolve(unknown));
    }
}

TEST_CASE("usage reads as the protocol's page does") {
    CHECK(protocol::description_of(at::deck_cue)->usage() == "s:path [d:seconds] [d:track_bpm]");
    CHECK(protocol::description_of(at::deck_start)->usage() == "[i:frame|N] [d:seconds] [T|F:on_beat]");
    CHECK(protocol::description_of(at::mixer_eq)->usage() == "s:strip s:low|mid|high f:percent [d:ramp_s] [i:frame|N]");
    CHECK(protocol::description_of(at::tempo_tap)->usage() == "without arguments");
}

TEST_CASE("what needs no number takes one as a button, and only that") {
    for (const auto* button :
         {at::mixer_record_stop, at::setlist_next, at::deck_start, at::deck_stop, at::tempo_tap, at::reset}) {
        CAPTURE(button);
        CHECK(protocol::description_of(button)->is_button(false));
    }
    for (const auto* none : {at::deck_gain, at::deck_seek, at::test_tone, at::tempo_hold, at::mixer_master,
                             at::deck_start_beat, at::deck_state}) {
        CAPTURE(none);
        CHECK_FALSE(protocol::description_of(none)->is_button(false));
    }
    CHECK(protocol::description_of(at::deck_hotcue)->is_button(true));
    CHECK_FALSE(protocol::description_of(at::deck_hotcue)->is_button(false));
}

TEST_CASE("answers and events are told, and never to be answered") {
    CHECK(protocol::is_told(at::reply, 's'));
    CHECK(protocol::is_told(at::error, 0));
    CHECK(protocol::is_told(at::deck_started, 'i'));
    CHECK(protocol::is_told("/deck/A/started", 'i'));
    CHECK(protocol::is_told(at::deck_state, 's'));
    CHECK_FALSE(protocol::is_told(at::deck_state, 0));
    CHECK_FALSE(protocol::is_told(at::deck_state, 'i'));
    CHECK_FALSE(protocol::is_told(at::deck_cue, 's'));
    CHECK_FALSE(protocol::is_told("/nothing", 's'));
}
