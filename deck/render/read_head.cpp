// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/read_head.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

// One binary serves old and new processors (x86-64-v3: with FMA); sanitizers can't run the resolver that picks a clone,
// and clang knows no hot clones.
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define CROWDJACK_VECTOR_CLONES [[gnu::target_clones("arch=x86-64-v3", "default")]]
#else
#define CROWDJACK_VECTOR_CLONES
#endif

namespace crowdjack {

namespace {

using Lanes [[gnu::vector_size(32)]] = float;
using Half [[gnu::vector_size(16)]] = float;
constexpr std::size_t lane_count = 8;
constexpr std::size_t batch_size = 16;

struct Interpolation {
    const float* left;     ///< gathered source frames
    const float* right;    ///< likewise
    double base;           ///< position of left[0], less the kernel's look-back
    double reach;          ///< positions from `base` on that are gathered: none beyond is read, whatever the curve says
    const float* weights;  ///< the kernel's rows
    std::size_t taps;
    double phases;
    PositionCurve curve;
    double first;  ///< output of the curve's piece
    std::size_t count;
};

/// Where a batch of outputs stands: source frame, row of the kernel, and Lagrange's cubic through the rows at -1, 0, 1
/// and 2 of it.
struct Batch {
    std::array<std::int32_t, batch_size> whole, row;
    std::array<float, batch_size> a, b, c, d;
};

// Always inlined: gcc inlines no other function of the default target into a clone.
[[gnu::always_inline]] inline void place_batch(const Interpolation& job, std::size_t done, Batch& batch) noexcept {
    const auto [start, slope, bend] = job.curve;
    const double first = job.first + static_cast<double>(done);
    for (std::size_t i = 0; i < batch_size; ++i) {
        const double at = first + static_cast<double>(static_cast<std::int32_t>(i));
        const double meant = start + at * (slope + at * bend) - job.base;
        const double low = meant > 0.0 ? meant : 0.0;
        const double position = low < job.reach ? low : job.reach;
        const auto whole = static_cast<std::int32_t>(position);
        const double phase = (position - static_cast<double>(whole)) * job.phases;
        const auto row = static_cast<std::int32_t>(phase);
        const auto t = static_cast<float>(phase - static_cast<double>(row));
        batch.whole[i] = whole;
        batch.row[i] = row;
        batch.a[i] = t * (t - 1.0F) * (2.0F - t) * (1.0F / 6.0F);
        batch.b[i] = (t + 1.0F) * (t - 1.0F) * (t - 2.0F) * 0.5F;
        batch.c[i] = (t + 1.0F) * t * (2.0F - t) * 0.5F;
        batch.d[i] = (t + 1.0F) * t * (t - 1.0F) * (1.0F / 6.0F);
    }
}

#define CROWDJACK_LOAD(lanes, from) std::memcpy(&(lanes), (from), sizeof(lanes))

[[gnu::always_inline]] inline Half folded_halves(const Lanes& lanes) noexcept {
    struct Halves {
        Half low, high;
    } halves;
    std::memcpy(&halves, &lanes, sizeof lanes);
    return halves.low + halves.high;
}

[[gnu::always_inline]] inline void interpolate_with(const Interpolation& job, std::size_t taps, float* out_left,
                                                    float* out_right) noexcept {
    Batch batch;
    for (std::size_t i = 0; i < job.count; ++i) {
        const std::size_t k = i % batch_size;
        if (k == 0) {
            place_batch(job, i, batch);
        }
        const float* const rows = job.weights + static_cast<std::size_t>(batch.row[k]) * taps;
        const float* const left = job.left + batch.whole[k];
        const float* const right = job.right + batch.whole[k];
        const float a = batch.a[k];
        const float b = batch.b[k];
        const float c = batch.c[k];
        const float d = batch.d[k];
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
            CROWDJACK_LOAD(l, left + tap);
            CROWDJACK_LOAD(r, right + tap);
            const Lanes weight = (a * before + b * low) + (c * high + d * after);
            sum_left += weight * l;
            sum_right += weight * r;
        }
        const Half lefts = folded_halves(sum_left);
        const Half rights = folded_halves(sum_right);
        const Half sums =
            __builtin_shufflevector(lefts, rights, 0, 4, 1, 5) + __builtin_shufflevector(lefts, rights, 2, 6, 3, 7);
        out_left[i] = sums[0] + sums[2];
        out_right[i] = sums[1] + sums[3];
    }
}

#undef CROWDJACK_LOAD

CROWDJACK_VECTOR_CLONES CROWDJACK_REALTIME void interpolate(const Interpolation& job, float* out_left,
                                                            float* out_right) noexcept {
    if (job.taps == SincKernel::narrowest) {
        interpolate_with(job, SincKernel::narrowest, out_left, out_right);  // a known number of taps is unrolled
    } else {
        interpolate_with(job, job.taps, out_left, out_right);
    }
}

constexpr double exact_enough = 1e-5;  // source frames: far below what a 24-bit sample can tell

/// Blends `out` towards `to`, whose share is 1 from `done` of `length` on.
void blend(std::span<float> out, std::span<const float> to, std::size_t done, std::size_t length) noexcept {
    const float step = 1.0F / static_cast<float>(length);
    for (std::size_t i = 0; i < to.size(); ++i) {
        const float amount = static_cast<float>(done + i + 1) * step;
        out[i] += amount * (to[i] - out[i]);
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

void ReadHead::render(const CurvePiece& piece, std::size_t first, SampleRun& run, Scratch& scratch,
                      std::span<float> left, std::span<float> right) noexcept {
    if (left.empty()) {
        return;
    }
    const PositionCurve& curve = piece.curve;
    const auto length = static_cast<double>(piece.length);
    if (curve.is_copy(length)) {
        run.gather(static_cast<std::int64_t>(std::nearbyint(curve.start)) + static_cast<std::int64_t>(first), left,
                   right);
        kernel_ = nullptr;
        return;
    }
    const SincKernel& begin = bank_->for_speed(curve.speed_at(0.0));
    const SincKernel& end = bank_->for_speed(curve.speed_at(length));
    const SincKernel* const leaving = kernel_ == &begin || kernel_ == &end ? nullptr : kernel_;
    kernel_ = first + left.size() >= piece.length ? &end : &begin;
    const double fastest = std::max({curve.speed_at(0.0), curve.speed_at(length), 1e-6});
    const std::size_t widest = std::max({begin.taps(), end.taps(), leaving == nullptr ? 0 : leaving->taps()});
    const double room = static_cast<double>(Scratch::capacity - widest - 8);
    const auto most = static_cast<std::size_t>(std::clamp(room / fastest, 1.0, 512.0));
    for (std::size_t done = 0; done < left.size(); done += most) {
        const std::size_t count = std::min(most, left.size() - done);
        const Part part{first + done, left.subspan(done, count), right.subspan(done, count)};
        const Part other{part.first, {scratch.blend_left.data(), count}, {scratch.blend_right.data(), count}};
        interpolate_part(curve, begin, run, scratch, part);
        if (&begin != &end) {
            interpolate_part(curve, end, run, scratch, other);
            blend(part.left, other.left, part.first, piece.length);
            blend(part.right, other.right, part.first, piece.length);
        }
        if (leaving != nullptr && done == 0) {
            interpolate_part(curve, *leaving, run, scratch, other);
            blend(other.left, part.left, 0, count);
            blend(other.right, part.right, 0, count);
            std::copy(other.left.begin(), other.left.end(), part.left.begin());
            std::copy(other.right.begin(), other.right.end(), part.right.begin());
        }
    }
}

void ReadHead::interpolate_part(const PositionCurve& curve, const SincKernel& kernel, SampleRun& run, Scratch& scratch,
                                const Part& part) noexcept {
    const auto first = static_cast<double>(part.first);
    const auto half = static_cast<std::int64_t>(kernel.taps() / 2);
    const double last = curve.at(first + static_cast<double>(part.left.size() - 1));
    const auto begin = static_cast<std::int64_t>(std::floor(curve.at(first))) - half + 1;
    const auto end = static_cast<std::int64_t>(std::floor(last)) + half + 1;
    const std::size_t wanted = std::min(static_cast<std::size_t>(end - begin), Scratch::capacity);
    SampleRun::Place source = run.place(begin, wanted);
    if (source.left == nullptr) {
        run.gather(begin, {scratch.left.data(), wanted}, {scratch.right.data(), wanted});
        source = {scratch.left.data(), scratch.right.data()};
    }
    const double base = static_cast<double>(begin + half - 1);
    // The last position at which a whole kernel lies within what was gathered.
    const double reach =
        std::max(static_cast<double>(wanted) - static_cast<double>(kernel.taps()) + 1.0 - 0x1p-20, 0.0);
    interpolate({source.left, source.right, base, reach, kernel.rows(0), kernel.taps(),
                 static_cast<double>(kernel.phases()), curve, first, part.left.size()},
                part.left.data(), part.right.data());
}

}  // namespace crowdjack
