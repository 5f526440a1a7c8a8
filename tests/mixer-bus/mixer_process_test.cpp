// SPDX-License-Identifier: GPL-3.0-or-later
// The mixer as JACK calls it, without JACK.
#include "mixer-bus/mixer_process.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/sanitizer.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::size_t strips = 4;

/// Calls a mixer with ports of its own.
class Caller {
public:
    explicit Caller(MixerProcess& process, std::uint32_t period = 256)
        : process_{process}, period_{period}, samples_(2 * strips + 4 + 4 * strips, Signal(period)) {
        for (auto& port : samples_) {
            ports_.push_back(port.data());
        }
    }
    /// Its buffer stays where it is: write into it, don't replace it.
    Signal& port(std::size_t i) { return samples_[i]; }
    [[nodiscard]] const Signal& master() const { return samples_[2 * strips]; }
    void call() {
        process_.process({JackFrame{frame_}, period_, false, ports_});
        frame_ += period_;
    }

private:
    MixerProcess& process_;
    std::uint32_t period_;
    std::int64_t frame_{1000};
    std::vector<Signal> samples_;
    std::vector<void*> ports_;
};

long minor_faults() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
}

/// So deep that whoever is called next finds its stack there.
[[gnu::noinline]] void touch_stack() {
    std::array<volatile char, 262144> stack{};
    for (std::size_t i = 0; i < stack.size(); i += 1024) {
        stack[i] = 1;
    }
}

}  // namespace

TEST_CASE("no cycle faults a page, not even the first that uses a queue, an EQ, a fade or the tap") {
    // The first only reads the code in.
    const auto first = std::make_unique<MixerProcess>(MixerSetup{.strips = strips});
    const auto second = std::make_unique<MixerProcess>(MixerSetup{.strips = strips});
    long faults = -1;
    for (auto* const process : {first.get(), second.get()}) {
        process->prepare({48000.0, 256});
        Caller caller{*process};
        for (std::size_t i = 0; i < 2 * strips; ++i) {
            std::ranges::copy(noise(256, static_cast<unsigned>(i)), caller.port(i).begin());
        }
        std::thread audio{[&] {
            touch_stack();  // JACK's threads have theirs locked
            (void)minor_faults();
            const long before = minor_faults();
            for (std::size_t i = 0; i < 4000; ++i) {
                process->send(MoveCommand{{i % strips, static_cast<StripParameter>(i % strip_parameter_count)},
                                          {Move::soonest, Frames{480}, 0.5F, FadeShape::linear}});
                if (i % 4 == 0) {
                    caller.call();
                }
            }
            faults = minor_faults() - before;
        }};
        audio.join();
    }
    MESSAGE("memory is ", std::string{second->locked() ? "locked" : "touched only"});
    if constexpr (!test::address_sanitizer && !test::thread_sanitizer) {  // their shadow memory faults by itself
        CHECK(faults == 0);
    }
}

TEST_CASE("at another rate the mixer has other filters and another tap, and keeps what it was told") {
    MixerProcess process{MixerSetup{.strips = strips}};
    process.prepare({48000.0, 256});
    const auto tap = process.tap();
    process.send(MoveCommand{{0, StripParameter::fader}, {Move::soonest, Frames{480}, 0.25F, FadeShape::linear}});
    Caller caller{process};
    for (int i = 0; i < 10; ++i) {
        caller.call();
    }
    process.prepare({96000.0, 256});
    CHECK(process.mixer().rate() == 96000.0);
    CHECK(process.tap() != tap);
    CHECK(process.tap()->rate() == 96000.0);
    std::ranges::fill(caller.port(0), 0.5F);
    std::ranges::fill(caller.port(1), 0.5F);
    caller.call();
    caller.call();
    CHECK(caller.master()[255] == 0.125F);
    process.prepare({96000.0, 512});
    CHECK(process.tap()->written() == 512);  // only the rate makes a new one
}

TEST_CASE("silence is counted once the master is down, and not before") {
    MixerProcess process{MixerSetup{.strips = strips}};
    process.prepare({48000.0, 256});
    Caller caller{process};
    caller.call();
    CHECK(process.silent_cycles() == 0);  // nothing plays, but the master is up
    std::ranges::fill(caller.port(0), 0.5F);
    std::ranges::fill(caller.port(1), 0.5F);
    process.send(
        MoveCommand{ParameterId{MixerParameter::master}, {Move::soonest, Frames{960}, 0.0F, FadeShape::smooth}});
    for (int i = 0; i < 4; ++i) {
        caller.call();
        CHECK(process.silent_cycles() == 0);
    }
    caller.call();  // the limiter's 64 frames
    caller.call();
    caller.call();
    CHECK(process.silent_cycles() >= 2);
}
