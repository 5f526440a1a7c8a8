// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/setlist_paper_suite.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

SetPlayer::Settings settings(std::uint64_t seed = 1, bool loop = false) {
    SetPlayer::Settings made;
    made.choice = {seed, loop, false};
    return made;
}

TempoLine steady(double bpm, JackFrame from = {0}, double beat = 0.0) {
    return {from, Beats{beat}, Bpm{bpm}, from, Bpm{bpm}, PaperSuite::rate};
}

const Section& section_of(const PaperSuite& suite, const std::string& part) {
    return *std::find_if(suite.sections.begin(), suite.sections.end(),
                         [&part](const Section& s) { return s.part_file == part; });
}

const PaperSuite::Ramp* last_ramp(const PaperSuite& suite, char strip, Control control) {
    const auto found = std::find_if(suite.ramps.rbegin(), suite.ramps.rend(), [&](const PaperSuite::Ramp& ramp) {
        return ramp.strip == strip && ramp.control == control;
    });
    return found == suite.ramps.rend() ? nullptr : &*found;
}

/// Retargets at random places, as a follower does: each line continues the one before it.
void dance(PaperSuite& suite, std::mt19937& random) {
    std::uniform_real_distribution<double> any{0.0, 1.0};
    if (any(random) > 0.004) {
        return;
    }
    const JackFrame from = suite.now.frame + Frames{9600};
    const Bpm bpm = suite.timeline.bpm_at(from, {120.0});
    const Beats beat{suite.timeline.at(from).at};
    const double target = 105.0 + 25.0 * any(random);
    suite.timeline.add({from, beat, bpm, from + Frames{30 * 48000}, Bpm{target}, PaperSuite::rate});
}

std::vector<Section> unknown_tracks(int count) {
    std::vector<Section> tracks;
    for (int i = 0; i < count; ++i) {
        Section track;
        track.path = track.part_file = "/music/" + std::to_string(i) + ".mp3";
        tracks.push_back(track);
    }
    return tracks;
}

}  // namespace

TEST_CASE("without a line each track starts on the exact frame of the one before's begin cue") {
    PaperSuite suite{plain_set(20), settings()};
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }));
    REQUIRE(suite.starts.size() == 20);
    for (std::size_t i = 1; i < suite.starts.size(); ++i) {
        const Section& before = section_of(suite, suite.starts[i - 1].path);
        CHECK((suite.starts[i].frame - suite.starts[i - 1].frame).value ==
              std::llround(before.begin_s * PaperSuite::rate));
    }
}

TEST_CASE("under a dancing tempo line every start of a long set lies on its predecessor's begin beat") {
    for (unsigned seed = 0; seed < 5; ++seed) {
        std::vector<Section> set = plain_set(12);
        set[3].target_bpm = 118.0;  // another file tempo: other seconds, other beats
        set[5].begin_s += 0.004;    // analysis error
        PaperSuite suite{set, settings(seed, true)};
        suite.timeline.add(steady(120.0));
        std::mt19937 random{seed};
        suite.on_step = [&suite, &random] { dance(suite, random); };
        REQUIRE(suite.run_until([&suite] { return suite.starts.size() >= 60; }));
        for (std::size_t i = 1; i < suite.starts.size(); ++i) {
            const Section& before = section_of(suite, suite.starts[i - 1].path);
            const double beats = suite.starts[i].at.at - suite.starts[i - 1].at.at;
            CHECK(std::abs(beats - before.begin_beats()) < 0.26);
            if (std::abs(before.begin_beats() - std::round(before.begin_beats())) < 0.2) {
                CHECK(beats == doctest::Approx(std::round(before.begin_beats())).epsilon(1e-12));
            }
        }
        CHECK(suite.starts.front().at.at == 4.0 * std::round(suite.starts.front().at.at / 4.0));
    }
}

TEST_CASE("after a track without a beat, however short, the next one comes in before it is over") {
    std::vector<Section> set;
    for (const double length : {3.0, 10.674, 25.0, 61.3, 5.0, 180.2}) {
        Section track = section("talk" + std::to_string(set.size()), 1.0, 2.0);
        track.by_time = true;
        track.end_s = length;
        track.begin_s = length - std::min(8.0, length / 4.0);
        set.push_back(track);
    }
    SetPlayer::Settings chosen = settings();
    chosen.choice.as_known = true;  // whole tracks: the short are not left out
    chosen.choice.in_order = true;
    PaperSuite suite{set, chosen};
    suite.timeline.add(steady(124.0));
    for (std::size_t i = 0; i < set.size(); ++i) {
        suite.player.known(i);
    }
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }, 2000.0));
    REQUIRE(suite.starts.size() == set.size());
    for (std::size_t i = 1; i < suite.starts.size(); ++i) {
        CAPTURE(i);
        const double after_s =
            static_cast<double>((suite.starts[i].frame - suite.starts[i - 1].frame).value) / PaperSuite::rate;
        CHECK(after_s <= set[i - 1].end_s + 0.01);
        // Not more than a bar before its fade.
        CHECK(after_s >= set[i - 1].begin_s - 240.0 / 124.0 - 0.01);
    }
}

TEST_CASE(
    "where no analysis comes to an end in time, tracks are played for what is known at once, and no silence falls") {
    const std::vector<Section> set = unknown_tracks(6);
    SetPlayer::Settings chosen = settings();
    chosen.cue_ahead_s = 45.0;
    chosen.choice.as_known = true;
    chosen.choice.in_order = true;
    PaperSuite suite{set, chosen};
    suite.timeline.add(steady(124.0));
    suite.on_get_to_know = [&suite](std::size_t i, Acquaintance how) {
        if (how == Acquaintance::thorough) {
            return;  // begins, and takes for ever
        }
        if (i == 2) {
            suite.player.unplayable(i, "no sound in it");
            return;
        }
        Section& track = suite.sections[i];
        track.by_time = true;
        track.bpm = track.target_bpm = 120.0;
        track.end_s = i == 0 ? 18.0 : 70.0;
        track.begin_s = track.end_s - 4.0;
        suite.player.known(i);
    };
    const double begun_s = suite.now.seconds;
    REQUIRE(suite.run_until([&suite] { return !suite.starts.empty(); }, 30.0));
    CHECK(suite.now.seconds < begun_s + 10.0);
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }, 2000.0));
    REQUIRE(suite.starts.size() == 5);
    for (std::size_t i = 1; i < suite.starts.size(); ++i) {
        CAPTURE(i);
        const double after_s =
            static_cast<double>((suite.starts[i].frame - suite.starts[i - 1].frame).value) / PaperSuite::rate;
        CHECK(after_s <= section_of(suite, suite.starts[i - 1].path).end_s + 0.01);
    }
}

TEST_CASE("tracks among which the next is chosen are listened to first once the choice is near") {
    const std::vector<Section> set = unknown_tracks(12);
    SetPlayer::Settings chosen = settings();
    chosen.cue_ahead_s = 45.0;
    chosen.choice.as_known = true;
    PaperSuite suite{set, chosen};
    suite.timeline.add(steady(124.0));
    std::set<std::size_t> listened;
    suite.on_get_to_know = [&](std::size_t i, Acquaintance how) {
        CHECK(how == Acquaintance::thorough);
        listened.insert(i);
        Section& track = suite.sections[i];
        track.by_time = true;
        track.bpm = track.target_bpm = 120.0;
        track.end_s = 70.0;
        track.begin_s = 66.0;
        suite.player.known(i);
    };
    // Nothing is listened to in the background here.
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }, 200.0));
    CHECK(listened.size() == 5);  // the first, and the four among which the second was chosen
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 3; }, 200.0));
    CHECK(listened.size() == 10);  // those two, and eight
}

TEST_CASE("decks take turns, no deck is asked for two tracks at once and never more than two sound") {
    PaperSuite suite{plain_set(15), settings(3)};
    suite.timeline.add(steady(125.0));
    suite.on_step = [&suite] {
        const auto sounding = std::count_if(suite.decks.begin(), suite.decks.end(), [](const auto& deck) {
            return deck.second.state == DeckReport::State::playing;
        });
        REQUIRE(sounding <= 2);
    };
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }));
    REQUIRE(suite.starts.size() == 15);
    for (std::size_t i = 0; i < suite.starts.size(); ++i) {
        CHECK(suite.starts[i].deck == "ABC"[i % 3]);
    }
    REQUIRE(suite.rows.size() == 15);
    for (std::size_t i = 0; i < suite.rows.size(); ++i) {
        CHECK(suite.rows[i].start_frame == suite.starts[i].frame);
        CHECK(suite.rows[i].late.value == 0);
        CHECK(suite.rows[i].end == (i == 14 ? "ended" : "handed over"));
        if (i >= 3) {
            CHECK(suite.rows[i].start_frame > suite.rows[i - 3].end_frame);
        }
    }
}

TEST_CASE("a hand-over is eight ramps on their frames, and lasts from begin cue to end cue") {
    PaperSuite suite{plain_set(4), settings()};
    suite.timeline.add(steady(125.0));
    REQUIRE(suite.run_until([&suite] { return suite.decks.at('B').state == DeckReport::State::waiting; }));
    const JackFrame begin = *suite.player.next_start();
    const std::int64_t window = 16 * 23040;
    const auto* in = last_ramp(suite, 'B', Control::fader);
    const auto* out_low = last_ramp(suite, 'A', Control::low);
    const auto* out = last_ramp(suite, 'A', Control::fader);
    REQUIRE(in->frame);
    CHECK(*in->frame == begin);
    CHECK(in->to == 1.0F);
    CHECK(in->seconds == doctest::Approx(0.02 * static_cast<double>(window) / 48000.0).epsilon(1e-3));
    REQUIRE(out_low->frame);
    CHECK((*out_low->frame - begin).value == window * 45 / 100);
    CHECK(out_low->to == 0.0F);
    REQUIRE(out->frame);
    // The file ends at the end cue; the fader is down 20 ms earlier.
    CHECK((*out->frame - begin).value + std::llround(out->seconds * 48000.0) == window - 960);
    CHECK(suite.trims['A'] == doctest::Approx(std::pow(10.0, 6.0 / 20.0)));
}

TEST_CASE("when the tempo moves, waiting ramps move with it and those in progress end in time") {
    PaperSuite suite{plain_set(4), settings()};
    suite.timeline.add(steady(125.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    const SetTime end = {suite.starts[1].at.at + 16.0};
    suite.timeline.add({suite.now.frame + Frames{9600}, Beats{suite.timeline.at(suite.now.frame + Frames{9600}).at},
                        Bpm{125.0}, suite.now.frame + Frames{100000}, Bpm{105.0}, PaperSuite::rate});
    suite.step();
    const auto* out = last_ramp(suite, 'A', Control::fader);
    REQUIRE(out->frame);
    CHECK((*out->frame).value + std::llround(out->seconds * 48000.0) ==
          doctest::Approx(static_cast<double>(suite.timeline.frame_of(end).value - 960)).epsilon(1e-9));
    const auto scheduled = std::count_if(suite.ramps.begin(), suite.ramps.end(), [&suite](const auto& ramp) {
        return ramp.frame && *ramp.frame > suite.now.frame;
    });
    CHECK(scheduled == 6);  // the incoming fader and highs are on their way already
}

TEST_CASE("a missing and an unreadable file are skipped, said, and the set goes on in time") {
    PaperSuite suite{plain_set(8), settings(2)};
    suite.missing = {"/parts/track1.wav", "/parts/track4.wav"};
    suite.refused = {"/parts/track6.wav"};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }));
    CHECK(suite.starts.size() == 5);
    std::set<std::size_t> skipped;
    for (const SetlistEvent& event : suite.events) {
        if (event.kind == SetlistEvent::Kind::skipped) {
            skipped.insert(*event.section);
            CHECK_FALSE(event.why.empty());
        }
    }
    CHECK(skipped == std::set<std::size_t>{1, 4, 6});
    for (std::size_t i = 1; i < suite.starts.size(); ++i) {
        CHECK(suite.starts[i].at.at - suite.starts[i - 1].at.at == doctest::Approx(48.0).epsilon(1e-12));
    }
}

TEST_CASE("a set of files that are all missing ends and says so") {
    PaperSuite suite{plain_set(3), settings(2, true)};
    suite.missing = {"/parts/track0.wav", "/parts/track1.wav", "/parts/track2.wav"};
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }, 60.0));
    CHECK(suite.starts.empty());
    CHECK(suite.events.back().kind == SetlistEvent::Kind::ended);
}

TEST_CASE("a playing deck that comes back empty joins in phase; its track hands over where it would have") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    suite.run_for(10.0);
    suite.kill('B');
    suite.run_for(0.5);
    suite.revive('B');
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 3; }, 10.0));
    CHECK(suite.starts[2].deck == 'B');
    CHECK(suite.starts[2].at.at == doctest::Approx(suite.starts[1].at.at).epsilon(1e-9));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 4; }));
    CHECK(suite.starts[3].at.at - suite.starts[1].at.at == doctest::Approx(48.0).epsilon(1e-12));
}

TEST_CASE("when the deck of the next track dies, another one takes its turn and the start is kept") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.decks.at('B').state == DeckReport::State::waiting; }));
    suite.kill('B');
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    CHECK(suite.starts[1].deck == 'C');
    CHECK(suite.starts[1].at.at - suite.starts[0].at.at == doctest::Approx(48.0).epsilon(1e-12));
    // It returns with the start it was given, as a session restores it: that would be one track twice.
    suite.revive('B');
    suite.decks.at('B').state = DeckReport::State::waiting;
    suite.decks.at('B').path = suite.starts[1].path;
    suite.decks.at('B').start = {suite.starts[1].at.at + 8.0};
    suite.run_for(0.2);
    CHECK(suite.decks.at('B').state == DeckReport::State::stopped);
}

TEST_CASE("a deck that dies for good costs its track, not the set") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 1; }));
    suite.run_for(3.0);
    suite.kill('A');
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }, 12.0));
    CHECK(suite.starts[1].deck == 'B');
    CHECK(std::fmod(suite.starts[1].at.at, 4.0) == 0.0);
    REQUIRE(suite.rows.size() == 1);
    CHECK(suite.rows[0].end == "lost");
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }));
    CHECK(suite.starts.size() == 6);
}

TEST_CASE("a track that somebody moved by hand hands over where its own cue now lies") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 1; }));
    suite.run_for(5.0);
    suite.decks.at('A').start = {suite.decks.at('A').start.at + 10.0};  // ten beats back
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    CHECK(suite.starts[1].at.at - suite.starts[0].at.at == doctest::Approx(58.0).epsilon(1e-12));
}

TEST_CASE("next hands over at the track's next bar, for as long as the hand-over usually takes") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(125.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 1; }));
    suite.run_for(4.0);
    REQUIRE(suite.player.hurry());
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }, 6.0));
    const double beats = suite.starts[1].at.at - suite.starts[0].at.at;
    CHECK(std::fmod(beats, 4.0) == doctest::Approx(0.0));
    CHECK(beats < 24.0);
    const auto* out = last_ramp(suite, 'A', Control::fader);
    REQUIRE(out->frame);
    CHECK((*out->frame - suite.starts[1].frame).value + std::llround(out->seconds * 48000.0) == 16 * 23040 - 960);
    // Also when the next was waiting for its planned start already.
    REQUIRE(suite.run_until([&suite] { return suite.decks.at('C').state == DeckReport::State::waiting; }));
    const JackFrame planned = *suite.player.next_start();
    REQUIRE(suite.player.hurry());
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 3; }, 10.0));
    CHECK(suite.starts[2].frame < planned);
}

TEST_CASE("stop fades out, stops what plays and what waits, and ends the set") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.decks.at('B').state == DeckReport::State::waiting; }));
    CHECK(suite.player.stop(suite.now) < 2.0);
    suite.run_for(2.0);
    CHECK(suite.player.finished());
    CHECK(suite.decks.at('A').state == DeckReport::State::stopped);
    CHECK(suite.decks.at('B').state == DeckReport::State::stopped);
    REQUIRE(suite.rows.size() == 1);
    CHECK(suite.rows[0].end == "stopped");
    // The strips are left as a DJ wants to find them.
    CHECK(last_ramp(suite, 'A', Control::fader)->to == 1.0F);
}

TEST_CASE("a player that starts while the set plays takes over what it finds") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    auto& deck = suite.decks.at('B');
    deck = {DeckReport::State::playing,
            "/parts/track2.wav",
            0.0,
            125.0,
            {suite.timeline.at(suite.now.frame).at - 20.0},
            true,
            true,
            std::nullopt};
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 1; }));
    CHECK(suite.starts[0].deck == 'C');
    CHECK(suite.starts[0].path != "/parts/track2.wav");
    CHECK(suite.starts[0].at.at == doctest::Approx(deck.start.at + 48.0).epsilon(1e-12));
}

TEST_CASE("when a line appears in the middle, the set goes over from frames to beats without a stumble") {
    PaperSuite suite{plain_set(6), settings()};
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 1; }));
    suite.run_for(5.0);
    // The deck goes on from where it is, now in beats.
    const double place = suite.position(suite.decks.at('A'));
    suite.timeline.add(steady(120.0, suite.now.frame, 100.0));
    suite.decks.at('A').start = suite.timeline.start_of(suite.timeline.at(suite.now.frame), place, 125.0);
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 3; }));
    const double own_start = suite.timeline.start_of({100.0}, place, 125.0).at;
    CHECK(suite.starts[1].at.at == doctest::Approx(own_start + 48.0).epsilon(1e-9));
    CHECK(suite.starts[2].at.at - suite.starts[1].at.at == doctest::Approx(48.0).epsilon(1e-12));
}

TEST_CASE("after the server's restart the set goes on by beat in the new frames") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    suite.run_for(12.0);
    const double beat = suite.timeline.at(suite.now.frame).at;
    suite.now.frame = JackFrame{5000};
    suite.player.server_restarted(suite.now);
    suite.run_for(0.3);
    suite.timeline.add(steady(120.0, suite.now.frame, beat));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 3; }, 60.0));
    CHECK(suite.starts[2].at.at - suite.starts[1].at.at == doctest::Approx(48.0).epsilon(1e-12));
}

TEST_CASE("when no deck takes a cue for a while, the set is silent only as long") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(120.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    suite.deaf = true;
    suite.run_for(90.0);
    CHECK(suite.starts.size() == 2);
    suite.deaf = false;
    CHECK(suite.run_until([&suite] { return suite.starts.size() == 3; }, 30.0));
    CHECK(suite.run_until([&suite] { return suite.starts.size() == 5; }, 120.0));
}

TEST_CASE("a mixer that comes back gets its strips as they should be by now") {
    PaperSuite suite{plain_set(6), settings()};
    suite.timeline.add(steady(125.0));
    REQUIRE(suite.run_until([&suite] { return suite.starts.size() == 2; }));
    suite.run_for(0.65 * 7.68);  // of the window of 16 beats
    suite.ramps.clear();
    suite.trims.clear();
    suite.player.mixer_returned(suite.now);
    CHECK(suite.trims.contains('A'));
    CHECK(suite.trims.contains('B'));
    const auto first = [&suite](char strip, Control control) {
        return std::find_if(
                   suite.ramps.begin(), suite.ramps.end(),
                   [&](const PaperSuite::Ramp& ramp) { return ramp.strip == strip && ramp.control == control; })
            ->to;
    };
    CHECK(first('A', Control::low) == 0.0F);
    CHECK(first('A', Control::fader) == 1.0F);
    CHECK(first('B', Control::fader) == 1.0F);
    CHECK(first('B', Control::low) == 50.0F);
    CHECK(first('A', Control::mid) == doctest::Approx(30.0).epsilon(0.05));  // a third of its gain is -9.5 dB
}

TEST_CASE("a track whose own begin cue comes early is fully in before it gives the floor") {
    std::vector<Section> set;
    for (int i = 0; i < 10; ++i) {
        set.push_back(section("t" + std::to_string(i), 12.0, 44.0));  // hands over during 32 beats, from its 12th on
    }
    PaperSuite suite{set, settings()};
    suite.timeline.add(steady(125.0));
    REQUIRE(suite.run_until([&suite] { return suite.player.finished(); }));
    REQUIRE(suite.starts.size() == 10);
    for (std::size_t i = 1; i < 10; ++i) {
        CHECK(suite.starts[i].at.at - suite.starts[i - 1].at.at == doctest::Approx(12.0).epsilon(1e-12));
    }
    for (std::size_t i = 0; i + 2 < 10; ++i) {
        CHECK(suite.rows[i].end_frame < suite.starts[i + 2].frame);
    }
}

TEST_CASE("asked to pause after a track, the set plays it to its end unfaded, waits, and goes on when it is told to") {
    for (const bool next_is_told : {false, true}) {
        CAPTURE(next_is_told);
        PaperSuite suite{plain_set(6), settings()};
        suite.timeline.add(steady(125.0));
        REQUIRE(suite.run_until([&] { return suite.starts.size() == 2; }));
        if (next_is_told) {  // its start stands in its deck by then
            REQUIRE(suite.run_until([&] {
                return std::count_if(suite.events.begin(), suite.events.end(), [](const SetlistEvent& event) {
                           return event.kind == SetlistEvent::Kind::handover;
                       }) == 2;
            }));
        }
        const char playing = suite.starts.back().deck;
        const Section& last = section_of(suite, suite.starts.back().path);
        suite.player.pause_after(true, suite.now);
        CHECK(suite.player.pausing());
        suite.run_for(last.end_s + 60.0);
        CHECK(suite.starts.size() == 2);
        CHECK(suite.player.paused());
        CHECK_FALSE(suite.player.finished());
        CHECK(suite.decks.at(playing).state == DeckReport::State::stopped);
        REQUIRE(suite.rows.size() == 2);
        CHECK(suite.rows.back().end == "ended");
        CHECK(suite.rows.back().end_frame - suite.rows.back().start_frame == to_frames({last.end_s}, PaperSuite::rate));
        // Nothing of a hand-over came over it: its fader was down only after its end.
        for (const PaperSuite::Ramp& ramp : suite.ramps) {
            if (ramp.strip == playing && ramp.control == Control::fader && ramp.to == 0.0F &&
                ramp.frame.value_or(ramp.sent) > suite.rows.back().start_frame) {
                CHECK(ramp.frame.value_or(ramp.sent) >= suite.rows.back().end_frame);
            }
        }
        if (next_is_told) {
            CHECK(suite.player.hurry());
        } else {
            suite.player.pause_after(false, suite.now);
        }
        suite.run_for(4.0);
        CHECK(suite.starts.size() == 3);
        CHECK_FALSE(suite.player.paused());
        REQUIRE(suite.run_until([&] { return suite.player.finished(); }));
        CHECK(suite.starts.size() == 6);
    }
}

TEST_CASE("a pause that is taken back in time changes nothing, and one after the last track ends with the set") {
    PaperSuite suite{plain_set(3), settings()};
    REQUIRE(suite.run_until([&] { return suite.starts.size() == 1; }));
    suite.run_for(3.0);
    suite.player.pause_after(true, suite.now);
    suite.run_for(2.0);
    suite.player.pause_after(false, suite.now);
    REQUIRE(suite.run_until([&] { return suite.starts.size() == 3; }));
    for (std::size_t i = 1; i < suite.starts.size(); ++i) {
        const Section& before = section_of(suite, suite.starts[i - 1].path);
        CHECK((suite.starts[i].frame - suite.starts[i - 1].frame).value ==
              std::llround(before.begin_s * PaperSuite::rate));
    }
    suite.run_for(1.0);
    suite.player.pause_after(true, suite.now);
    suite.run_for(120.0);
    CHECK(suite.player.paused());
    suite.player.pause_after(false, suite.now);
    suite.run_for(1.0);
    CHECK(suite.player.finished());
}
