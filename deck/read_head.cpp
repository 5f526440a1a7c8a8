// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/read_head.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

// One binary serves old and new processors (haswell: with FMA); sanitizers can't run the resolver that picks a clone,
// and clang knows no hot clones.
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define CROWDJACK_VECTOR_CLONES [[gnu::target_clones("arch=haswell", "default")]]
#else
#define CROWDJACK_VECTOR_CLONES
#endif

namespace crowdjack {

namespace {

using Lanes [[gnu::vector_size(32)]] = float;
constexpr std::size_t lane_count = 8;

struct Interpolation {
    const float* left;     ///< gathered source frames
    const float* right;    ///< likewise
    double base;           ///< position of left[0], less the kernel's look-back
    const float* weights;  ///< the kernel's rows
    std::size_t taps;
    double phases;
    PositionCurve curve;
    std::size_t count;
};

[[gnu::always_inline]] inline float total(const Lanes& lanes) noexcept {
    using Half [[gnu::vector_size(lane_count / 2 * sizeof(float))]] = float;
    struct Halves {
        Half low, high;
    } halves;
    std::memcpy(&halves, &lanes, sizeof lanes);
    const Half sum = halves.low + halves.high;
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#define CROWDJACK_LOAD(lanes, from) std::memcpy(&(lanes), (from), sizeof(lanes))

CROWDJACK_VECTOR_CLONES CROWDJACK_REALTIME void interpolate(const Interpolation& job, float* out_left,
                                                            float* out_right) noexcept {
    // Calls nothing that is not always inlined: gcc inlines no function of the default target into a clone.
    const auto [start, slope, bend] = job.curve;
    const std::size_t taps = job.taps;
    for (std::size_t i = 0; i < job.count; ++i) {
        const auto at = static_cast<double>(i);
        const double position = start + at * (slope + at * bend) - job.base;
        const auto whole = static_cast<std::size_t>(position);
        const double phase = (position - static_cast<double>(whole)) * job.phases;
        const auto row = static_cast<std::size_t>(phase);
        const auto t = static_cast<float>(phase - static_cast<double>(row));
        // Lagrange's cubic through the rows at -1, 0, 1 and 2.
        const float a = t * (t - 1.0F) * (2.0F - t) * (1.0F / 6.0F);
        const float b = (t + 1.0F) * (t - 1.0F) * (t - 2.0F) * 0.5F;
        const float c = (t + 1.0F) * t * (2.0F - t) * 0.5F;
        const float d = (t + 1.0F) * t * (t - 1.0F) * (1.0F / 6.0F);
        const float* const rows = job.weights + row * taps;
        Lanes sum_left{};
        Lanes sum_right{};
        for (std::size_t tap = 0; tap < taps; tap += lane_count) {
            Lanes before;
            Lanes low;
            Lanes high;
            Lanes after;
            Lanes l;
            Lanes r;
            CROWDJACK_LOAD(before, rows + tap);
            CROWDJACK_LOAD(low, rows + taps + tap);
            CROWDJACK_LOAD(high, rows + 2 * taps + tap);
            CROWDJACK_LOAD(after, rows + 3 * taps + tap);
            CROWDJACK_LOAD(l, job.left + whole + tap);
            CROWDJACK_LOAD(r, job.right + whole + tap);
            const Lanes weight = a * before + b * low + c * high + d * after;
            sum_left += weight * l;
            sum_right += weight * r;
        }
        out_left[i] = total(sum_left);
        out_right[i] = total(sum_right);
    }
}

#undef CROWDJACK_LOAD

constexpr double exact_enough = 1e-5;  // source frames: far below what a 24-bit sample can tell

void blend(std::span<float> from_then_out, std::span<const float> to) noexcept {
    const float step = 1.0F / static_cast<float>(to.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
        const float amount = static_cast<float>(i + 1) * step;
        from_then_out[i] += amount * (to[i] - from_then_out[i]);
    }
}

}  // namespace

PositionCurve PositionCurve::through(double first, double middle, double last, double count) noexcept {
    const double half = 0.5 * count;
    const double rise = (last - first) / count;
    const double sag = middle - 0.5 * (first + last);
    const double bend = -sag / (half * half);
    return {first, rise - bend * count, bend};
}

bool PositionCurve::is_copy(double count) const noexcept {
    return std::abs(at(count) - start - count) < exact_enough && std::abs(bend) * count * count < exact_enough &&
           std::abs(start - std::nearbyint(start)) < exact_enough;
}

void ReadHead::render(const PositionCurve& curve, SampleRun& run, Scratch& scratch, std::span<float> left,
                      std::span<float> right) noexcept {
    const auto count = static_cast<double>(left.size());
    if (left.empty()) {
        return;
    }
    if (curve.is_copy(count)) {
        run.gather(static_cast<std::int64_t>(std::nearbyint(curve.start)), left, right);
        kernel_ = nullptr;
        return;
    }
    const double fastest = std::max(curve.slope, curve.slope + 2.0 * curve.bend * count);
    const SincKernel& kernel = bank_->for_speed(fastest);
    const SincKernel& previous = kernel_ == nullptr ? kernel : *kernel_;
    kernel_ = &kernel;
    const double room = static_cast<double>(Scratch::capacity - std::max(kernel.taps(), previous.taps()) - 8);
    const auto most = static_cast<std::size_t>(std::max(1.0, std::min(512.0, room / std::max(fastest, 1e-6))));
    for (std::size_t done = 0; done < left.size();) {
        const std::size_t part = std::min(most, left.size() - done);
        const PositionCurve here = curve.from(static_cast<double>(done));
        const std::span<float> out_left = left.subspan(done, part);
        const std::span<float> out_right = right.subspan(done, part);
        if (done == 0 && &previous != &kernel) {
            const std::span<float> new_left{scratch.blend_left.data(), part};
            const std::span<float> new_right{scratch.blend_right.data(), part};
            render_part(here, previous, run, scratch, out_left, out_right);
            render_part(here, kernel, run, scratch, new_left, new_right);
            blend(out_left, new_left);
            blend(out_right, new_right);
        } else {
            render_part(here, kernel, run, scratch, out_left, out_right);
        }
        done += part;
    }
}

void ReadHead::render_part(const PositionCurve& curve, const SincKernel& kernel, SampleRun& run, Scratch& scratch,
                           std::span<float> left, std::span<float> right) noexcept {
    const double last = curve.at(static_cast<double>(left.size() - 1));
    const auto begin =
        static_cast<std::int64_t>(std::floor(curve.start)) - static_cast<std::int64_t>(kernel.taps() / 2) + 1;
    const auto end = static_cast<std::int64_t>(std::floor(last)) + static_cast<std::int64_t>(kernel.taps() / 2) + 1;
    const std::size_t wanted = std::min(static_cast<std::size_t>(end - begin), Scratch::capacity);
    run.gather(begin, {scratch.left.data(), wanted}, {scratch.right.data(), wanted});
    const std::size_t look_back = kernel.taps() / 2;
    const double base = static_cast<double>(begin) + static_cast<double>(look_back) - 1.0;
    interpolate({scratch.left.data(), scratch.right.data(), base, kernel.rows(0), kernel.taps(),
                 static_cast<double>(kernel.phases()), curve, left.size()},
                left.data(), right.data());
}

}  // namespace crowdjack
