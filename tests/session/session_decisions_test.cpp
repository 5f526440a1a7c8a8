// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/group_start.hpp"
#include "session/api/remote_clock.hpp"
#include "session/guard/spare_deck.hpp"
#include "session/patch/wanted_graph.hpp"
#include "session/supervision/last_words.hpp"
#include "session/supervision/pulse_watch.hpp"
#include "session/supervision/restart_policy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <random>

using namespace crowdjack;

namespace {

Connection listed(const std::string& text) {
    std::string why;
    return parse_connection(text, why).value();
}

const std::vector<Connection> set_of_two{
    listed("deck-A:out_* -> mixer-bus:A_*"), listed("deck-B:out_* -> mixer-bus:B_*"),
    listed("mixer-bus:master_l -> system:playback_1"), listed("mixer-bus:master_r -> system:playback_2")};

/// Every port of such a set, in no particular order.
std::vector<PortView> ports_of_two() {
    std::vector<PortView> ports;
    for (const char* name :
         {"deck-A:out_l", "deck-A:out_r", "deck-B:out_l", "deck-B:out_r", "mixer-bus:master_l", "mixer-bus:master_r"}) {
        ports.push_back({name, true, false, false, {}});
    }
    for (const char* name : {"mixer-bus:A_l", "mixer-bus:A_r", "mixer-bus:B_l", "mixer-bus:B_r"}) {
        ports.push_back({name, false, false, false, {}});
    }
    return ports;
}

void add_sound_card(GraphView& graph, const std::string& client) {
    graph.ports.push_back({client + ":FL", false, false, true, {}});
    graph.ports.push_back({client + ":FR", false, false, true, {}});
}

void make_all(GraphView& graph, WantedGraph& wanted) {
    for (const Link& link : wanted.plan(graph).connect) {
        graph.links.insert(link);
    }
}

}  // namespace

TEST_CASE("in whatever order ports come, the wanted graph is complete with the last of them") {
    std::mt19937 random{7};
    for (int shuffle = 0; shuffle < 100; ++shuffle) {
        std::vector<PortView> ports = ports_of_two();
        std::shuffle(ports.begin(), ports.end(), random);
        GraphView graph;
        add_sound_card(graph, "Built-in Audio");
        WantedGraph wanted{set_of_two, Keep::wanted};
        for (const PortView& port : ports) {
            graph.ports.push_back(port);
            for (PortView& one : graph.ports) {
                one.aliases.clear();
            }
            name_ports(graph, {});
            make_all(graph, wanted);
        }
        CHECK(graph.links.size() == 6);
        CHECK(graph.links.contains({"mixer-bus:master_r", "Built-in Audio:FR"}));
        CHECK(wanted.plan(graph).complete());
    }
}

TEST_CASE("connections are made downstream first") {
    GraphView graph;
    graph.ports = ports_of_two();
    add_sound_card(graph, "system");
    name_ports(graph, {});
    const auto plan = WantedGraph{set_of_two, Keep::wanted}.plan(graph);
    REQUIRE(plan.connect.size() == 6);
    CHECK(plan.connect[0].source == "mixer-bus:master_l");
    CHECK(plan.connect[1].source == "mixer-bus:master_r");
    const auto depths = WantedGraph{set_of_two, Keep::wanted}.depths({"deck-A", "mixer-bus", "bpm-follower"});
    CHECK(depths.at("mixer-bus") < depths.at("deck-A"));
    CHECK(depths.at("bpm-follower") == 0);
}

TEST_CASE("a feedback loop in the patch has an order, too") {
    const std::vector<Connection> loop{listed("a:o -> b:i"), listed("b:o -> a:i")};
    CHECK(WantedGraph{loop, Keep::wanted}.depths({"a", "b"}).size() == 2);
}

TEST_CASE("a client under NSM is known by its plain name") {
    GraphView graph;
    graph.ports = {{"Deck.nXYZW:out_l", true, false, false, {}}, {"mixer-bus.nABCD:A_l", false, false, false, {}}};
    name_ports(graph, {{"Deck.nXYZW", "deck-A"}});
    const auto plan = WantedGraph{{listed("deck-A:out_l -> mixer-bus:A_l")}, Keep::wanted}.plan(graph);
    REQUIRE(plan.connect.size() == 1);
    CHECK(plan.connect[0] == Link{"Deck.nXYZW:out_l", "mixer-bus.nABCD:A_l"});
}

TEST_CASE("keep = exact removes what is not listed, on the suite's ports only") {
    GraphView graph;
    graph.ports = ports_of_two();
    graph.ports.push_back({"ardour:out", true, false, false, {}});
    add_sound_card(graph, "system");
    graph.suite_clients = {"mixer-bus", "deck-A", "deck-B"};
    name_ports(graph, {});
    graph.links = {{"ardour:out", "mixer-bus:A_l"}, {"ardour:out", "system:FL"}};
    const auto exact = WantedGraph{set_of_two, Keep::exact}.plan(graph);
    CHECK(exact.disconnect == std::vector<Link>{{"ardour:out", "mixer-bus:A_l"}});
    CHECK(WantedGraph{set_of_two, Keep::wanted}.plan(graph).disconnect.empty());
}

TEST_CASE("keep = once makes a connection once, and again only for a client that came back") {
    GraphView graph;
    graph.ports = {{"a:o", true, false, false, {}}, {"b:i", false, false, false, {}}};
    WantedGraph once{{listed("a:o -> b:i")}, Keep::once};
    make_all(graph, once);
    CHECK(graph.links.size() == 1);
    CHECK(once.plan(graph).connect.empty());
    graph.links.clear();  // the user pulled it
    CHECK(once.plan(graph).connect.empty());
    GraphView without_b = graph;
    without_b.ports.pop_back();
    (void)once.plan(without_b);
    CHECK(once.plan(graph).connect.size() == 1);
}

TEST_CASE("a deck's listed connections that lack are named, also while the other side is missing") {
    GraphView graph;
    graph.ports = ports_of_two();
    name_ports(graph, {});
    const WantedGraph wanted{set_of_two, Keep::wanted};
    CHECK(wanted.unmade_of(graph, "deck-A").size() == 2);
    graph.links = {{"deck-A:out_l", "mixer-bus:A_l"}, {"deck-A:out_r", "mixer-bus:A_r"}};
    CHECK(wanted.unmade_of(graph, "deck-A").empty());
    CHECK(wanted.unmade_of(graph, "deck-Z").empty());
    std::erase_if(graph.ports, [](const PortView& port) { return port.name == "mixer-bus:A_r"; });
    graph.links.erase({"deck-A:out_r", "mixer-bus:A_r"});
    CHECK(wanted.unmade_of(graph, "deck-A") == std::vector<std::string>{"deck-A:out_r -> mixer-bus:A_r"});
}

TEST_CASE("a MIDI port is not taken for an audio one") {
    GraphView graph;
    graph.ports = {{"a:o", true, true, false, {}}, {"b:i", false, false, false, {}}};
    CHECK(WantedGraph{{listed("a:o -> b:i")}, Keep::wanted}.plan(graph).connect.empty());
}

TEST_CASE("a hundred kills from outside restart at once") {
    RestartPolicy restarts;
    SessionTime now{0};
    for (int kill = 0; kill < 100; ++kill) {
        restarts.started(now);
        restarts.ready(now + SessionTime{100});
        now += SessionTime{700};
        CHECK(restarts.ended(now, {true, SIGKILL, kill % 2 == 0, true}).wait == SessionTime{0});
    }
    CHECK_FALSE(restarts.failing());
}

namespace {

/// Starts that end after `life` each until the clock says `until`. @returns the pauses between end and start
std::vector<Restart> ends(RestartPolicy& restarts, SessionTime& now, SessionTime until, SessionTime life, bool ready) {
    std::vector<Restart> all;
    while (now < until) {
        restarts.started(now);
        if (ready) {
            restarts.ready(now);
        }
        now += life;
        all.push_back(restarts.ended(now, {false, 1, false, true}));
        now += all.back().wait;
    }
    return all;
}

}  // namespace

TEST_CASE("what cannot start is tried for ever: the first time at once, then after a quarter of what it has lasted") {
    RestartPolicy restarts;
    SessionTime now{1000};
    const auto first = ends(restarts, now, SessionTime{11'000}, SessionTime{20}, false);
    CHECK(first.front().wait == SessionTime{0});
    CHECK(first[1].wait == RestartPolicy::first_wait);
    CHECK(restarts.failing());
    // A card that is away for 10 s is found at most 2.5 s after it is back.
    CHECK(now < SessionTime{11'000 + 2'750});
    const auto day = ends(restarts, now, SessionTime{86'400'000}, SessionTime{20}, false);
    CHECK(day.size() > 2000);
    for (const Restart& one : day) {
        CHECK(one.wait <= RestartPolicy::longest_wait);
    }
    CHECK(day.back().wait == RestartPolicy::longest_wait);
    const auto said = std::count_if(day.begin(), day.end(), [](const Restart& one) { return one.said; });
    CHECK(said >= static_cast<std::ptrdiff_t>(day.size() / RestartPolicy::said_each));
    CHECK(said <= static_cast<std::ptrdiff_t>(day.size() / RestartPolicy::said_each + 1));
}

TEST_CASE("a client that crashes a second after each start comes down to one start in half a minute, and goes on") {
    RestartPolicy restarts;
    SessionTime now{0};
    const auto hour = ends(restarts, now, SessionTime{3'600'000}, SessionTime{1000}, true);
    CHECK(hour.back().wait == RestartPolicy::longest_wait);
    CHECK(hour.size() < 150);
}

TEST_CASE("one good run of half a minute ends a trouble") {
    RestartPolicy restarts;
    SessionTime now{0};
    (void)ends(restarts, now, SessionTime{60'000}, SessionTime{20}, false);
    REQUIRE(restarts.failing());
    restarts.started(now);
    restarts.ready(now);
    now += RestartPolicy::good_run;
    CHECK(restarts.ended(now, {false, 1, false, true}).wait == SessionTime{0});
    CHECK_FALSE(restarts.failing());
}

namespace {

/// Runs `cycles` looks of 10 ms; those in `still` stand still. @returns who was blamed, and after how long
std::vector<std::pair<std::string, int>> watch(PulseWatch& pulses, SessionTime& now, std::uint64_t& server,
                                               std::map<std::string, std::uint64_t>& counts,
                                               const std::vector<std::string>& still, int looks,
                                               bool server_runs = true, bool freewheeling = false) {
    std::vector<std::pair<std::string, int>> blamed;
    for (int i = 1; i <= looks; ++i) {
        now += SessionTime{10};
        server += server_runs ? 4 : 0;
        std::vector<PulseSample> samples;
        for (auto& [name, count] : counts) {
            count += std::find(still.begin(), still.end(), name) == still.end() && server_runs ? 4U : 0U;
            const bool is_mixer = name == "mixer-bus";
            samples.push_back(
                {name, count, is_mixer ? std::vector<std::string>{"deck-A"} : std::vector<std::string>{}});
        }
        for (const std::string& name : pulses.look({now, server, freewheeling}, samples)) {
            blamed.emplace_back(name, i * 10);
        }
    }
    return blamed;
}

}  // namespace

TEST_CASE("a deck that hangs is blamed after 200 ms, the mixer that it silences is not") {
    PulseWatch pulses;
    SessionTime now{1000};
    std::uint64_t server{};
    std::map<std::string, std::uint64_t> counts{{"deck-A", 0}, {"deck-B", 0}, {"mixer-bus", 0}};
    CHECK(watch(pulses, now, server, counts, {}, 20).empty());
    const auto blamed = watch(pulses, now, server, counts, {"deck-A", "mixer-bus"}, 60);
    REQUIRE(blamed.size() == 1);
    CHECK(blamed[0].first == "deck-A");
    CHECK(blamed[0].second == 200);
}

TEST_CASE("when the deck that hung is gone, the mixer that it silenced gets its time to come round") {
    PulseWatch pulses;
    SessionTime now{1000};
    std::uint64_t server{};
    std::map<std::string, std::uint64_t> counts{{"deck-A", 0}, {"mixer-bus", 0}};
    CHECK(watch(pulses, now, server, counts, {}, 5).empty());
    CHECK(watch(pulses, now, server, counts, {"deck-A", "mixer-bus"}, 22).size() == 1);
    pulses.forget("deck-A");
    counts.erase("deck-A");
    CHECK(watch(pulses, now, server, counts, {"mixer-bus"}, 15).empty());
    CHECK(watch(pulses, now, server, counts, {}, 30).empty());
}

TEST_CASE("nobody is blamed while the server itself stands still, or freewheels, or before a first beat") {
    PulseWatch pulses;
    SessionTime now{1000};
    std::uint64_t server{};
    std::map<std::string, std::uint64_t> counts{{"deck-A", 0}, {"mixer-bus", 0}};
    CHECK(watch(pulses, now, server, counts, {"deck-A", "mixer-bus"}, 50).empty());  // still starting
    CHECK(watch(pulses, now, server, counts, {}, 5).empty());
    CHECK(watch(pulses, now, server, counts, {}, 100, false).empty());
    CHECK(watch(pulses, now, server, counts, {"deck-A", "mixer-bus"}, 100, true, true).empty());
    CHECK(watch(pulses, now, server, counts, {"mixer-bus"}, 30).size() == 1);
}

TEST_CASE("looks come faster from the first missing beat to the verdict") {
    PulseWatch pulses;
    SessionTime now{1000};
    std::uint64_t server{};
    std::map<std::string, std::uint64_t> counts{{"deck-A", 0}, {"deck-B", 0}};
    watch(pulses, now, server, counts, {"deck-A", "deck-B"}, 5);
    CHECK_FALSE(pulses.uneasy());  // still starting
    watch(pulses, now, server, counts, {}, 5);
    CHECK_FALSE(pulses.uneasy());
    watch(pulses, now, server, counts, {"deck-A"}, 1);
    CHECK(pulses.uneasy());
    watch(pulses, now, server, counts, {}, 1);
    CHECK_FALSE(pulses.uneasy());
    watch(pulses, now, server, counts, {"deck-A"}, 20);
    CHECK_FALSE(pulses.uneasy());  // blamed
}

TEST_CASE("a hang is found 200 ms after the last beat, however far apart the calm looks are") {
    constexpr int period = 3;
    for (int hangs_at = 1000; hangs_at < 1130; hangs_at += 7) {
        CAPTURE(hangs_at);
        PulseWatch pulses;
        int next_look = 10;
        std::optional<int> blamed;
        for (int now = 10; now < 2000 && !blamed; ++now) {
            const int last_beat = std::min(now, hangs_at) / period * period;
            const int server_beat = now / period * period;
            if (now < next_look) {
                continue;
            }
            const auto cycles = [](int beat) { return static_cast<std::uint64_t>(beat / period); };
            const std::vector<PulseSample> clients{{"deck-A", cycles(last_beat), {}, SessionTime{last_beat}},
                                                   {"deck-B", cycles(server_beat), {}, SessionTime{server_beat}}};
            for (const auto& name :
                 pulses.look({SessionTime{now}, cycles(server_beat), false, SessionTime{server_beat}}, clients)) {
                CHECK(name == "deck-A");
                blamed = now - last_beat;
            }
            next_look = now + (pulses.uneasy() ? 10 : 120);
        }
        REQUIRE(blamed);
        CHECK(*blamed >= 200 - period);
        CHECK(*blamed <= 210 + period);
    }
}

TEST_CASE("a kill before a client was ready for long begins no trouble anew that kills of good runs had ended") {
    RestartPolicy restarts;
    SessionTime now{0};
    for (int minute = 0; minute < 20; ++minute) {
        for (int kill = 0; kill < 60; ++kill) {
            restarts.started(now);
            restarts.ready(now);
            now += kill == 0 ? SessionTime{100} : SessionTime{1000};  // the first of a minute comes too soon
            CHECK(restarts.ended(now, {true, SIGKILL, false, true}).wait == SessionTime{0});
        }
    }
}

TEST_CASE("a deck that hangs before it was seen twice is blamed, the mixer that it silences is not") {
    PulseWatch pulses;
    const auto server = [](int now) {
        return ServerSample{SessionTime{now}, static_cast<std::uint64_t>(now), false, SessionTime{now}};
    };
    CHECK(pulses.look(server(880), {{"mixer-bus", 880, {}, SessionTime{880}}}).empty());
    std::vector<std::string> blamed;
    for (int now = 1000; now < 1500; now += pulses.uneasy() ? 10 : 120) {
        const int mixer_beat =
            std::min(now, 1012);  // since when it has been fed by deck-A, which comes and hangs at once
        std::vector<PulseSample> clients{
            {"mixer-bus", static_cast<std::uint64_t>(mixer_beat), {"deck-A"}, SessionTime{mixer_beat}}};
        if (now > 1012) {
            clients.push_back({"deck-A", 4, {}, SessionTime{1012}});
        }
        for (const auto& name : pulses.look(server(now), clients)) {
            blamed.push_back(name);
            CHECK(now - 1012 <= 210);
        }
    }
    CHECK(blamed == std::vector<std::string>{"deck-A"});
}

TEST_CASE("what beat long ago does not beat yet when it is first seen") {
    PulseWatch pulses;
    for (int now = 10'000; now < 11'000; now += 10) {
        CHECK(pulses
                  .look({SessionTime{now}, static_cast<std::uint64_t>(now), false, SessionTime{now}},
                        {{"deck-A", 4711, {}, SessionTime{9000}}})
                  .empty());
    }
}

TEST_CASE("a stall of the watcher itself blames nobody") {
    PulseWatch pulses;
    CHECK(pulses.look({SessionTime{0}, 1, false}, {{"deck-A", 1, {}}}).empty());
    CHECK(pulses.look({SessionTime{10}, 2, false}, {{"deck-A", 2, {}}}).empty());
    CHECK(pulses.look({SessionTime{5000}, 3, false}, {{"deck-A", 2, {}}}).empty());
    // Nor one of the server while nobody looked: it ran on just before this look, its clients did not yet.
    CHECK(
        pulses.look({SessionTime{5010}, 4, false, SessionTime{5009}}, {{"deck-A", 3, {}, SessionTime{5008}}}).empty());
    CHECK(pulses.look({SessionTime{5130}, 5, false, SessionTime{5129}}, {{"deck-A", 4, {}, SessionTime{10}}}).empty());
    CHECK(pulses.look({SessionTime{5140}, 6, false, SessionTime{5139}}, {{"deck-A", 4, {}, SessionTime{10}}}).empty());
}

TEST_CASE("a group starts on one frame, never before it is due and never on one that a deck would miss") {
    const GroupStart group{{"A", "B"}, SessionTime{1000}, JackFrame{48000}};
    const std::map<std::string, DeckReadiness> both{{"A", {true, false, {}}}, {"B", {true, false, {}}}};
    CHECK(group.decide(SessionTime{900}, JackFrame{20000}, both).frame.value == 48000);
    CHECK(group.decide(SessionTime{1500}, JackFrame{70000}, both).frame.value == 70000);
    CHECK(group.decide(SessionTime{900}, JackFrame{20000}, both).starting == std::vector<std::string>{"A", "B"});
}

TEST_CASE("a group waits for a deck until 5 s after it is due; then the others start and it is named") {
    const GroupStart group{{"A", "B"}, SessionTime{1000}, JackFrame{48000}};
    std::map<std::string, DeckReadiness> decks{{"A", {true, false, {}}}, {"B", {false, false, "still loading"}}};
    CHECK(group.decide(SessionTime{5999}, JackFrame{0}, decks).wait);
    const auto late = group.decide(SessionTime{6000}, JackFrame{300000}, decks);
    CHECK_FALSE(late.wait);
    CHECK(late.starting == std::vector<std::string>{"A"});
    REQUIRE(late.not_ready.size() == 1);
    CHECK(late.not_ready[0].first == "B");
    CHECK(late.not_ready[0].second == "still loading");
    decks["B"].hopeless = true;  // no such deck: not worth the wait
    CHECK_FALSE(group.decide(SessionTime{1000}, JackFrame{0}, decks).wait);
}

TEST_CASE("what a client printed is shown at the level it had, and as its own") {
    const auto last = relayed_line("deck-A", "crowdjack-deck: cannot reach JACK server 'x': is jackd running?");
    CHECK(last.level == LogLevel::error);
    CHECK(last.text.ends_with(" error deck-A: ended-with why=\"cannot reach JACK server 'x': is jackd running?\""));
    const auto logged = relayed_line("deck-A", "2026-11-28T04:18:09.123 warning crowdjack-deck: cue-failed why=gone");
    CHECK(logged.level == LogLevel::warning);
    CHECK(logged.text == "2026-11-28T04:18:09.123 warning deck-A: cue-failed why=gone");
    CHECK(relayed_line("jackd", "Cannot open the device").level == LogLevel::error);
    CHECK(relayed_line("jackd", "==1==ERROR: AddressSanitizer: x").level == LogLevel::error);
    CHECK(relayed_line("jackd", "Warning: no lock").level == LogLevel::warning);
    const auto plain = relayed_line("jackd", "creating dummy driver");
    CHECK(plain.level == LogLevel::info);
    CHECK(plain.text.find("output client=jackd text=\"creating dummy driver\"") != std::string::npos);
    // Half of ours is not ours.
    CHECK(relayed_line("x", "2026-11-28T04:18:09.123 loud crowdjack-deck: a").text.find(" output ") !=
          std::string::npos);
}

TEST_CASE("a client's words bring no control bytes to the terminal") {
    for (const std::string hostile : {"2026-11-28T04:18:09.123 info crowdjack-deck: cued path=\x1b]0;you\x07",
                                      "crowdjack-deck: \x1b[2J", "\x1b[31m",
                                      "\xc2\x9b"
                                      "31m",
                                      "\xff\xfe"}) {
        const std::string shown = relayed_line("deck-A", hostile).text;
        CHECK(std::none_of(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }));
    }
}

TEST_CASE("the fallback is played by a deck that the set does not use, on the strip that it is patched into") {
    CHECK(spare_deck({{"deck-A", "playing"}, {"deck-B", "empty"}, {"deck-C", "empty"}, {"deck-D", "cued"}}) ==
          "deck-C");
    CHECK(spare_deck({{"deck-A", "stopped"}, {"deck-B", "failed"}}) == "deck-B");
    CHECK(spare_deck({{"deck-A", "stopped"}, {"deck-B", "stopped"}, {"deck-C", "waiting"}}) == "deck-B");
    CHECK(spare_deck({{"deck-A", "playing"}, {"deck-B", ""}}).empty());
    CHECK(strip_of_deck("deck-D",
                        {listed("deck-A:out_* -> mixer-bus:A_*"), listed("deck-D:out_* -> mixer-bus:aux_*")}) == "aux");
    CHECK(strip_of_deck("deck-D", {listed("deck-D:out_l -> mixer-bus:mic_l")}) == "mic");
    CHECK(strip_of_deck("deck-D", {}) == "D");
}

// ---- the clock of another machine

namespace {

/// Answers of a deck whose server is `ahead` frames ahead: each names the first frame of its latest cycle, and takes
/// from `quickest` to `slowest` frames there and back, of which either way has any part on a quick network.
class FarDeck {
public:
    RemoteClock::Answer answer(std::int32_t ahead, int quickest, int slowest) {
        const int there_and_back = std::uniform_int_distribution{quickest, slowest}(random_);
        const int unequal = cycles_late > 0 ? there_and_back / 10 : there_and_back / 2;
        const int way = there_and_back / 2 + std::uniform_int_distribution{-unequal, unequal}(random_);
        // Counted from the beginning of a cycle here.
        const int asked = std::uniform_int_distribution{0, period - 1}(random_);
        const int begins_there = in_step ? cycles_late : std::uniform_int_distribution{0, period - 1}(random_);
        const int cycles = floor_of(asked + way - begins_there);
        const std::int32_t told = ahead + cycles + (in_step ? 0 : begins_there);
        const std::int32_t halfway = asked + there_and_back / 2;
        return {told - halfway, static_cast<double>(there_and_back),     period,
                told,           told - floor_of(asked + there_and_back), asked};
    }

    static constexpr int period = 256;
    std::int32_t cycles_late{0};  ///< its cycles wait for a packet for so long; either way takes about half the time
    bool in_step{true};           ///< each of its cycles is one of those here

private:
    /// The latest multiple of a period that is not after it.
    static int floor_of(int frames) { return static_cast<int>(std::floor(1.0 * frames / period)) * period; }

    std::minstd_rand random_{7};
};

constexpr double far_rate = 48'000.0;
constexpr std::int32_t millisecond = 48;

}  // namespace

TEST_CASE(
    "another machine's frames are known from a dozen answers, not before; exactly where its cycles are those here") {
    for (const std::int32_t ahead : {0, -7'000'000, 1'234'567}) {
        for (const bool in_step : {true, false}) {
            FarDeck deck;
            deck.in_step = in_step;
            RemoteClock clock;
            for (std::size_t i = 0; i + 1 < RemoteClock::enough; ++i) {
                clock.note(deck.answer(ahead, 5, 30), far_rate);
                CHECK_FALSE(clock.ahead());
            }
            for (int i = 0; i < 30; ++i) {
                clock.note(deck.answer(ahead, 5, 30), far_rate);
            }
            REQUIRE(clock.ahead());
            CHECK(std::abs(*clock.ahead() - ahead) <= (in_step ? 0 : millisecond));
        }
    }
}

TEST_CASE("a way of up to five milliseconds there, on which the cycles wait, too, makes no other cycle of it") {
    for (const std::int32_t way : {1, 3, 5}) {
        CAPTURE(way);
        FarDeck deck;
        deck.cycles_late = way * millisecond;
        RemoteClock clock;
        for (int i = 0; i < 400; ++i) {
            clock.note(deck.answer(77'000, 2 * way * millisecond, (2 * way + 1) * millisecond), far_rate);
            CHECK(clock.ahead().value_or(77'000) == 77'000);
        }
        CHECK(clock.ahead() == 77'000);
    }
}

TEST_CASE(
    "on a busy machine, where either way may take up to ten milliseconds alone, the cycle is still the right one") {
    for (const std::int32_t ahead : {0, 100'000, -3'000'001}) {
        FarDeck deck;
        RemoteClock clock;
        for (int i = 0; i < 200; ++i) {
            clock.note(deck.answer(ahead, 20, 10 * millisecond), far_rate);
            if (clock.ahead()) {
                CHECK(clock.ahead() == ahead);
            }
        }
        CHECK(clock.ahead() == ahead);
    }
}

TEST_CASE("answers that were long under way do not count while there are quicker ones") {
    FarDeck deck;
    RemoteClock clock;
    for (int i = 0; i < 60; ++i) {
        clock.note(i % 3 == 0 ? deck.answer(100'000, 400, 480) : deck.answer(100'000, 5, 30), far_rate);
    }
    REQUIRE(clock.ahead());
    CHECK(std::abs(*clock.ahead() - 100'000) <= millisecond);
}

TEST_CASE("a clock that began anew is found out anew, and a single stray answer changes nothing") {
    FarDeck deck;
    RemoteClock clock;
    const auto note = [&](std::int32_t ahead, int times) {
        for (int i = 0; i < times; ++i) {
            clock.note(deck.answer(ahead, 5, 30), far_rate);
        }
    };
    note(5'000, 40);
    note(900'000, 1);
    CHECK_FALSE(clock.ahead());  // until the next answer decides
    note(5'000, 1);
    REQUIRE(clock.ahead());
    CHECK(std::abs(*clock.ahead() - 5'000) <= millisecond);
    note(5'000, 5);
    note(900'000, 2);
    CHECK_FALSE(clock.ahead());
    note(900'000, 40);
    REQUIRE(clock.ahead());
    CHECK(std::abs(*clock.ahead() - 900'000) <= millisecond);
    // A cycle that was missed here: three periods.
    note(900'000 - 3 * FarDeck::period, 42);
    REQUIRE(clock.ahead());
    CHECK(std::abs(*clock.ahead() - 900'000 + 3 * FarDeck::period) <= millisecond);
}

TEST_CASE("a cycle that the server here left out misleads nobody for long, and an answer of a late cycle never "
          "does") {
    FarDeck deck;
    RemoteClock clock;
    const auto note = [&](std::int32_t ahead, int times) {
        for (int i = 0; i < times; ++i) {
            clock.note(deck.answer(ahead, 5, 30), far_rate);
        }
    };
    for (int round = 0; round < 50; ++round) {
        const std::int32_t before = -round * FarDeck::period;
        note(before, 40);
        REQUIRE(clock.ahead() == before);
        deck.cycles_late = FarDeck::period;  // one cycle there came late
        note(before, 1);
        deck.cycles_late = 0;
        CHECK(clock.ahead() == before);
        note(before, 1);
        CHECK(clock.ahead() == before);
        note(before - FarDeck::period, 24);
        CHECK(clock.ahead() == before - FarDeck::period);
    }
}

TEST_CASE("a cycle more there, run for packets out of order, moves no sound; those left out here afterwards do") {
    FarDeck deck;
    RemoteClock clock;
    const auto note = [&](std::int32_t ahead, int times) {
        for (int i = 0; i < times; ++i) {
            clock.note(deck.answer(ahead, 5, 30), far_rate);
        }
    };
    note(64'512, 40);
    for (const int more : {1, 2, 3}) {
        note(64'512 + more * FarDeck::period, 10);
        CHECK(clock.ahead() == 64'512);
    }
    note(64'512 + 2 * FarDeck::period, 40);
    CHECK(clock.ahead() == 64'512 - FarDeck::period);
    CHECK(clock.settled());
}

TEST_CASE("where one side leaves out cycles again and again the clock stays known, and is right again soon after") {
    FarDeck deck;
    RemoteClock clock;
    std::int32_t ahead = -271'360;
    for (int i = 0; i < 40; ++i) {
        clock.note(deck.answer(ahead, 5, 30), far_rate);
    }
    for (int storm = 0; storm < 50; ++storm) {
        for (int i = 0; i < 15; ++i) {
            ahead -= FarDeck::period * (1 + i % 3);
            for (int answer = 0; answer < 3; ++answer) {
                clock.note(deck.answer(ahead, 5, 200), far_rate);
                CHECK(clock.ahead().has_value());
            }
        }
        for (int i = 0; i < 24; ++i) {
            clock.note(deck.answer(ahead, 5, 30), far_rate);
        }
        CHECK(clock.ahead() == ahead);
    }
}

TEST_CASE("the last frame of a server that is gone, told again and again, is no part of the next server's clock") {
    FarDeck deck;
    RemoteClock clock;
    constexpr std::int32_t pause = 8'000;  // between two questions
    for (int i = 0; i < 30; ++i) {
        clock.note(deck.answer(-180'000, 5, 30), far_rate);
    }
    for (int stale = 1; stale < 40; ++stale) {
        clock.note(deck.answer(-180'000 - stale * pause, 5, 1'400), far_rate);
        RemoteClock begun_anew = clock;
        for (int i = 0; i < 30; ++i) {
            begun_anew.note(deck.answer(-500'000, 5, 30), far_rate);
            if (begun_anew.ahead()) {
                CHECK(begun_anew.ahead() == -500'000);
            }
        }
        CHECK(begun_anew.ahead() == -500'000);
    }
}

TEST_CASE("after a question without an answer nothing is known until the next one; if that fits, all is as before") {
    FarDeck deck;
    RemoteClock clock;
    for (int i = 0; i < 30; ++i) {
        clock.note(deck.answer(5'000, 5, 30), far_rate);
    }
    REQUIRE(clock.ahead());
    clock.doubt();
    CHECK_FALSE(clock.ahead());
    clock.note(deck.answer(5'000, 5, 30), far_rate);
    CHECK(clock.ahead() == 5'000);

    clock.doubt();
    clock.note(deck.answer(900'000, 5, 30), far_rate);  // and it counts from elsewhere
    CHECK_FALSE(clock.ahead());

    clock.forget();
    for (std::size_t i = 0; i < RemoteClock::enough; ++i) {
        CHECK_FALSE(clock.ahead());
        clock.note(deck.answer(5'000, 5, 30), far_rate);
    }
    CHECK(clock.ahead() == 5'000);
}
