// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/left_out_frames.hpp"
#include "mixer-bus/loudness.hpp"
#include "mixer-bus/tap.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Writes frames whose left sample is their place (exact in a float for 2^24 frames) and whose right is its negative.
void write_counted(Tap& tap, std::int64_t frame, std::size_t frames, std::size_t period = 128) {
    Signal left(period);
    Signal right(period);
    for (std::size_t at = 0; at < frames; at += period) {
        const std::size_t run = std::min(period, frames - at);
        for (std::size_t i = 0; i < run; ++i) {
            left[i] = static_cast<float>(tap.written() + static_cast<std::int64_t>(i));
            right[i] = -left[i];
        }
        tap.write(JackFrame{frame + static_cast<std::int64_t>(at)}, std::span{left}.first(run),
                  std::span{right}.first(run));
    }
}

struct Heard {
    std::int64_t frames{}, lost{};
    bool in_order{true};
    std::int64_t next{-1};
};

void hear(TapReader& reader, Heard& heard, std::size_t chunk = 500) {
    Signal buffer(2 * chunk);
    for (auto part = reader.read(buffer); part.frames > 0 || part.lost > 0; part = reader.read(buffer)) {
        heard.lost += part.lost;
        if (heard.next >= 0) {
            heard.next += part.lost;
        }
        for (std::size_t i = 0; i < part.frames; ++i) {
            const auto place = static_cast<std::int64_t>(buffer[2 * i]);
            if (heard.next < 0) {
                heard.next = place;
            }
            heard.in_order = heard.in_order && place == heard.next && buffer[2 * i + 1] == -buffer[2 * i];
            ++heard.next;
            ++heard.frames;
        }
    }
}

}  // namespace

TEST_CASE("a reader from now on misses nothing when the clock starts anew before its first frame") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 500'000, 4800);
    TapReader reader{tap, tap->now()};
    write_counted(*tap, 0, 4800);  // a new server counts from 0: on the old code this waited for its frame 504,800
    Heard heard;
    hear(reader, heard);
    CHECK(heard.frames == 4800);
    CHECK(heard.next == 9600);
    CHECK(heard.in_order);
}

TEST_CASE("the tap holds sixteen seconds") {
    const Tap tap{48000.0};
    CHECK(tap.capacity() == 16 * 48000);
    if (!tap.locked()) {
        MESSAGE("this system refuses to lock the tap's 6 MB");
    }
}

TEST_CASE("a reader gets every frame from the one it asked for, ten seconds ago or three to come") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 5000, 48000 * 12);
    TapReader past{tap, JackFrame{5000 + 48000 * 2}};
    TapReader future{tap, JackFrame{5000 + 48000 * 15 + 17}};
    Heard from_past;
    Heard from_future;
    hear(past, from_past);
    hear(future, from_future);
    CHECK(from_future.frames == 0);
    CHECK_FALSE(future.attached());
    write_counted(*tap, 5000 + 48000 * 12, 48000 * 5);
    hear(past, from_past);
    hear(future, from_future);
    CHECK(from_past.in_order);
    CHECK(from_past.frames == 48000 * 15);
    CHECK(from_past.lost == 0);
    CHECK(from_past.next == 48000 * 17);
    CHECK(from_future.in_order);
    CHECK(from_future.frames == 48000 * 2 - 17);
}

TEST_CASE("a reader ends before the very frame it was told") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 100, 1000);
    TapReader reader{tap, JackFrame{200}};
    reader.end_at(JackFrame{1777});
    Heard heard;
    hear(reader, heard);
    CHECK_FALSE(reader.at_end());
    write_counted(*tap, 1100, 1000);
    hear(reader, heard);
    CHECK(reader.at_end());
    CHECK(heard.frames == 1577);
}

TEST_CASE("a reader that fell behind learns exactly how many frames it lost and goes on") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 0, 1000);
    TapReader reader{tap, JackFrame{0}};
    Heard heard;
    hear(reader, heard);
    write_counted(*tap, 1000, 48000 * 30);
    hear(reader, heard);
    CHECK(heard.in_order);
    CHECK(heard.lost == 48000 * 30 - 48000 * 14);
    CHECK(heard.frames + heard.lost == 48000 * 30 + 1000);
    CHECK(reader.lost() == heard.lost);
    CHECK(reader.dropouts() == 1);
}

TEST_CASE("a clock that jumps keeps every frame's time right") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 0, 1000);
    write_counted(*tap, 49000, 1000);  // a second was stalled away
    CHECK(tap->clock_jumps() == 1);
    CHECK(tap->position_of(JackFrame{999}) == 999);
    CHECK(tap->position_of(JackFrame{20000}) == 1000);  // never was: the first after it
    CHECK(tap->position_of(JackFrame{49100}) == 1100);
    CHECK(tap->frame_at(1100) == JackFrame{49100});
    CHECK(tap->now() == JackFrame{50000});
    write_counted(*tap, 64, 1000);  // another server
    CHECK(tap->position_of(JackFrame{65}) == 2001);
}

TEST_CASE("a clock that jumps with each of a second's cycles keeps every frame's time right, and tells all jumps") {
    const auto tap = std::make_shared<Tap>(48000.0);
    constexpr std::int64_t cycles = 750;  // of 64 frames
    for (std::int64_t cycle = 0; cycle < cycles; ++cycle) {
        write_counted(*tap, cycle * 128, 64);  // every other one is left out
    }
    CHECK(tap->clock_jumps() == cycles - 1);
    CHECK(tap->frame_at(10) == JackFrame{10});
    CHECK(tap->position_of(JackFrame{130}) == 66);
    LeftOutFrames left_out;
    for (const Tap::Jump& jump : tap->jumps_after(0)) {
        CHECK(left_out.add(jump));
    }
    CHECK(left_out.take().cycles == 0);
    CHECK(left_out.take().frames == Frames{(cycles - 1) * 64});
}

TEST_CASE("a new clock that counts further is no hole, and one that happens to go on where the old one ended is told") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 0, 1000);
    write_counted(*tap, 2000, 1000);  // a cycle was left out
    tap->begin_new_clock();
    write_counted(*tap, 150000, 1000);
    tap->begin_new_clock();
    write_counted(*tap, 151000, 1000);
    const auto jumps = tap->jumps_after(0);
    REQUIRE(jumps.size() == 3);
    CHECK_FALSE(jumps[0].new_clock);
    CHECK(jumps[1].new_clock);
    CHECK(jumps[2].new_clock);
    CHECK(jumps[2].expected == jumps[2].came);
    CHECK(tap->position_of(JackFrame{151500}) == 3500);
}

TEST_CASE("a frame that the clock says too early and puts right with the next cycle is no hole") {
    LeftOutFrames left_out;
    const auto step = [&](std::int64_t frames, std::int64_t position) {
        return left_out.add({{10'000}, {10'000 + frames}, position, false});
    };
    // A look tells of the one before: what was left out just before its end may be put right just after.
    const auto both_looks = [&] {
        const auto earlier = left_out.take();
        CHECK(earlier.cycles == 0);
        return left_out.take();
    };
    // As PipeWire did at 44.1 kHz: back by half a cycle, forward by as much.
    for (std::int64_t i = 0; i < 5; ++i) {
        CHECK(step(-128, 1000 * i));
        CHECK(step(128, 1000 * i + 256));
    }
    CHECK(both_looks().cycles == 0);
    // Or the other way round.
    CHECK(step(128, 6000));
    CHECK(step(512, 6256));
    CHECK(step(-128, 6512));
    CHECK(both_looks().frames == Frames{512});
    // The step forward may come a look later, and leave out a cycle besides.
    CHECK(step(-64, 7000));
    CHECK(left_out.take().cycles == 0);
    CHECK(step(64 + 256, 8000));
    CHECK(step(512, 9000));
    const auto hole = both_looks();
    CHECK(hole.cycles == 2);
    CHECK(hole.frames == Frames{256 + 512});
    CHECK(hole.position == 8000);
    CHECK(left_out.take().cycles == 0);
    // Or the step back.
    CHECK(step(128, 9100));
    CHECK(step(256, 9200));
    CHECK(left_out.take().cycles == 0);
    CHECK(step(-128, 9300));
    CHECK(left_out.take().frames == Frames{256});
    CHECK(left_out.take().cycles == 0);
    // Further back than a cycle it is another clock, in which nothing is to be put right.
    CHECK(step(-64, 10'000));
    CHECK_FALSE(step(-150'000, 11'000));
    CHECK(step(64, 12'000));
    CHECK(both_looks().frames == Frames{64});
    CHECK_FALSE(left_out.add({{10'000}, {10'000}, 13'000, true}));
}

TEST_CASE("while readers come, go and stall, the writer never waits and what they hear is exact") {
    const auto tap = std::make_shared<Tap>(48000.0, Seconds{0.5});
    std::atomic<bool> stop{false};
    std::atomic<bool> fine{true};
    std::atomic<std::int64_t> heard_in_all{0};
    write_counted(*tap, 0, 128);
    const auto read_along = [&](std::size_t chunk, bool stalls) {
        while (!stop.load()) {
            TapReader reader{tap, tap->now()};
            Heard heard;
            for (int turn = 0; turn < 50 && !stop.load(); ++turn) {
                Signal buffer(2 * chunk);
                const auto part = reader.read(buffer);
                heard.lost += part.lost;
                for (std::size_t i = 0; i < part.frames; ++i) {
                    if (buffer[2 * i + 1] != -buffer[2 * i] || (i > 0 && buffer[2 * i] != buffer[2 * i - 2] + 1.0F)) {
                        fine = false;
                    }
                }
                heard_in_all += static_cast<std::int64_t>(part.frames);
                if (stalls && turn % 10 == 9) {
                    const auto until = tap->written() + tap->capacity() * 2;
                    while (tap->written() < until && !stop.load()) {
                        std::this_thread::yield();
                    }
                }
            }
        }
    };
    std::thread quick{read_along, 256, false};
    std::thread slow{read_along, 5000, true};
    while (tap->written() < (1 << 23)) {  // as fast as it goes: hundreds of laps
        write_counted(*tap, tap->written(), 1280);
    }
    stop = true;
    quick.join();
    slow.join();
    CHECK(fine.load());
    CHECK(heard_in_all.load() > 0);
}

TEST_CASE("a freewheeling writer is told to wait for a reader that must not lose anything") {
    const auto tap = std::make_shared<Tap>(48000.0);
    write_counted(*tap, 0, 1000);
    {
        TapReader recorder{tap, JackFrame{0}, true};
        const TapReader streamer{tap, JackFrame{0}, false};
        write_counted(*tap, 1000, 48000 * 16 - 1000);
        CHECK(tap->must_wait(1));
        Heard heard;
        hear(recorder, heard);
        CHECK_FALSE(tap->must_wait(1));
    }
    write_counted(*tap, 48000 * 16, 48000 * 16);
    CHECK_FALSE(tap->must_wait(1));  // the recorder is gone
}

TEST_CASE("loudness of a -20 dBFS sine at 1 kHz is -20 LUFS in both channels, without having listened before") {
    const auto tap = std::make_shared<Tap>(48000.0);
    LoudnessMeter meter;
    CHECK(std::isinf(meter.momentary(tap)));
    const Signal tone = sine_wave(997.0, 48000 * 3, 0.1);
    tap->write(JackFrame{0}, tone, tone);
    CHECK(meter.momentary(tap) == doctest::Approx(-20.0).epsilon(0.005));  // EBU Tech 3341, case 1, 3 dB up
}
