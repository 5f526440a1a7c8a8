// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/isolator.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crowdjack {

namespace {

constexpr std::size_t block_frames = 64;  ///< a block of all lanes stays in the first-level cache

/// Lanes hold channels: left, right, left, right, …
template <std::size_t Lanes>
struct LaneType {
    using Vector [[gnu::vector_size(Lanes * sizeof(double))]] = double;
};
template <std::size_t Lanes>
using Vector = typename LaneType<Lanes>::Vector;

template <std::size_t Lanes>
struct Block {
    std::array<Vector<Lanes>, block_frames> x, low, rest, mid;
};

/// Gains that rest: one value for every frame.
template <std::size_t Lanes>
struct SteadyGains {
    Vector<Lanes> low_gain{}, mid_less_high_gain{}, high_gain{};

    [[gnu::always_inline]] void load(std::span<const IsolatorJob> jobs, std::size_t /*at*/,
                                     std::size_t /*frames*/) noexcept {
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            const auto& gains = jobs[std::min(lane / 2, jobs.size() - 1)].steady;
            low_gain[lane] = static_cast<double>(gains[0]);
            mid_less_high_gain[lane] = static_cast<double>(gains[1]) - static_cast<double>(gains[2]);
            high_gain[lane] = static_cast<double>(gains[2]);
        }
    }
    [[gnu::always_inline]] void ends(Vector<Lanes>& sum, const Vector<Lanes>& low, const Vector<Lanes>& high,
                                     std::size_t /*i*/) const noexcept {
        sum = low_gain * low + high_gain * high;
    }
    [[gnu::always_inline]] void blend(Vector<Lanes>& x, const Vector<Lanes>& ends, const Vector<Lanes>& mid,
                                      std::size_t /*i*/) const noexcept {
        x = ends + mid_less_high_gain * mid;
    }
};

/// Gains and a blend that move with every frame.
template <std::size_t Lanes>
struct MovingGains {
    std::array<Vector<Lanes>, block_frames> low_gain, mid_less_high_gain, high_gain, wet;

    [[gnu::always_inline]] void load(std::span<const IsolatorJob> jobs, std::size_t at, std::size_t frames) noexcept {
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            const IsolatorJob& job = jobs[std::min(lane / 2, jobs.size() - 1)];
            const auto gain = [&](std::size_t band, std::size_t i) {
                return static_cast<double>(job.moving[band] == nullptr ? job.steady[band] : job.moving[band][at + i]);
            };
            for (std::size_t i = 0; i < frames; ++i) {
                low_gain[i][lane] = gain(0, i);
                mid_less_high_gain[i][lane] = gain(1, i) - gain(2, i);
                high_gain[i][lane] = gain(2, i);
                wet[i][lane] = job.wet == nullptr ? 1.0 : static_cast<double>(job.wet[at + i]);
            }
        }
    }
    [[gnu::always_inline]] void ends(Vector<Lanes>& sum, const Vector<Lanes>& low, const Vector<Lanes>& high,
                                     std::size_t i) const noexcept {
        sum = low_gain[i] * low + high_gain[i] * high;
    }
    [[gnu::always_inline]] void blend(Vector<Lanes>& x, const Vector<Lanes>& ends, const Vector<Lanes>& mid,
                                      std::size_t i) const noexcept {
        x += wet[i] * (ends + mid_less_high_gain[i] * mid - x);
    }
};

// Lanes go by reference: by value their calling convention would depend on the processor compiled for.

/// x becomes (1 + z^-1)^2 x / (1 + a1 z^-1 + a2 z^-2)
template <typename V>
[[gnu::always_inline]] inline void low_pass(const IsolatorCoefficients::Section& c, std::array<V, 2>& z,
                                            V& x) noexcept {
    const V y = x + z[0];
    z[0] = (x + x + z[1]) - c.a1 * y;
    z[1] = x - c.a2 * y;
    x = y;
}

/// x becomes (a2 + a1 z^-1 + z^-2) x / (1 + a1 z^-1 + a2 z^-2)
template <typename V>
[[gnu::always_inline]] inline void all_pass(const IsolatorCoefficients::Section& c, std::array<V, 2>& z,
                                            V& x) noexcept {
    const V y = c.a2 * x + z[0];
    z[0] = c.a1 * (x - y) + z[1];
    z[1] = x - c.a2 * y;
    x = y;
}

/// One crossover over a block: four low-pass sections into `low`, two allpass sections minus that into `rest`. The two
/// chains are independent, so one hides the other's latency.
template <typename V, std::size_t N>
[[gnu::always_inline]] inline void split(const IsolatorCoefficients::Crossover& c, std::array<std::array<V, 2>, 6>& z,
                                         const std::array<V, N>& in, std::array<V, N>& low, std::array<V, N>& rest,
                                         std::size_t frames) noexcept {
    for (std::size_t half = 0; half < 2; ++half) {
        auto first = z[2 * half];
        auto second = z[2 * half + 1];
        auto allpass = z[4 + half];
        for (std::size_t i = 0; i < frames; ++i) {
            V l = half == 0 ? V{in[i] * c.scale} : low[i];
            V a = half == 0 ? in[i] : rest[i];
            low_pass(c.sections[0], first, l);
            low_pass(c.sections[1], second, l);
            all_pass(c.sections[half], allpass, a);
            low[i] = l;
            rest[i] = half == 0 ? a : a - l;
        }
        z[2 * half] = first;
        z[2 * half + 1] = second;
        z[4 + half] = allpass;
    }
}

template <typename V>
struct LaneState {
    std::array<std::array<V, 2>, 6> low, high;  ///< of each crossover: four low-pass sections, two allpass
};

/// The upper crossover with the band gains: mid alone through its low-pass, low and high together through its allpass.
template <std::size_t Lanes, typename Gains>
[[gnu::always_inline]] inline void join(const IsolatorCoefficients::Crossover& c,
                                        std::array<std::array<Vector<Lanes>, 2>, 6>& z, Block<Lanes>& block,
                                        const Gains& gains, std::size_t frames) noexcept {
    using V = Vector<Lanes>;
    for (std::size_t half = 0; half < 2; ++half) {
        auto first = z[2 * half];
        auto second = z[2 * half + 1];
        auto allpass = z[4 + half];
        for (std::size_t i = 0; i < frames; ++i) {
            V m = half == 0 ? V{block.rest[i] * c.scale} : block.mid[i];
            V a = block.low[i];
            if (half == 0) {
                gains.ends(a, block.low[i], block.rest[i], i);
            }
            low_pass(c.sections[0], first, m);
            low_pass(c.sections[1], second, m);
            all_pass(c.sections[half], allpass, a);
            block.mid[i] = m;
            block.low[i] = a;
        }
        z[2 * half] = first;
        z[2 * half + 1] = second;
        z[4 + half] = allpass;
    }
    for (std::size_t i = 0; i < frames; ++i) {
        gains.blend(block.x[i], block.low[i], block.mid[i], i);
    }
}

/// Visits every remembered pair of a lane state beside its place in IsolatorState.
template <typename V, typename Visit>
[[gnu::always_inline]] inline void each_section(LaneState<V>& z, const Visit& visit) noexcept {
    for (std::size_t i = 0; i < z.low.size(); ++i) {
        visit(z.low[i], i);
        visit(z.high[i], z.low.size() + i);
    }
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void load(LaneState<Vector<Lanes>>& z, std::span<const IsolatorJob> jobs) noexcept {
    each_section(z, [&](auto& pair, std::size_t section) {
        for (std::size_t lane = 0; lane < Lanes; ++lane) {  // spare lanes repeat the last strip, unheard
            const auto& state = (*jobs[std::min(lane / 2, jobs.size() - 1)].state)[lane % 2];
            pair[0][lane] = state.z[section][0];
            pair[1][lane] = state.z[section][1];
        }
    });
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void store(LaneState<Vector<Lanes>>& z, std::span<const IsolatorJob> jobs) noexcept {
    each_section(z, [&](auto& pair, std::size_t section) {
        for (std::size_t lane = 0; lane < 2 * jobs.size(); ++lane) {
            (*jobs[lane / 2].state)[lane % 2].z[section] = {pair[0][lane], pair[1][lane]};
        }
    });
}

template <std::size_t Lanes, typename Gains>
[[gnu::always_inline]] inline void run_blocks(const IsolatorCoefficients& c, std::span<const IsolatorJob> jobs,
                                              std::size_t frames) noexcept {
    LaneState<Vector<Lanes>> z;
    load<Lanes>(z, jobs);
    Block<Lanes> block;
    Gains gains;
    for (std::size_t at = 0; at < frames; at += block_frames) {
        const std::size_t run = std::min(block_frames, frames - at);
        for (std::size_t lane = 0; lane < Lanes; ++lane) {
            const float* const in = jobs[std::min(lane / 2, jobs.size() - 1)].samples[lane % 2] + at;
            for (std::size_t i = 0; i < run; ++i) {
                block.x[i][lane] = static_cast<double>(in[i]);
            }
        }
        gains.load(jobs, at, run);
        split(c.low, z.low, block.x, block.low, block.rest, run);
        join<Lanes>(c.high, z.high, block, gains, run);
        for (std::size_t lane = 0; lane < 2 * jobs.size(); ++lane) {
            float* const out = jobs[lane / 2].samples[lane % 2] + at;
            for (std::size_t i = 0; i < run; ++i) {
                out[i] = static_cast<float>(block.x[i][lane]);
            }
        }
    }
    store<Lanes>(z, jobs);
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void run_lanes(const IsolatorCoefficients& c, std::span<const IsolatorJob> jobs,
                                             std::size_t frames) noexcept {
    const bool steady = std::all_of(jobs.begin(), jobs.end(), [](const IsolatorJob& job) {
        return job.wet == nullptr && job.moving == std::array<const float*, band_count>{};
    });
    if (steady) {
        run_blocks<Lanes, SteadyGains<Lanes>>(c, jobs, frames);
    } else {
        run_blocks<Lanes, MovingGains<Lanes>>(c, jobs, frames);
    }
}

using Run = void (*)(const IsolatorCoefficients&, std::span<const IsolatorJob>, std::size_t) noexcept;

/// What this processor runs best: `run` takes up to `strips` at once.
struct Fit {
    Run run;
    std::size_t strips;
};

void run_one(const IsolatorCoefficients& c, std::span<const IsolatorJob> jobs, std::size_t frames) noexcept {
    run_lanes<2>(c, jobs, frames);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void run_two(const IsolatorCoefficients& c, std::span<const IsolatorJob> jobs,
                                         std::size_t frames) noexcept {
    run_lanes<4>(c, jobs, frames);
}
#endif

Fit best_fit() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
        return {run_two, 2};
    }
#endif
    return {run_one, 1};
}

const Fit fit = best_fit();

IsolatorCoefficients::Crossover crossover(double hz, double rate) noexcept {
    IsolatorCoefficients::Crossover result{};
    result.scale = 1.0;
    const double w = 2.0 * std::numbers::pi * hz / rate;
    for (std::size_t i = 0; i < 2; ++i) {
        // Bilinear transform of s^2 + s/Q + 1; the Qs of the 4th-order Butterworth are 1 / (2 cos(pi/8)), 1 / (2
        // cos(3pi/8)).
        const double q = 0.5 / std::cos(std::numbers::pi * (i == 0 ? 1.0 : 3.0) / 8.0);
        const double alpha = std::sin(w) / (2.0 * q);
        result.sections[i] = {-2.0 * std::cos(w) / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha)};
        const double at_dc = (1.0 + result.sections[i].a1 + result.sections[i].a2) / 4.0;
        result.scale *= at_dc * at_dc;
    }
    return result;
}

}  // namespace

IsolatorCoefficients::IsolatorCoefficients(double low_hz, double high_hz, double rate) noexcept
    : low{crossover(low_hz, rate)}, high{crossover(high_hz, rate)} {}

CROWDJACK_REALTIME void run_isolator(const IsolatorCoefficients& coefficients,
                                     std::span<const IsolatorJob> jobs) noexcept {
    while (!jobs.empty()) {
        const std::size_t taken = std::min(jobs.size(), fit.strips);
        fit.run(coefficients, jobs.first(taken), jobs.front().frames);
        jobs = jobs.subspan(taken);
    }
}

}  // namespace crowdjack
