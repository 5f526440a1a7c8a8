// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/quantities.hpp"
#include "common/tempo_line.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace crowdjack;

namespace {

constexpr double rate = 48'000.0;

/// The integral of the BPM, frame by frame, by Simpson's rule: slow, and nothing like the closed form.
double integrated_beats(const TempoLine& line, std::int64_t from, std::int64_t to) {
    const auto bpm = [&](double frame) {
        const double ramp = static_cast<double>((line.to() - line.from()).value);
        const double x = frame - static_cast<double>(line.from().value);
        const double part = ramp > 0.0 ? std::fmin(std::fmax(x / ramp, 0.0), 1.0) : (x >= 0.0 ? 1.0 : 0.0);
        return line.from_bpm().value + part * (line.to_bpm().value - line.from_bpm().value);
    };
    double area = 0.0;
    for (std::int64_t frame = from; frame < to; ++frame) {
        const auto x = static_cast<double>(frame);
        area += (bpm(x) + 4.0 * bpm(x + 0.5) + bpm(x + 1.0)) / 6.0;
    }
    return area / (60.0 * rate);
}

/// A follower in small: each new line begins on the one before it, wherever that is by then.
class RandomDance {
public:
    explicit RandomDance(unsigned seed) : random_{seed} {}

    TempoLine next(const TempoLine& line) {
        const auto from = line.from() + Frames{std::uniform_int_distribution<std::int64_t>{1, 2'000'000}(random_)};
        const auto ramp = Frames{std::uniform_int_distribution<std::int64_t>{0, 3'000'000}(random_)};
        const auto bpm = line.bpm_at(from);
        return {from, line.beat_at(from), bpm, from + ramp, ramp.value == 0 ? bpm : Bpm{tempo_(random_)}, rate};
    }

private:
    std::mt19937 random_;
    std::uniform_real_distribution<double> tempo_{105.0, 130.0};
};

}  // namespace

TEST_CASE("a line's beat is the integral of its tempo: before, within and after the ramp") {
    const TempoLine line{JackFrame{10'000}, Beats{32.0}, Bpm{120.0}, JackFrame{90'000}, Bpm{130.0}, rate};
    for (const std::int64_t frame : {10'001, 30'000, 90'000, 130'000}) {
        CHECK(line.beat_at(JackFrame{frame}).value ==
              doctest::Approx(32.0 + integrated_beats(line, 10'000, frame)).epsilon(1e-12));
    }
    CHECK(line.beat_at(JackFrame{0}).value == doctest::Approx(32.0 - integrated_beats(line, 0, 10'000)).epsilon(1e-12));
    CHECK(line.bpm_at(JackFrame{0}).value == 120.0);
    CHECK(line.bpm_at(JackFrame{50'000}).value == doctest::Approx(125.0));
    CHECK(line.bpm_at(JackFrame{1'000'000'000}).value == 130.0);
}

TEST_CASE("120 to 130 BPM in 30 seconds passes 62.5 beats") {
    const TempoLine line{JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{1'440'000}, Bpm{130.0}, rate};
    CHECK(line.beat_at(JackFrame{1'440'000}).value == doctest::Approx(62.5).epsilon(1e-14));
}

TEST_CASE("a line without a ramp holds its second tempo from its first frame on") {
    const TempoLine line{JackFrame{500}, Beats{4.0}, Bpm{100.0}, JackFrame{500}, Bpm{140.0}, rate};
    CHECK(line.bpm_at(JackFrame{499}).value == 100.0);
    CHECK(line.bpm_at(JackFrame{500}).value == 140.0);
    CHECK(line.beat_at(JackFrame{500 + 48'000 * 60}).value == doctest::Approx(144.0));
}

TEST_CASE("the frame of a beat is the inverse of the beat of a frame, to a thousandth of a frame") {
    RandomDance dance{1};
    TempoLine line{JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{0}, Bpm{120.0}, rate};
    for (int i = 0; i < 2'000; ++i) {
        line = dance.next(line);
        for (const double offset : {-100'000.0, 0.0, 1.5, 777'777.25, 5e6}) {
            const double frame = static_cast<double>(line.from().value) + offset;
            REQUIRE(line.frame_of(line.beat_at(frame)) == doctest::Approx(frame).scale(1.0).epsilon(1e-3 / frame));
        }
    }
}

TEST_CASE("beat and tempo never jump across 10,000 random retargets") {
    RandomDance dance{2};
    TempoLine line{JackFrame{1'000}, Beats{7.0}, Bpm{120.0}, JackFrame{1'000}, Bpm{120.0}, rate};
    for (int i = 0; i < 10'000; ++i) {
        const TempoLine next = dance.next(line);
        // 1e-9 beats is 5e-7 s of music at 120: a fiftieth of a frame.
        REQUIRE(std::abs((next.beat_at(next.from()) - line.beat_at(next.from())).value) < 1e-9);
        REQUIRE(std::abs(next.bpm_at(next.from()).value - line.bpm_at(next.from()).value) < 1e-9);
        const JackFrame later = next.from() + Frames{1};
        REQUIRE((next.beat_at(later) - line.beat_at(next.from())).value > 0.0);
        line = next;
    }
}

TEST_CASE("after a day the beat is as exact as in the first second") {
    constexpr std::int64_t day = 48'000LL * 86'400;
    const TempoLine line{JackFrame{day}, Beats{172'800.0}, Bpm{120.0}, JackFrame{day}, Bpm{120.0}, rate};
    CHECK(std::abs((line.beat_at(JackFrame{day + 24'000}) - Beats{172'801.0}).value) < 1e-9);
}

TEST_CASE("a map plays each line from its first frame to the next one's") {
    TempoMap map;
    CHECK(map.empty());
    RandomDance dance{3};
    std::array<TempoLine, 10> lines;
    lines[0] = {JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{0}, Bpm{120.0}, rate};
    map.add(lines[0]);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        lines[i] = dance.next(lines[i - 1]);
        map.add(lines[i]);
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto first = lines[i].from();
        CHECK(map.beat_at(static_cast<double>(first.value)).value == lines[i].beat_at(first).value);
        const auto before = static_cast<double>(first.value) - 1.0;
        CHECK(map.beat_at(before).value == lines[i - 1].beat_at(before).value);
        const double middle = static_cast<double>(first.value) + 0.25;
        CHECK(map.frame_of(map.beat_at(middle)) == doctest::Approx(middle).epsilon(1e-10));
    }
}

TEST_CASE("a line that begins earlier than pending ones replaces them: the later word counts") {
    TempoMap map;
    const auto line = [](std::int64_t from, double bpm) {
        return TempoLine{JackFrame{from}, Beats{0.0}, Bpm{bpm}, JackFrame{from}, Bpm{bpm}, rate};
    };
    map.add(line(0, 100));
    map.add(line(1000, 110));
    map.add(line(2000, 120));
    map.add(line(1000, 90));
    CHECK(map.size() == 2);
    CHECK(map.bpm_at(JackFrame{5000}).value == 90.0);
}

TEST_CASE("sixteen pending lines are kept, a seventeenth replaces the last pending") {
    TempoMap map;
    for (std::int64_t i = 0; i < 25; ++i) {
        const Bpm bpm{100.0 + static_cast<double>(i)};
        map.add({JackFrame{i * 1000}, Beats{0.0}, bpm, JackFrame{i * 1000}, bpm, rate});
    }
    CHECK(map.size() == TempoMap::capacity);
    CHECK(map.bpm_at(JackFrame{16'500}).value == 116.0);
    CHECK(map.bpm_at(JackFrame{100'000}).value == 124.0);
}

TEST_CASE("forgetting the past keeps the line in force and the one before it") {
    TempoMap map;
    for (std::int64_t i = 0; i < 6; ++i) {
        const Bpm bpm{100.0 + static_cast<double>(i)};
        map.add({JackFrame{i * 1000}, Beats{0.0}, bpm, JackFrame{i * 1000}, bpm, rate});
    }
    map.forget_before(JackFrame{3500});
    CHECK(map.size() == 4);
    CHECK(map.bpm_at(JackFrame{2500}).value == 102.0);
    CHECK(map.bpm_at(JackFrame{3500}).value == 103.0);
    CHECK(map.bpm_at(JackFrame{5500}).value == 105.0);
}

TEST_CASE("the next bar is at or after the asked frame, and on it when it falls there") {
    TempoMap map;
    map.add({JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{0}, Bpm{120.0}, rate});
    CHECK(map.next_multiple(4.0, JackFrame{1}) == doctest::Approx(96'000.0));
    CHECK(map.next_multiple(4.0, JackFrame{96'000}) == doctest::Approx(96'000.0));
    CHECK(map.next_multiple(1.0, JackFrame{96'001}) == doctest::Approx(120'000.0));
    // A line that comes into force before the bar moves it.
    map.add({JackFrame{48'000}, Beats{2.0}, Bpm{60.0}, JackFrame{48'000}, Bpm{60.0}, rate});
    CHECK(map.next_multiple(4.0, JackFrame{1}) == doctest::Approx(144'000.0));
}

TEST_CASE("a 32-bit frame means the nearest 64-bit one, across every wrap") {
    constexpr std::int64_t wrap = std::int64_t{1} << 32;
    CHECK(unwrap(5, JackFrame{wrap - 3}).value == wrap + 5);
    CHECK(unwrap(0xFFFF'FFFFU, JackFrame{wrap + 2}).value == wrap - 1);
    std::mt19937_64 random{4};
    for (int i = 0; i < 100'000; ++i) {
        const auto near = static_cast<std::int64_t>(random() % (1ULL << 50U));
        const auto distance = static_cast<std::int64_t>(random() % (1ULL << 31U)) - (std::int64_t{1} << 30);
        const JackFrame frame{near + distance};
        REQUIRE(unwrap(wire_frame(frame), JackFrame{near}) == frame);
    }
}

TEST_CASE("gain and decibels are each other's inverse, and silence is minus infinity") {
    CHECK(to_gain(Decibels{0.0}).value == 1.0F);
    CHECK(to_gain(Decibels{-20.0}).value == doctest::Approx(0.1F));
    CHECK(to_decibels(0.5).value == doctest::Approx(-6.0206));
    CHECK(to_decibels(0.0).value == -std::numeric_limits<double>::infinity());
}
