// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "session/midi/control_value.hpp"
#include "session/midi/learning.hpp"
#include "session/midi/mapper.hpp"
#include "session/midi/midi_event.hpp"
#include "session/midi/midi_map.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::midi;
using std::string;

namespace {

RawMidi bytes(int status, int first, int second, std::int64_t frame = 0) {
    return {frame,
            {static_cast<std::uint8_t>(status), static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second)},
            3};
}
RawMidi cc(int number, int value, std::int64_t frame = 0) { return bytes(0xB0, number, value, frame); }
RawMidi note_on(int number, int velocity = 127, std::int64_t frame = 0) { return bytes(0x90, number, velocity, frame); }
RawMidi note_off(int number, std::int64_t frame = 0) { return bytes(0x80, number, 0, frame); }

/// A map at work, and all that came of it.
struct Bench {
    explicit Bench(const string& text)
        : map{parse_map(text, "test.toml")},
          mapper{map,
                 {[this](const Mapper::Wish& wish) { wishes.push_back(wish); },
                  [this](const RawMidi& message) { shown.push_back(message); }}} {}
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    MidiMap map;
    std::vector<Mapper::Wish> wishes;
    std::vector<RawMidi> shown;
    Mapper mapper;
};

string refusal_of(const string& text) {
    try {
        (void)parse_map(text, "test.toml");
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

string control(const string& lines) { return "[[control]]\n" + lines; }

}  // namespace

TEST_CASE("a control is written as it is read") {
    for (const char* text : {"note 1 60", "cc 16 127", "cc14 2 0 32", "relative 1 22", "relative-offset 3 4",
                             "relative-sign 1 0", "pitch 9", "program 1", "program 1 5"}) {
        CAPTURE(text);
        CHECK(parse_source(text).text() == text);
    }
    for (const char* text : {"", "cc", "cc 1", "cc 0 7", "cc 17 7", "cc 1 128", "cc 1 -1", "cc 1 7 8", "cc14 1 7",
                             "cc14 1 7 7", "note 1 x", "pitch", "pitch 1 2", "knob 1 2", "CC 1 2"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)parse_source(text), UsageError);
    }
}

TEST_CASE("each form of control says what it was moved to") {
    const auto read = [](const char* text, const std::vector<RawMidi>& messages) {
        SourceReader reader{parse_source(text)};
        std::optional<Gesture> last;
        for (const RawMidi& message : messages) {
            last = reader.read(message);
        }
        return last;
    };
    CHECK(read("cc 1 7", {cc(7, 127)})->position == 1.0);
    CHECK(read("cc 1 7", {cc(7, 0)})->position == 0.0);
    CHECK_FALSE(read("cc 1 7", {cc(8, 127)}));
    CHECK_FALSE(read("cc 2 7", {cc(7, 127)}));
    CHECK(read("cc14 1 0 32", {cc(0, 127), cc(32, 127)})->position == 1.0);
    CHECK(read("cc14 1 0 32", {cc(0, 64), cc(32, 1)})->position == doctest::Approx((64.0 * 128 + 1) / 16383.0));
    CHECK(read("cc14 1 0 32", {cc(0, 64)})->coarse_only);
    CHECK_FALSE(read("cc14 1 0 32", {cc(32, 64)}));  // half of nothing
    CHECK(read("relative 1 22", {cc(22, 1)})->steps == 1);
    CHECK(read("relative 1 22", {cc(22, 127)})->steps == -1);
    CHECK(read("relative-offset 1 22", {cc(22, 66)})->steps == 2);
    CHECK(read("relative-offset 1 22", {cc(22, 62)})->steps == -2);
    CHECK(read("relative-sign 1 22", {cc(22, 3)})->steps == 3);
    CHECK(read("relative-sign 1 22", {cc(22, 67)})->steps == -3);
    CHECK(read("pitch 1", {bytes(0xE0, 0, 64)})->position == doctest::Approx(8192.0 / 16383.0));
    CHECK(read("note 1 60", {note_on(60)})->pressed);
    CHECK_FALSE(read("note 1 60", {note_on(60, 0)})->pressed);  // a release in running status
    CHECK_FALSE(read("note 1 60", {note_off(60)})->pressed);
    CHECK(read("program 1", {{0, {0xC0, 5, 0}, 2}})->position == doctest::Approx(5.0 / 127.0));
    CHECK_FALSE(read("program 1 4", {{0, {0xC0, 5, 0}, 2}}));
}

TEST_CASE("what is shown on a control is what it would send from there") {
    for (const char* text : {"cc 1 7", "cc14 3 0 32", "pitch 2", "note 1 60"}) {
        for (const double position : {0.0, 0.25, 0.5, 1.0}) {
            CAPTURE(text);
            CAPTURE(position);
            std::array<RawMidi, 2> messages;
            const std::size_t count = shown_on(parse_source(text), position, messages);
            SourceReader reader{parse_source(text)};
            std::optional<Gesture> gesture;
            for (std::size_t i = 0; i < count; ++i) {
                gesture = reader.read(messages.at(i));
            }
            REQUIRE(gesture);
            CHECK(gesture->position == doctest::Approx(position).epsilon(0.5 / 127.0 + 1e-9));  // half a 7 bit step
        }
    }
}

TEST_CASE("every curve goes from one end to the other, never back, and is undone exactly") {
    for (const Curve curve : {Curve::linear, Curve::log, Curve::fader}) {
        for (const auto& [low, high] :
             {std::pair{0.0, 1.0}, std::pair{0.0, 4.0}, std::pair{1.0, 0.0}, std::pair{20.0, 20000.0}}) {
            const Scale scale{low, high, curve};
            CAPTURE(static_cast<int>(curve));
            CAPTURE(low);
            CAPTURE(high);
            CHECK(scale.value(0.0) == doctest::Approx(low));
            CHECK(scale.value(1.0) == doctest::Approx(high));
            double before = scale.value(0.0);
            for (int i = 1; i <= 127; ++i) {
                const double value = scale.value(i / 127.0);
                CHECK((value - before) * (high - low) >= 0.0);
                if (curve != Curve::fader || std::min(low, high) == 0.0) {
                    CHECK(scale.position(value) == doctest::Approx(i / 127.0).epsilon(1e-9));
                }
                before = value;
            }
        }
    }
    CHECK(Scale{0.0, 1.0, Curve::fader}.value(0.5) == doctest::Approx(std::pow(10.0, -30.0 / 20.0)));
    CHECK_THROWS_AS((void)parse_curve("round"), UsageError);
}

TEST_CASE("a fader that stands elsewhere moves nothing until it has come to where its parameter is") {
    Bench bench{control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\n")};
    bench.mapper.answered(0, {1.0}, 0.0);
    bench.mapper.heard(cc(7, 0), 1.0);
    bench.mapper.heard(cc(7, 60), 1.1);
    bench.mapper.heard(cc(7, 120), 1.2);
    CHECK(bench.wishes.empty());
    bench.mapper.heard(cc(7, 127), 1.3);
    REQUIRE(bench.wishes.size() == 1);
    CHECK(bench.wishes.front().arguments[0] == 1.0);
    bench.mapper.heard(cc(7, 100), 1.4);
    CHECK(bench.wishes.size() == 2);
    // Somebody else moves it: the fader has to catch it again, from whichever side.
    bench.mapper.answered(0, {0.25}, 3.0);
    bench.mapper.heard(cc(7, 90), 3.1);
    CHECK(bench.wishes.size() == 2);
    bench.mapper.heard(cc(7, 20), 3.2);  // past it in one go
    CHECK(bench.wishes.size() == 3);
}

TEST_CASE("what the fader itself did is no reason to let go of it") {
    Bench bench{control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\n")};
    bench.mapper.answered(0, {0.5}, 0.0);
    bench.mapper.heard(cc(7, 64), 1.0);
    bench.mapper.heard(cc(7, 80), 1.1);
    bench.mapper.answered(0, {0.5}, 1.2);  // an answer from before: too soon to be believed
    bench.mapper.answered(0, {80.0 / 127.0}, 2.0);
    bench.mapper.heard(cc(7, 90), 2.1);
    CHECK(bench.wishes.size() == 3);
}

TEST_CASE("with takeover jump a fader moves its parameter at once") {
    Bench bench{"takeover = \"jump\"\n" +
                control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\nrange = [0.0, 2.0]\n")};
    bench.mapper.answered(0, {1.0}, 0.0);
    bench.mapper.heard(cc(7, 127), 1.0);
    REQUIRE(bench.wishes.size() == 1);
    CHECK(bench.wishes.front().address == "/mixer/A/gain");
    CHECK(bench.wishes.front().arguments[0] == 2.0);
}

TEST_CASE("ten thousand events: each command has the frame of its note") {
    Bench bench{control("input = \"note 1 1\"\naddress = '/deck/A/start'\n") +
                control("input = \"note 1 2\"\naddress = \"/mixer/A/mute\"\non = \"hold\"\n") +
                control("input = \"cc 1 3\"\naddress = \"/mixer/A/gain\"\ntakeover = \"jump\"\n")};
    std::mt19937 random{7};              // the same events each time
    std::int64_t frame = 4'000'000'000;  // beyond 32 bits' half on the way
    std::vector<std::int64_t> expected;
    for (int i = 0; i < 10'000; ++i) {
        frame += static_cast<std::int64_t>(random() % 2000);
        const auto which = random() % 3;
        bench.mapper.heard(which == 0   ? note_on(1, 100, frame)
                           : which == 1 ? note_on(2, 100, frame)
                                        : cc(3, static_cast<int>(random() % 128), frame),
                           static_cast<double>(i));
        expected.push_back(frame);
    }
    REQUIRE(bench.wishes.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const Mapper::Wish& wish = bench.wishes[i];
        const Json& came = wish.arguments.back();
        const auto wanted = static_cast<std::int32_t>(static_cast<std::uint32_t>(expected[i]));
        REQUIRE(came == wanted);
        CHECK(wish.arguments.size() == (wish.address == R"(/deck/A/start)" ? 1U
                                        : wish.address == "/mixer/A/mute"  ? 2U
                                                                           : 3U));
    }
}

TEST_CASE("lead_ms puts the frame so much later") {
    Bench bench{"lead_ms = 10\n" + control("input = \"note 1 1\"\naddress = '/deck/A/start'\n")};
    bench.mapper.set_rate(48000.0);
    bench.mapper.heard(note_on(1, 100, 1000), 0.0);
    CHECK(bench.wishes.front().arguments[0] == 1480);
}

TEST_CASE("a switch goes the other way at each press, and its lamp shows what is") {
    Bench bench{control("input = \"note 1 8\"\noutput = \"note 1 8\"\naddress = \"/mixer/B/pfl\"\n")};
    bench.mapper.answered(0, {false}, 0.0);
    bench.mapper.heard(note_on(8), 1.0);
    bench.mapper.heard(note_off(8), 1.1);
    bench.mapper.heard(note_on(8), 1.2);
    REQUIRE(bench.wishes.size() == 2);
    CHECK(bench.wishes[0].arguments[0] == true);
    CHECK(bench.wishes[1].arguments[0] == false);
    bench.shown.clear();
    bench.mapper.answered(0, {1.0}, 5.0);  // on, as a mixer may also say it
    REQUIRE(bench.shown.size() == 1);
    CHECK(bench.shown[0].bytes == std::array<std::uint8_t, 3>{0x90, 8, 127});
    bench.mapper.answered(0, {true}, 6.0);
    CHECK(bench.shown.size() == 1);  // nothing new
    bench.mapper.forget_lamps();
    bench.mapper.answered(0, {true}, 7.0);
    CHECK(bench.shown.size() == 2);
}

TEST_CASE("with on = hold a switch is on while it is pressed") {
    Bench bench{control("input = \"note 1 8\"\naddress = \"/mixer/B/mute\"\non = \"hold\"\n")};
    bench.mapper.heard(note_on(8), 1.0);
    bench.mapper.heard(note_off(8), 1.1);
    REQUIRE(bench.wishes.size() == 2);
    CHECK(bench.wishes[0].arguments[0] == true);
    CHECK(bench.wishes[1].arguments[0] == false);
}

TEST_CASE("an encoder moves its parameter on from where it is, and not before that is known") {
    Bench bench{control("input = \"relative 1 22\"\naddress = \"/mixer/A/eq/low\"\nstep = 0.01\n")};
    bench.mapper.heard(cc(22, 1), 0.0);
    CHECK(bench.wishes.empty());
    bench.mapper.answered(0, {50.0}, 1.0);
    bench.mapper.heard(cc(22, 5), 1.1);
    bench.mapper.heard(cc(22, 127), 1.2);
    REQUIRE(bench.wishes.size() == 2);
    CHECK(bench.wishes[0].arguments[0].get<double>() == doctest::Approx(55.0));
    CHECK(bench.wishes[1].arguments[0].get<double>() == doctest::Approx(54.0));
    bench.mapper.answered(0, {99.9}, 5.0);
    bench.mapper.heard(cc(22, 63), 5.1);
    CHECK(bench.wishes.back().arguments[0].get<double>() == doctest::Approx(100.0));
}

TEST_CASE("a lamp is lit while a state is what it stands for") {
    Bench bench{control("output = \"note 1 11\"\naddress = '/deck/A/state'\nequals = \"playing\"\n")};
    REQUIRE(bench.mapper.questions().size() == 1);
    bench.mapper.answered(0, {"playing", "/x.wav"}, 0.0);
    bench.mapper.answered(0, {"stopped", "/x.wav"}, 1.0);
    REQUIRE(bench.shown.size() == 2);
    CHECK(bench.shown[0].bytes[2] == 127);
    CHECK(bench.shown[1].bytes[2] == 0);
}

TEST_CASE("a wrong map is refused with its line, the reason and the nearest right name") {
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = \"/mixer/A/gian\"\n")).find("did you mean /mixer/gain?") !=
          string::npos);
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\nrnage = [0, 1]\n")) ==
          "test.toml:4: unknown key 'rnage': did you mean range?");
    CHECK(refusal_of(control("input = \"cc 1 700\"\naddress = \"/mixer/A/gain\"\n"))
              .starts_with("test.toml:1: 'cc 1 700'"));
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\nrange = [0.0, 9.0]\n")).find("0 to 4") !=
          string::npos);
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = '/deck/gain'\n")).find(R"(/deck/A/gain)") != string::npos);
    CHECK(
        refusal_of(control("input = \"cc 1 7\"\naddress = '/deck/A/started'\n")).find("can be asked, but not moved") !=
        string::npos);
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = '/deck/A/cue'\n")).find("wants a text (path)") !=
          string::npos);
    CHECK(refusal_of(control("address = \"/mixer/A/gain\"\n")).find("needs an input") != string::npos);
    CHECK(refusal_of(control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\ncurve = \"round\"\n"))
              .find("linear, log or fader") != string::npos);
    CHECK(refusal_of("[[control]\n").starts_with("test.toml:1: "));
    CHECK(refusal_of("control = 3\n").find("[[control]]") != string::npos);
    CHECK(refusal_of("lead_ms = -1\n").find("lead_ms") != string::npos);
    CHECK(refusal_of("a = " + string(50'000, '[')).find("nested too deeply") != string::npos);
    string dotted = "a";
    for (int i = 0; i < 50'000; ++i) {
        dotted += ".a";
    }
    CHECK(refusal_of(dotted + " = 1\n").find("nested too deeply") != string::npos);
}

TEST_CASE("two controls that hear the same are said, and both work") {
    Bench bench{control("input = \"cc 1 7\"\naddress = \"/mixer/A/gain\"\ntakeover = \"jump\"\n") +
                control("input = \"cc14 1 7 39\"\naddress = \"/mixer/B/gain\"\ntakeover = \"jump\"\n")};
    REQUIRE(bench.map.conflicts.size() == 1);
    CHECK(bench.map.conflicts.front() ==
          "test.toml:5: cc14 1 7 39 moves /mixer/B/gain, but also /mixer/A/gain (test.toml:1)");
}

TEST_CASE("what was moved is recognised: buttons, faders, fine faders, encoders") {
    const auto moved = [](const std::vector<RawMidi>& messages) {
        Listener listener;
        for (const RawMidi& message : messages) {
            listener.heard(message, 1.0);
        }
        CHECK_FALSE(listener.rested(1.1));
        const auto source = listener.rested(2.0);
        return source ? source->text() : string{};
    };
    CHECK(moved({note_on(60), note_off(60)}) == "note 1 60");
    CHECK(moved({cc(7, 1), cc(7, 5), cc(7, 9), cc(7, 14), cc(7, 30)}) == "cc 1 7");
    CHECK(moved({cc(0, 1), cc(32, 5), cc(0, 2), cc(32, 0)}) == "cc14 1 0 32");
    CHECK(moved({cc(22, 1), cc(22, 1), cc(22, 1), cc(22, 127), cc(22, 1), cc(22, 1)}) == "relative 1 22");
    CHECK(moved({cc(22, 65), cc(22, 65), cc(22, 65), cc(22, 63), cc(22, 65), cc(22, 65)}) == "relative-offset 1 22");
    CHECK(moved({bytes(0xE3, 0, 64), bytes(0xE3, 0, 70)}) == "pitch 4");
    CHECK(moved({{0, {0xC0, 5, 0}, 2}}) == "program 1 5");
    CHECK(moved({note_off(60)}).empty());
    CHECK(moved({}).empty());
}

TEST_CASE("a map is learnt control by control, conflicts are said, and what was there stays") {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("learn-" + std::to_string(::getpid()) + ".toml");
    std::ofstream{file} << "# mine\ndevice = \"box\"\n";
    {
        Learner learner{file};
        CHECK(learner.answered("/mixer/A/gain") == "Move a control first.");
        learner.heard(cc(7, 3), 1.0);
        CHECK(learner.look(2.0)->starts_with("cc 1 7 was moved."));
        CHECK(learner.answered("/mixer/A/gani").find("did you mean") != string::npos);
        CHECK(learner.answered("/mixer/A/gain") == "Written: cc 1 7 moves /mixer/A/gain. Move the next control.");
        learner.heard(cc(7, 3), 3.0);
        CHECK(learner.look(4.0)->find("But cc 1 7 already moves /mixer/A/gain") != string::npos);
        CHECK(learner.answered("/mixer/B/gain").find("all the same") != string::npos);
        CHECK(learner.answered("/mixer/B/gain").starts_with("Written"));
        learner.heard(note_on(5), 5.0);
        (void)learner.look(6.0);
        CHECK(learner.answered("  /deck/A/start  ").starts_with("Written"));
        learner.heard(note_on(6), 7.0);
        (void)learner.look(8.0);
        CHECK(learner.answered("") == "Left out. Move the next control.");
    }
    const MidiMap map = load_map(file);
    CHECK(map.device == "box");
    REQUIRE(map.controls.size() == 3);
    CHECK(map.controls[2].address == R"(/deck/A/start)");
    std::ifstream input{file};
    string first;
    std::getline(input, first);
    CHECK(first == "# mine");
    std::filesystem::remove(file);
    CHECK_THROWS_AS((void)load_map(file), Failure);
}

TEST_CASE("the maps that come with the suite hold what they promise") {
    std::size_t maps = 0;
    for (const auto& entry : std::filesystem::directory_iterator{MIDI_MAPS}) {
        if (entry.path().extension() != ".toml") {
            continue;
        }
        CAPTURE(entry.path().string());
        const MidiMap map = load_map(entry.path());
        CHECK(map.conflicts.empty());
        CHECK_FALSE(map.device.empty());
        CHECK(map.controls.size() >= 10);
        ++maps;
    }
    CHECK(maps == 4);
}

TEST_CASE("every address of the Open Stage Control layout is understood") {
    std::ifstream input{OPEN_STAGE_CONTROL_LAYOUT};
    const Json layout = Json::parse(input);
    std::size_t controls = 0;
    for (const Json& widget : layout["content"]["widgets"]) {
        if (widget.contains("address")) {
            const auto address = widget["address"].get<string>();
            CAPTURE(address);
            const auto resolved = protocol::resolve(address);
            CHECK((resolved || protocol::description_of(address) != nullptr));
            ++controls;
        }
    }
    CHECK(controls > 30);
}
