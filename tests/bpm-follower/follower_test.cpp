// SPDX-License-Identifier: GPL-3.0-or-later
// The running follower under a JACK server of the test's own: what decks, gear and people get from it.
#include "bpm-follower/bbt.hpp"
#include "tests/bpm-follower/ear.hpp"
#include "tests/bpm-follower/stand_in.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/undisturbed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

const std::string client = "bpm-follower";

/// The follower of the build tree, with the real-time trap armed.
struct Follower {
    Follower(const JackServer& server, std::vector<std::string> arguments = {}) : server_name{server.name()} {
        std::vector<std::string> command{program_path("crowdjack-bpm-follower"), "--server", server_name, "--osc-port",
                                         "0"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        process = std::make_unique<Process>(command, armed({{}, {}, std::getenv("FOLLOWER_ECHO") != nullptr, false}));
        // The entry of one that was killed just before may still stand there until this one has taken it.
        REQUIRE_MESSAGE(process->wait_for_line("crowdjack-bpm-follower: the line ").has_value(), process->output());
        url = wait_for_client(server_name, client);
    }

    void move(double value, const std::string& address = at::dance_total_movement) {
        person.send(url, address, {static_cast<float>(value)});
    }
    OscReceived ask(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = person.request(url, address, arguments);
        REQUIRE_MESSAGE(answer.has_value(), address);
        return *answer;
    }
    [[nodiscard]] double bpm() { return ask(at::tempo_state).number(0); }
    [[nodiscard]] double target() { return ask(at::tempo_state).number(1); }
    [[nodiscard]] double movement() { return ask(at::tempo_state).number(3); }
    [[nodiscard]] std::string mode() { return ask(at::tempo_state).text(4); }
    [[nodiscard]] bool reaches(double wanted) {
        return eventually([&] { return target() == wanted; });
    }

    std::string server_name;
    std::unique_ptr<Process> process;
    std::string url;
    OscClient person;
};

bool is_line(const OscReceived& message) { return message.address == at::tempo_line && message.arguments.size() == 6; }

std::size_t count_in(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("the line reaches decks, mixer, subscribers and --send-to before it begins, again and again") {
    const JackServer server;
    StandIn deck{server.name(), "deck-A", "deck"};
    StandIn mixer{server.name(), "mixer-bus", "mixer-bus"};
    OscClient dashboard;
    Follower follower{server, {"--send-to", dashboard.url()}};
    OscClient subscriber;
    REQUIRE(subscriber.request(follower.url, at::subscribe).has_value());
    REQUIRE(deck.osc.wait_for(is_line).has_value());
    REQUIRE(mixer.osc.wait_for(is_line).has_value());

    const auto mark = deck.osc.count();
    const auto commanded_at = server.frame();
    CHECK(follower.ask(at::tempo_set, {126.0}).is_reply_to(at::tempo_set));
    const auto set = deck.osc.wait_for(
        [](const OscReceived& message) { return is_line(message) && message.number(5) == 126.0; }, mark);
    const auto heard_at = server.frame();
    REQUIRE(set.has_value());
    const auto line = WireLine::of(*set);
    CHECK(line.bpm0 == 120.0);
    CHECK(line.f0 > heard_at);                // every deck has it before it begins
    CHECK(line.f0 - commanded_at <= 12'000);  // and not more than 250 ms after the command
    for (auto* other : {&mixer.osc, &dashboard, &subscriber}) {
        CHECK(other
                  ->wait_for([&](const OscReceived& message) {
                      return is_line(message) && static_cast<std::int32_t>(message.number(0)) == line.serial;
                  })
                  .has_value());
    }
    CHECK(dashboard.wait_for([](const OscReceived& m) { return m.address == at::audio_bpm && m.number(0) == 126.0; })
              .has_value());
    CHECK(subscriber.wait_for(at::audio_bpm).has_value());

    // Twice a second, the same line: nothing new is invented.
    const auto before = deck.lines().size();
    REQUIRE(eventually([&] { return deck.lines().size() >= before + 4; }));
    CHECK(deck.lines().back().serial == line.serial);
    CHECK(deck.lines().back().f0 == line.f0);

    // A newcomer is told as soon as it is in the registry.
    StandIn late{server.name(), "deck-B", "deck"};
    REQUIRE(late.osc.wait_for(is_line).has_value());
    CHECK(late.lines().front().serial == line.serial);
    CHECK(follower.process->terminate() == 0);
}

TEST_CASE("every spelling of movement is heard, and only the total moves the tempo") {
    const JackServer server;
    Follower follower{server};
    for (const auto* address :
         {"/dance/arm", at::dance_arms, "/dance/arm_movement", "/dance/arms_movement", "/dance/leg", at::dance_legs,
          "/dance/leg_movement", "/dance/legs_movement", at::dance_head, "/dance/head_movement", "/movement/arms",
          "/movement/legs", "/movement/head", "/arms", "/legs", "/head", "/dance/pose/person/3/keypoints",
          "/pose/keypoints"}) {
        follower.move(0.9, address);
    }
    follower.person.send(follower.url, at::dance_person_count, {7});
    CHECK(follower.movement() == 0.0);
    CHECK(follower.target() == 120.0);
    // As i, h, f and d alike.
    follower.person.send(follower.url, at::dance_total_movement, {1});
    CHECK(follower.reaches(130.0));
    for (int i = 0; i < 5; ++i) {
        follower.person.send(follower.url, at::dance_total_movement, {0.12});
    }
    CHECK(follower.reaches(118.0));
    CHECK(follower.person.received(at::error).empty());
    CHECK(follower.person.request(follower.url, "/dance/nonsense")->is_error_of("/dance/nonsense"));
}

TEST_CASE("percent is found out by ten reports and said once; --unit settles it") {
    const JackServer server;
    {
        Follower follower{server};
        for (int i = 0; i < 10; ++i) {
            follower.move(37.5);
        }
        CHECK(follower.reaches(124.0));
        CHECK(follower.movement() == doctest::Approx(0.375));
        CHECK(follower.ask(at::tempo_unit).text(3) == "percent");
        for (int i = 0; i < 5; ++i) {
            follower.move(1.0);
        }
        CHECK(follower.reaches(105.0));  // 1 is 1 % by now
        CHECK(follower.process->terminate() == 0);
        CHECK(count_in(follower.process->output(), "movement comes in percent") == 1);
        CHECK(count_in(follower.process->output(), "warning") == 1);
    }
    Follower raw{server, {"--unit", "raw:800"}};
    raw.move(300);
    CHECK(raw.reaches(124.0));
    CHECK(count_in(raw.process->output(), "percent") == 0);
}

TEST_CASE("the unit is asked for and settled at run time, and a killed follower remembers it") {
    const JackServer server;
    {
        Follower follower{server};
        const auto before = follower.ask(at::tempo_unit);
        CHECK(before.address == at::tempo_unit);
        CHECK(before.text(0) == "fraction");
        CHECK(before.number(1) == 1.0);
        CHECK(before.text(2) == "auto");
        CHECK(follower.ask(at::tempo_unit, {std::string{"raw"}, 800.0}).is_reply_to(at::tempo_unit));
        follower.move(300);
        CHECK(follower.reaches(124.0));
        CHECK(follower.ask(at::tempo_unit, {std::string{"percent"}}).is_reply_to(at::tempo_unit));
        follower.move(60);
        CHECK(follower.reaches(130.0));  // what came before was read in another unit and is forgotten
        for (const std::vector<OscValue>& wrong :
             {std::vector<OscValue>{std::string{"raw"}}, {std::string{"raw"}, -1.0}, {std::string{"furlong"}}, {1.0}}) {
            CHECK(follower.ask(at::tempo_unit, wrong).is_error_of(at::tempo_unit));
        }
        const auto state = registry_of(server.name()) / (client + ".state");
        REQUIRE(eventually([&] {
            const std::string text = text_of(state);
            return text.find("\"unit\": \"percent\"") != std::string::npos;
        }));
        follower.process->kill_hard();
    }
    Follower again{server, {"--resume"}};
    const auto unit = again.ask(at::tempo_unit);
    CHECK(unit.text(0) == "percent");
    CHECK(unit.text(2) == "settled");
    again.move(37.5);
    CHECK(again.reaches(124.0));
}

TEST_CASE("zones are heard at any prefix and mixed as asked, and the follower says what it heard and refused") {
    const JackServer server;
    Follower follower{server, {"--zones", "max", "--zone-weight", "cam2=0.5"}};
    follower.move(0.375, "/cam1/total_movement");
    follower.move(0.6, "/cam2/total_movement");
    follower.move(0.9, "/cam3/arm_movement");  // limbs move no tempo
    follower.move(-0.5, "/cam1/total_movement");
    follower.person.send(follower.url, "/cam1/total_movement", {std::string{"much"}});
    CHECK(follower.reaches(124.0));
    for (const auto* pose : {"/dance/person/0/keypoints", "/cam2/pose/person/3/keypoints"}) {
        follower.move(0.0, pose);
    }
    const auto health = follower.ask(at::tempo_health);
    const auto value = [&](const std::string& name) {
        for (std::size_t i = 0; i + 1 < health.arguments.size(); i += 2) {
            if (health.text(i) == name) {
                return health.number(i + 1);
            }
        }
        return -1.0;
    };
    CHECK(value("reports") == 3.0);
    CHECK(value("reports_refused") == 2.0);
    CHECK(value("messages_refused") == 2.0);
    CHECK(value("addresses_unknown") == 0.0);
    CHECK(value("zones") == 2.0);
    CHECK(value("zone_cam1") == doctest::Approx(0.375));
    CHECK(value("zone_cam2") == doctest::Approx(0.6));
    CHECK(follower.person.received(at::error).empty());
}

TEST_CASE("a jump steps the tempo and leaves the crowd in the lead; /dummy is answered and does nothing") {
    const JackServer server;
    Follower follower{server};
    CHECK(follower.ask(at::tempo_jump, {124.0F}).is_reply_to(at::tempo_jump));
    REQUIRE(eventually([&] { return follower.bpm() == 124.0; }));
    CHECK(follower.mode() == "follow");
    follower.move(0.45);
    CHECK(follower.reaches(126.0));
    CHECK(follower.ask(at::tempo_jump, {2.0}).is_error_of(at::tempo_jump));
    CHECK(follower.ask(at::dummy).is_reply_to(at::dummy));
    CHECK(follower.target() == 126.0);
}

TEST_CASE("commands are answered, questions are answered at their address, nonsense is refused") {
    const JackServer server;
    Follower follower{server};
    CHECK(follower.ask(at::set_tempo, {126.0F}).is_reply_to(at::set_tempo));
    CHECK(follower.mode() == "manual");
    CHECK(follower.ask(at::tempo_set, {static_cast<std::int32_t>(124), 3.0}).is_reply_to(at::tempo_set));
    CHECK(follower.ask(at::tempo_set).number(0) == 124.0);
    CHECK(follower.ask(at::tempo_hold).address == at::tempo_hold);
    CHECK(follower.ask(at::tempo_hold, {true}).is_reply_to(at::tempo_hold));
    CHECK(follower.mode() == "hold");
    CHECK(follower.ask(at::tempo_hold, {0}).is_reply_to(at::tempo_hold));
    CHECK(follower.mode() == "follow");
    CHECK(follower.ask(at::tempo_tap).is_reply_to(at::tempo_tap));
    CHECK(follower.ask(at::tempo_nudge, {0.01}).is_reply_to(at::tempo_nudge));
    const auto state = follower.ask(at::tempo_state);
    REQUIRE(state.arguments.size() == 6);
    CHECK(std::holds_alternative<double>(state.arguments[0]));
    CHECK(std::holds_alternative<double>(state.arguments[1]));
    CHECK(std::holds_alternative<double>(state.arguments[2]));
    CHECK(std::holds_alternative<float>(state.arguments[3]));
    CHECK(std::holds_alternative<std::string>(state.arguments[4]));
    CHECK(std::holds_alternative<std::int32_t>(state.arguments[5]));
    CHECK(follower.ask(at::tempo_line).arguments.size() == 6);

    const std::vector<std::pair<std::string, std::vector<OscValue>>> wrong{{at::tempo_set, {std::string{"fast"}}},
                                                                           {at::tempo_set, {0.0}},
                                                                           {at::tempo_set, {1e9}},
                                                                           {at::tempo_set, {120.0, -1.0}},
                                                                           {at::set_tempo, {-120.0}},
                                                                           {at::tempo_hold, {std::string{"on"}}},
                                                                           {at::tempo_nudge, {}},
                                                                           {at::tempo_nudge, {99.0}},
                                                                           {at::tempo_tap, {1, 2}}};
    for (const auto& [address, arguments] : wrong) {
        const auto answer = follower.ask(address, arguments);
        CHECK_MESSAGE(answer.is_error_of(address), answer.shown());
        CHECK(answer.number(1) == 1.0);
    }
}

TEST_CASE("taps soon after the server stood still give the tempo they were tapped in") {
    JackServer server;
    Follower follower{server};
    using Clock = std::chrono::steady_clock;
    undisturbed([&] {
        follower.ask(at::tempo_set, {120.0});
        server.process().signal(SIGSTOP);
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
        server.process().signal(SIGCONT);
        REQUIRE(server.wait_for_frame(server.frame() + 4'800));

        constexpr int taps = 4;
        Clock::time_point first;
        Clock::time_point last;
        std::chrono::duration<double> slowest{0.0};
        double heard = 0.0;
        const auto first_frame = server.frame();
        for (int i = 0; i < taps; ++i) {
            const auto tapped = Clock::now();
            const auto answer = follower.ask(at::tempo_tap);
            slowest = std::max(slowest, std::chrono::duration<double>(Clock::now() - tapped));
            first = i == 0 ? tapped : first;
            last = tapped;
            heard = i + 1 == taps ? answer.number(1) : 0.0;
            std::this_thread::sleep_for(std::chrono::milliseconds{400});
        }
        const double seconds = std::chrono::duration<double>(last - first).count();
        const double meant = 60.0 * (taps - 1) / seconds;
        // What the server stood still again is in no frame.
        const double stood = std::chrono::duration<double>(Clock::now() - first).count() -
                             (server.frame() - first_frame) / static_cast<double>(server.rate());
        std::this_thread::sleep_for(std::chrono::milliseconds{2600});  // a pause after which taps begin anew
        if (slowest.count() > 0.005 || stood > 0.005) {
            return false;
        }
        CHECK(heard == doctest::Approx(meant).epsilon(0.01));
        return true;
    });
}

TEST_CASE("the MIDI clock ticks on the frame the line gives each tick, through a ramp") {
    undisturbed([] {
        const JackServer server;
        StandIn deck{server.name(), "deck-A", "deck"};
        Ear ear{server.name()};
        Follower follower{server};
        REQUIRE(follower.process->wait_for_line("the line begins").has_value());
        server.connect("bpm-follower:midi_clock", "ear:in");
        follower.ask(at::tempo_set, {140.0, 3.0});
        REQUIRE(server.wait_for_frame(server.frame() + 5 * 48'000));
        const auto tempo = deck.tempo();
        std::size_t ticks = 0;
        std::size_t skipped = 0;
        double worst = 0.0;
        std::uint32_t last = 0;
        bool in_order = true;
        for (std::size_t i = 0; i < ear.heard_count(); ++i) {
            const auto& heard = ear.heard(i);
            if (heard.bytes[0] != 0xF8) {
                continue;
            }
            const double tick = std::round(tempo.beat_at(static_cast<double>(heard.frame)).value * 24.0);
            worst = std::max(worst, std::abs(tempo.frame_of(Beats{tick / 24.0}) - static_cast<double>(heard.frame)));
            if (last != 0) {
                const double before = std::round(tempo.beat_at(static_cast<double>(last)).value * 24.0);
                in_order = in_order && tick > before;
                skipped += static_cast<std::size_t>(tick - before) - 1;
            }
            last = heard.frame;
            ++ticks;
        }
        if (ear.xruns() > 0 && (!in_order || skipped > 0 || worst > 1.0 || ticks <= 5 * 48)) {
            return false;
        }
        CHECK(ticks > 5 * 48);
        CHECK(in_order);
        CHECK(worst <= 1.0);
        CHECK(skipped == 0);
        // Started on a bar, stopped at the end.
        REQUIRE(ear.count_of(0xFA) == 1);
        CHECK(follower.process->terminate() == 0);
        CHECK(ear.count_of(0xFC) == 1);
        return true;
    });
}

TEST_CASE("the MIDI clock stops, continues and starts again with JACK's transport") {
    const JackServer server;
    Ear ear{server.name()};
    Follower follower{server};
    REQUIRE(follower.process->wait_for_line("the line begins").has_value());
    server.connect("bpm-follower:midi_clock", "ear:in");
    // Whoever is patched in late is started on a bar all the same.
    REQUIRE(eventually([&] { return ear.count_of(0xFA) == 1; }));
    Ear second{server.name(), "second"};
    server.connect("bpm-follower:midi_clock", "second:in");
    REQUIRE(eventually([&] { return second.count_of(0xFB) == 1; }));
    CHECK(ear.count_of(0xFA) == 1);
    jack_transport_start(ear.client());
    REQUIRE(eventually([&] { return ear.count_of(0xFA) == 2; }));  // from the top
    jack_transport_stop(ear.client());
    REQUIRE(eventually([&] { return ear.count_of(0xFC) == 1; }));
    jack_transport_start(ear.client());
    REQUIRE(eventually([&] { return ear.count_of(0xFB) == 2; }));
    CHECK(ear.count_of(0xF2) == 2);
    jack_transport_stop(ear.client());
}

TEST_CASE("as timebase master it fills bar, beat and tick in every cycle of a rolling transport") {
    const JackServer server;
    StandIn deck{server.name(), "deck-A", "deck"};
    Follower follower{server, {"--timebase"}};
    Ear ear{server.name()};
    follower.ask(at::tempo_set, {140.0, 2.0});
    jack_transport_start(ear.client());
    REQUIRE(eventually(
        [&] { return ear.look_count() > 0 && ear.look(ear.look_count() - 1).state == JackTransportRolling; }));
    REQUIRE(server.wait_for_frame(server.frame() + 3 * 48'000));
    jack_transport_stop(ear.client());
    const auto tempo = deck.tempo();
    std::size_t rolling = 0;
    std::size_t invalid = 0;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < ear.look_count(); ++i) {
        const auto& [frame, state, position] = ear.look(i);
        if (state != JackTransportRolling) {
            continue;
        }
        ++rolling;
        invalid += (position.valid & JackPositionBBT) != 0 ? 0U : 1U;
        const auto meant = BarBeatTick::of(tempo.beat_at(static_cast<double>(frame)));
        const bool right = position.bar == meant.bar && position.beat == meant.beat && position.tick == meant.tick &&
                           std::abs(position.beats_per_minute - tempo.bpm_at(JackFrame{frame}).value) < 1e-6;
        wrong += right ? 0U : 1U;
    }
    CHECK(invalid == 0);
    CHECK(rolling > 1000);
    // The position is made a cycle ahead: where the server's clock jumps (an xrun), that one cycle's is the old
    // clock's.
    CHECK(wrong <= ear.xruns());
}

TEST_CASE("a follower follows another one's MIDI clock, and JACK's transport, in tempo and in bar") {
    for (const auto* clock : {"midi", "transport"}) {
        CAPTURE(clock);
        const JackServer server;
        const bool midi = std::string{clock} == "midi";
        Follower leader{server, midi ? std::vector<std::string>{} : std::vector<std::string>{"--timebase"}};
        leader.ask(at::tempo_set, {126.0});
        Process process{{program_path("crowdjack-bpm-follower"), "--server", server.name(), "--osc-port", "0",
                         "--client-name", "second", "--follow-clock", clock},
                        armed()};
        REQUIRE(process.wait_for_line("crowdjack-bpm-follower: the line ").has_value());
        const auto second = wait_for_client(server.name(), "second");
        const Ear ear{server.name()};
        if (midi) {
            REQUIRE(jack_connect(ear.client(), "bpm-follower:midi_clock", "second:clock_in") == 0);
        } else {
            jack_transport_start(ear.client());
        }
        REQUIRE(process.wait_for_line("an outside clock leads").has_value());
        OscClient person;
        person.send(second, at::dance_total_movement, {0.0F});  // nobody asks the crowd
        const auto settled = [&] {
            const auto theirs = leader.ask(at::tempo_state);
            const auto ours = person.request(second, at::tempo_state);
            REQUIRE(ours.has_value());
            CHECK(ours->text(4) == "clock");
            // The two are asked a moment apart: 0.03 beats are 14 ms.
            return std::abs(ours->number(0) - 126.0) < 0.1 &&
                   std::abs(std::remainder(ours->number(2) - theirs.number(2), 4.0)) < 0.06;
        };
        CHECK(eventually(settled, Deadline{30'000}));
    }
}

TEST_CASE("limbs move the mixer's EQ with --eq, and it is left flat at the end") {
    const JackServer server;
    StandIn mixer{server.name(), "mixer-bus", "mixer-bus"};
    StandIn deck{server.name(), "deck-A", "deck"};
    Follower follower{server, {"--eq", "--eq-floor", "30"}};
    follower.move(0.0, "/legs");
    follower.move(0.5, "/dance/arms_movement");
    follower.move(1.0, "/movement/head");
    const auto is_eq = [](const OscReceived& message) { return message.address == at::mixer_eq_all; };
    const auto moved = mixer.osc.wait_for([&](const OscReceived& m) {
        return is_eq(m) && m.number(1) == 30.0 && m.number(2) == 40.0 && m.number(3) == 50.0;
    });
    REQUIRE(moved.has_value());
    CHECK(moved->text(0) == "A");
    const auto mark = mixer.osc.count();
    CHECK(follower.process->terminate() == 0);
    const auto flat = mixer.osc.wait_for(is_eq, mark);
    REQUIRE(flat.has_value());
    CHECK(flat->number(1) == 50.0);
}

TEST_CASE("a detector that stops, restarts, changes its port or sees nobody does what the manual says") {
    const JackServer server;
    Follower follower{server, {"--stale-after", "1"}};
    follower.move(0.375);
    CHECK(follower.reaches(124.0));
    // Stops: base tempo, said once.
    REQUIRE(follower.process->wait_for_line("no movement report").has_value());
    CHECK(follower.mode() == "stale");
    CHECK(follower.target() == 120.0);
    // Restarts, from another port: followed again at once.
    OscClient restarted;
    restarted.send(follower.url, at::dance_total_movement, {0.8F});
    REQUIRE(follower.process->wait_for_line("movement is reported again").has_value());
    CHECK(follower.reaches(130.0));
    CHECK(follower.mode() == "follow");
    // Nobody: counting to nought is no movement, so the tempo stays until it is stale, then goes to the base.
    restarted.send(follower.url, at::dance_person_count, {0});
    CHECK(follower.target() == 130.0);
    REQUIRE(eventually([&] {
        restarted.send(follower.url, at::dance_person_count, {0});
        return follower.mode() == "stale";
    }));
    CHECK(eventually([&] { return count_in(follower.process->output(), "no movement report") == 2; }));
}

TEST_CASE("a restarted follower goes on with the line a deck plays") {
    const JackServer server;
    StandIn deck{server.name(), "deck-A", "deck"};
    auto follower = std::make_unique<Follower>(server);
    follower->ask(at::tempo_set, {126.0, 20.0});
    REQUIRE(deck.osc.wait_for([](const OscReceived& m) { return is_line(m) && m.number(5) == 126.0; }).has_value());
    follower->process->kill_hard();
    const auto playing = deck.tempo();
    const auto last = deck.lines().back();

    const auto mark = deck.osc.count();
    std::vector<std::string> command{program_path("crowdjack-bpm-follower"), "--server", server.name(), "--osc-port",
                                     "0"};
    Process again{command, armed()};
    const auto question = deck.osc.wait_for(
        [](const OscReceived& message) { return message.address == at::tempo_line && message.arguments.empty(); },
        mark);
    REQUIRE(question.has_value());
    // It asks before it is in the registry, from the port it will answer on.
    REQUIRE(again.wait_for_line(" ready ").has_value());
    const auto url = wait_for_client(server.name(), client);
    deck.osc.send(url, at::tempo_line,
                  {last.serial, static_cast<std::int32_t>(last.f0), last.b0, last.bpm0,
                   static_cast<std::int32_t>(last.f1), last.bpm1});
    REQUIRE(again.wait_for_line("the line goes on").has_value());
    const auto taken_up = deck.osc.wait_for(is_line, mark);
    REQUIRE(taken_up.has_value());
    const auto line = WireLine::of(*taken_up);
    CHECK(line.serial == last.serial);
    CHECK(line.f0 == last.f0);
    CHECK(line.b0 == last.b0);
    OscClient person;
    CHECK(person.request(url, at::tempo_set, {120.0})->is_reply_to(at::tempo_set));
    const auto next = deck.osc.wait_for([](const OscReceived& m) { return is_line(m) && m.number(5) == 120.0; }, mark);
    REQUIRE(next.has_value());
    const auto after = WireLine::of(*next);
    CHECK(after.serial == last.serial + 1);
    CHECK(std::abs(after.b0 - playing.beat_at(static_cast<double>(after.f0)).value) < 1e-9);
    CHECK(std::abs(after.bpm0 - playing.bpm_at(JackFrame{after.f0}).value) < 1e-9);
}

TEST_CASE("without a deck to ask, --resume goes on with the line and the mode of the state file") {
    const JackServer server;
    std::int32_t serial = 0;
    OscClient listener;
    TempoMap before;
    {
        Follower follower{server, {"--send-to", listener.url()}};
        follower.ask(at::tempo_set, {127.0, 10.0});
        const auto set = listener.wait_for([](const OscReceived& m) { return is_line(m) && m.number(5) == 127.0; });
        REQUIRE(set.has_value());
        serial = WireLine::of(*set).serial;
        before.add(WireLine::of(*set).line());
        const auto state = registry_of(server.name()) / (client + ".state");
        REQUIRE(eventually([&] {
            const std::string text = text_of(state);
            return text.find("\"serial\": " + std::to_string(serial) + ",") != std::string::npos;
        }));
        follower.process->kill_hard();
    }
    listener.forget();
    Follower follower{server, {"--resume", "--send-to", listener.url()}};
    REQUIRE(follower.process->wait_for_line("the line goes on").has_value());
    const auto line = listener.wait_for(
        [&](const OscReceived& m) { return is_line(m) && static_cast<std::int32_t>(m.number(0)) == serial; });
    REQUIRE(line.has_value());
    CHECK(follower.mode() == "manual");
    const auto frame = WireLine::of(*line).f0 + 48'000.0;
    CHECK(WireLine::of(*line).line().beat_at(frame).value == before.beat_at(frame).value);

    // Giving the lead back makes no new line while nobody moves, but the next life must know of it.
    follower.ask(at::tempo_hold, {false});
    CHECK(eventually([&] {
        const std::string text = text_of(registry_of(server.name()) / (client + ".state"));
        return text.find("\"mode\": \"follow\"") != std::string::npos;
    }));
}

TEST_CASE("after the server's death the last beat and tempo come again in its new frames") {
    JackServer server;
    OscClient listener;
    Follower follower{server, {"--send-to", listener.url()}};
    follower.ask(at::tempo_set, {126.0, 60.0});
    REQUIRE(listener.wait_for([](const OscReceived& m) { return is_line(m) && m.number(5) == 126.0; }).has_value());
    const auto state = follower.ask(at::tempo_state);
    server.kill_hard();
    REQUIRE(follower.process->wait_for_line("the line waits").has_value());
    const auto mark = listener.count();
    server.restart();
    const auto again = listener.wait_for(is_line, mark);
    REQUIRE(again.has_value());
    const auto line = WireLine::of(*again);
    CHECK(line.serial == static_cast<std::int32_t>(state.number(5)) + 1);
    // Between the question and the server's death some time passed, some 10 beats a minute faster at the end.
    CHECK(line.b0 >= state.number(2));
    CHECK(line.b0 < state.number(2) + 20.0);
    CHECK(line.bpm0 == doctest::Approx(state.number(0)).epsilon(0.01));
    CHECK(line.bpm1 == 126.0);
    CHECK(line.f1 > line.f0);
    CHECK(follower.mode() == "manual");
}

TEST_CASE("a replayed trace drives the line, and is written down as it is heard") {
    const JackServer server;
    const TemporaryFolder folder;
    {
        std::ofstream trace{folder / "dance.csv"};
        trace << "time,value\n0,0.375\n50,0.8\n60,0.8\n70,0.8\n";
    }
    Follower follower{server, {"--replay", folder / "dance.csv", "--speed", "20", "--trace-out", folder / "night.csv"}};
    REQUIRE(follower.reaches(124.0));
    follower.move(0.0);  // the network is not heard meanwhile
    REQUIRE(follower.process->wait_for_line("the trace is over").has_value());
    CHECK(follower.target() == 130.0);
    follower.ask(at::tempo_set, {111.0});
    CHECK(follower.process->terminate() == 0);
    const std::string text = text_of(folder / "night.csv");
    CHECK(count_in(text, ",report,") == 4);
    CHECK(count_in(text, ",set,111,") == 1);
    CHECK(count_in(text, ",target,") >= 2);
}

TEST_CASE("a picture is drawn without any server, and wrong use is said in one line") {
    const TemporaryFolder folder;
    {
        std::ofstream trace{folder / "dance.csv"};
        trace << "0,0.3\n5,0.5\n";
    }
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), program_path("crowdjack-bpm-follower"));
        Process process{arguments};
        return std::pair{process.wait(), process.output()};
    };
    CHECK(run({"--replay", folder / "dance.csv", "--plot", folder / "dance.svg"}).first == 0);
    CHECK(std::filesystem::file_size(folder / "dance.svg") > 1000);
    CHECK(run({"--replay", folder / "none.csv", "--plot", folder / "x.svg"}).first == 1);
    const std::vector<std::vector<std::string>> wrong{{"--unit", "furlongs"},
                                                      {"--plot", "x.svg"},
                                                      {"--base", "0"},
                                                      {"--stale-after", "nan"},
                                                      {"--send-to", "http://x"},
                                                      {"--eq-floor", "70"},
                                                      {"--bpm-config", "/nowhere"},
                                                      {"--speed", "2"},
                                                      {"--follow-clock", "x"},
                                                      {"--link", "x"},
                                                      {"--zones", "some"},
                                                      {"--zone-weight", "x"},
                                                      {"--replai", "x"}};
    for (const auto& arguments : wrong) {
        auto command = arguments;
        command.insert(command.begin(), program_path("crowdjack-bpm-follower"));
        Process process{command};
        CHECK_MESSAGE(process.wait_for_line(arguments.front()).has_value(), process.output());
        CHECK(process.wait() == 2);
        CHECK(process.lines().size() == 1);
    }
}
