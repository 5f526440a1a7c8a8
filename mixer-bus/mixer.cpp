// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace crowdjack {

Mixer::Mixer(const MixerSetup& setup)
    : setup_{setup}, strips_(setup.strips), isolator_{setup.low_crossover_hz, setup.high_crossover_hz, rate_} {
    assert(setup.strips >= 1 && setup.strips <= max_strips);
    prepare(rate_);
}

void Mixer::prepare(double rate) {
    gather_counts();
    rate_ = rate;
    isolator_ = IsolatorCoefficients{setup_.low_crossover_hz, setup_.high_crossover_hz, rate};
    const bool on = limiter_.on();
    const float ceiling = limiter_.ceiling();
    limiter_ = Limiter{rate};
    limiter_.set(on, ceiling);
    for (auto& strip : strips_) {
        strip.prepare(rate, setup_.has_eq);
    }
    parameters_.forget_frames();
    pfl_line_ = {};
}

CROWDJACK_REALTIME bool Mixer::move(ParameterId id, const Move& move, JackFrame now) noexcept {
    parameters_[id].settle(now);  // what has begun meanwhile waits no more
    return parameters_[id].schedule(move, now, to_frames(least_ramp(), rate_));
}

CROWDJACK_REALTIME void Mixer::process(JackFrame frame, std::span<const StereoIn> inputs, StereoOut master,
                                       StereoOut phones, std::span<const StripInsert> inserts) noexcept {
    std::array<StereoIn, max_strips> part{};
    std::array<StripInsert, max_strips> insert_part{};
    for (std::size_t at = 0; at < master.left.size(); at += chunk_frames) {
        const std::size_t run = std::min(chunk_frames, master.left.size() - at);
        for (std::size_t i = 0; i < strips_.size(); ++i) {
            part[i] = {inputs[i].left.subspan(at, run), inputs[i].right.subspan(at, run)};
        }
        for (std::size_t i = 0; i < inserts.size(); ++i) {
            for (std::size_t side = 0; side < 2; ++side) {
                const auto& [send, back] = inserts[i];
                insert_part[i].send[side] = send[side].empty() ? send[side] : send[side].subspan(at, run);
                insert_part[i].back[side] = back[side].empty() ? back[side] : back[side].subspan(at, run);
            }
        }
        process_chunk(frame + Frames{static_cast<std::int64_t>(at)}, std::span{part}.first(strips_.size()),
                      {master.left.subspan(at, run), master.right.subspan(at, run)},
                      {phones.left.subspan(at, run), phones.right.subspan(at, run)},
                      std::span{insert_part}.first(inserts.size()));
    }
}

CROWDJACK_REALTIME void Mixer::process_chunk(JackFrame frame, std::span<const StereoIn> inputs, StereoOut master,
                                             StereoOut phones, std::span<const StripInsert> inserts) noexcept {
    const std::size_t frames = master.left.size();
    for (std::size_t i = 0; i < strips_.size(); ++i) {
        strips_[i].take(inputs[i].left, inputs[i].right, frame, {parameters_, i});
    }
    run_isolators(frame);
    for (std::size_t i = 0; i < inserts.size(); ++i) {
        const auto& [send, back] = inserts[i];
        if (!send[0].empty() || !send[1].empty() || !back[0].empty() || !back[1].empty() || strips_[i].needs_insert()) {
            strips_[i].run_insert(inserts[i], frame);
        }
    }
    const std::span pfl_left{pfl_line_[0].data() + Limiter::delay, frames};
    const std::span pfl_right{pfl_line_[1].data() + Limiter::delay, frames};
    for (const auto block : {master.left, master.right, pfl_left, pfl_right}) {
        std::fill(block.begin(), block.end(), 0.0F);
    }
    for (std::size_t i = 0; i < strips_.size(); ++i) {
        strips_[i].give(master.left, master.right, pfl_left, pfl_right, frame, {parameters_, i});
    }
    finish_master(frame, master);
    finish_phones(frame, master, phones);
}

CROWDJACK_REALTIME void Mixer::run_isolators(JackFrame frame) noexcept {
    std::array<IsolatorJob, max_strips> jobs;
    std::size_t count = 0;
    for (std::size_t i = 0; i < strips_.size(); ++i) {
        if (const auto job = strips_[i].isolator_job(frame, {parameters_, i})) {
            if (job->frames < strips_[i].chunk_length()) {
                run_isolator(isolator_, {&*job, 1});  // it comes in within this chunk
            } else {
                jobs[count++] = *job;
            }
        }
    }
    run_isolator(isolator_, std::span{jobs}.first(count));
}

CROWDJACK_REALTIME void Mixer::finish_master(JackFrame frame, StereoOut master) noexcept {
    Automation& gain = parameters_[ParameterId{MixerParameter::master}];
    const std::size_t frames = master.left.size();
    if (!gain.holds(frame, frames)) {
        gain.render(frame, std::span{gains_}.first(frames));
    } else {
        std::fill_n(gains_.begin(), frames, gain.value_at(frame));
    }
    for (std::size_t i = 0; i < frames; ++i) {
        master.left[i] *= gains_[i];
        master.right[i] *= gains_[i];
    }
    limiter_.process(master.left, master.right);
    master_left_.add(master.left);
    master_right_.add(master.right);
}

/// phones = gain * ((1 - mix) * PFL + mix * master)
CROWDJACK_REALTIME void Mixer::finish_phones(JackFrame frame, StereoOut master, StereoOut phones) noexcept {
    const std::size_t frames = phones.left.size();
    const auto gains = std::span{gains_}.first(frames);
    const auto mixes = std::span{cue_gains_}.first(frames);
    parameters_[ParameterId{MixerParameter::phones}].render(frame, gains);
    parameters_[ParameterId{MixerParameter::cue_mix}].render(frame, mixes);
    const auto blend = [&](std::span<float> out, std::span<const float> master_side, auto& line) noexcept {
        for (std::size_t i = 0; i < frames; ++i) {
            out[i] = gains[i] * ((1.0F - mixes[i]) * line[i] + mixes[i] * master_side[i]);
        }
        std::copy_n(line.begin() + static_cast<std::ptrdiff_t>(frames), Limiter::delay, line.begin());
    };
    blend(phones.left, master.left, pfl_line_[0]);
    blend(phones.right, master.right, pfl_line_[1]);
}

/// Levels start anew, counts go on.
CROWDJACK_REALTIME void Mixer::gather_counts() noexcept {
    const auto channel = [](MeterReport::Channel& result, const Levels& left, const Levels& right) noexcept {
        const auto mean = [](const Levels& levels) noexcept {
            return levels.frames == 0 ? 0.0F : levels.sum_of_squares / static_cast<float>(levels.frames);
        };
        result.peak = {left.peak, right.peak};
        result.mean_square = {mean(left), mean(right)};
        result.clipped += std::uint64_t{left.clipped} + right.clipped;
    };
    for (std::size_t i = 0; i < strips_.size(); ++i) {
        const Strip::Meter meter = strips_[i].take_meter();
        channel(totals_.strips[i], meter.left, meter.right);
        totals_.strips[i].cleaned += meter.cleaned;
    }
    channel(totals_.master, std::exchange(master_left_, Levels{}), std::exchange(master_right_, Levels{}));
}

CROWDJACK_REALTIME MeterReport Mixer::take_meters() noexcept {
    gather_counts();
    totals_.engaged_eqs = 0;
    for (const auto& strip : strips_) {
        totals_.engaged_eqs += strip.eq_engaged() ? 1U : 0U;
    }
    totals_.lowest_limiter_gain = limiter_.take_lowest_gain();
    ++totals_.serial;
    return totals_;
}

}  // namespace crowdjack
