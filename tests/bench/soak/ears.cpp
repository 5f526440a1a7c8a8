// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/ears.hpp"

#include "tests/bench/place_code.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack::test::soak {

namespace {

constexpr float slope = 1.0F / 1'048'576.0F;   ///< a frame; small, so that a resampler's error stays below a frame
constexpr std::int64_t quarter = 24'000;       ///< frames from the middle to a turn
constexpr std::int64_t blind = 64;             ///< frames of the slope beside a turn, which a resampler rounds
constexpr std::int64_t shortest_silence = 16;  ///< frames; music passes through 0, but does not stay there
constexpr auto relaxed = std::memory_order_relaxed;

void add(std::atomic<std::int64_t>& sum, std::int64_t more) { sum.store(sum.load(relaxed) + more, relaxed); }

}  // namespace

bool ClockLog::take(const JackProbe::Cycle& cycle) noexcept {
    const bool whole = next_ < 0 || cycle.frame == next_;
    if (!whole) {
        const auto count = count_.load(relaxed);
        if (count < most) {
            skips_[count] = {next_, cycle.frame};
            count_.store(count + 1, std::memory_order_release);
        }
        skipped_.fetch_add(cycle.frame - next_, relaxed);
    }
    next_ = cycle.frame + cycle.frames;
    return whole;
}

std::vector<ClockLog::Skip> ClockLog::skips() const {
    const auto count = static_cast<std::ptrdiff_t>(count_.load(std::memory_order_acquire));
    return {skips_.begin(), skips_.begin() + count};
}

Marker::Marker(const std::string& server)
    : probe_{server, "marker", 0, 1, [this](const JackProbe::Cycle& cycle) {
                 clock_.take(cycle);
                 for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                     cycle.outputs[0][i] = PlaceCode::value(cycle.frame + i);
                 }
             }} {}

std::vector<float> slopes(std::size_t frames) {
    std::vector<float> samples(frames);
    for (std::size_t i = 0; i < frames; ++i) {
        const auto at = static_cast<std::int64_t>(i) % (4 * quarter);
        const auto height = at < quarter ? at : at < 3 * quarter ? 2 * quarter - at : at - 4 * quarter;
        samples[i] = static_cast<float>(height) * slope;
    }
    return samples;
}

DeckEars::DeckEars(const std::string& server, const std::vector<std::string>& outputs)
    : silences_(most_silences), probe_{server, "ears", decks, 0, [this](const JackProbe::Cycle& cycle) {
                                           hear(cycle);
                                       }} {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        probe_.connect(outputs[i], probe_.input(i));
    }
}

void DeckEars::hear(const JackProbe::Cycle& cycle) {
    const bool whole = clock_.take(cycle);
    if (!listening_.load(std::memory_order_acquire)) {
        return;
    }
    for (std::size_t i = 0; i < decks; ++i) {
        Ear& ear = ears_[i];
        const float* samples = cycle.inputs[i];
        add(ear.frames, cycle.frames);
        look_for_silence(i, samples, cycle);
        const bool sounds = std::any_of(samples, samples + cycle.frames, [](float x) { return x != 0.0F; });
        if (sounds && std::equal(samples, samples + cycle.frames, ear.before.begin(), ear.before.end())) {
            add(ear.repeated, cycle.frames);
        }
        ear.before.assign(samples, samples + cycle.frames);  // grows once
        if (i == 0) {
            follow_slope(ear, samples, cycle.frames, whole);
        }
    }
}

void DeckEars::look_for_silence(std::size_t deck, const float* samples, const JackProbe::Cycle& cycle) {
    Ear& ear = ears_[deck];
    for (std::uint32_t k = 0; k < cycle.frames; ++k) {
        if (samples[k] == 0.0F) {
            ++ear.run;
            continue;
        }
        const auto run = std::exchange(ear.run, 0);
        if (run >= shortest_silence) {
            add(ear.silent, run);
            if (const auto at = silence_count_.load(relaxed); at < most_silences) {
                silences_[at] = {deck, cycle.frame + k - run, run};
                silence_count_.store(at + 1, std::memory_order_release);
            }
        }
    }
}

std::vector<DeckEars::Silence> DeckEars::silences() const {
    const auto count = static_cast<std::ptrdiff_t>(silence_count_.load(std::memory_order_acquire));
    return {silences_.begin(), silences_.begin() + count};
}

/// @param whole  no frame of the clock is missing before these
void DeckEars::follow_slope(Ear& ear, const float* samples, std::uint32_t frames, bool whole) {
    ear.follows = ear.follows && whole;
    for (std::uint32_t k = 0; k < frames; ++k) {
        if (std::fabs(samples[k]) > static_cast<float>(quarter - blind) * slope) {
            add(ear.unseen, 1);
        } else if (ear.follows) {
            const float steps = std::fabs(samples[k] - ear.last) / slope;
            add(ear.jumps, steps > 0.5F && steps < 1.5F ? 0 : 1);
        }
        ear.follows = std::fabs(samples[k]) <= static_cast<float>(quarter - blind) * slope;
        ear.last = samples[k];
    }
}

DeckEars::Heard DeckEars::heard(std::size_t deck) const {
    const Ear& ear = ears_.at(deck);
    return {ear.frames.load(relaxed), ear.silent.load(relaxed), ear.repeated.load(relaxed), ear.jumps.load(relaxed),
            ear.unseen.load(relaxed)};
}

}  // namespace crowdjack::test::soak
