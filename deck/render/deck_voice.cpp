// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/deck_voice.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr std::int64_t gate_frames = 240;  // 5 ms at 48 kHz: well inside the promised 10 ms

}  // namespace

std::optional<FrameLoop> DeckVoice::loop_under(const Trajectory& motion) const noexcept {
    if (own_loop) {
        return own_loop;
    }
    if (motion.folding_loop() == nullptr) {
        return std::nullopt;
    }
    const auto in = static_cast<std::int64_t>(std::llround(own_position(motion.loop->in)));
    const auto out = static_cast<std::int64_t>(std::llround(own_position(motion.loop->out)));
    return in >= 0 && out > in ? std::optional{FrameLoop{in, out}} : std::nullopt;
}

bool DeckVoice::is_over(const Trajectory& motion, double motion_source) const noexcept {
    return sounds() && !loop_under(motion) &&
           own_position(motion_source) >= static_cast<double>(stream->windows().length());
}

std::uint32_t DeckVoice::render(const CurvePiece& piece, std::size_t first, const std::optional<FrameLoop>& loop,
                                ReadHead::Scratch& scratch, std::span<float> left, std::span<float> right) noexcept {
    WindowRun run{stream->windows(), loop};
    const std::uint32_t missing = watch_gate(piece.curve.from(static_cast<double>(first)), run, left.size());
    if (gate.silent()) {
        head.reset();
        fade.skip(static_cast<std::int64_t>(left.size()));
        gain.skip(static_cast<std::int64_t>(left.size()));
        std::fill(left.begin(), left.end(), 0.0F);
        std::fill(right.begin(), right.end(), 0.0F);
        return missing;
    }
    head.render(piece, first, run, scratch, left, right);
    gate.apply(left, right);
    gain.apply(left, right);
    fade.apply(left, right);
    return missing;
}

bool DeckVoice::all_there(const CurvePiece& piece, const std::optional<FrameLoop>& loop) const noexcept {
    const Reach reach = reach_of(piece.curve, piece.length);
    return WindowRun{stream->windows(), loop}.first_missing(reach.first, reach.last) >= reach.last;
}

DeckVoice::Reach DeckVoice::reach_of(const PositionCurve& curve, std::size_t count) const noexcept {
    const auto frames = static_cast<double>(count);
    const double end = curve.at(frames);
    const double speed = std::max((end - curve.start) / frames, 1e-3);
    const double kernel = curve.is_copy(frames) ? 0.0 : static_cast<double>(head.reach(speed));
    return {speed, kernel, static_cast<std::int64_t>(std::floor(curve.start - kernel)),
            static_cast<std::int64_t>(std::ceil(end + kernel + speed * static_cast<double>(gate_frames)))};
}

std::uint32_t DeckVoice::watch_gate(const PositionCurve& curve, const WindowRun& run, std::size_t count) noexcept {
    const auto frames = static_cast<double>(count);
    const auto [speed, reach, first, last] = reach_of(curve, count);
    const std::int64_t missing_from = run.first_missing(first, last);
    if (missing_from >= last) {
        if (gate.target() != 1.0F) {
            gate.go(1.0F, gate_frames);
        }
        return 0;
    }
    // Output frames until the kernel first touches what is not there.
    const double sound_left = (static_cast<double>(missing_from) - reach - curve.start) / speed;
    if (gate.target() != 0.0F) {
        gate.go(0.0F, std::clamp(static_cast<std::int64_t>(sound_left), std::int64_t{0}, gate_frames));
    }
    const double lost = frames - std::max(0.0, (static_cast<double>(missing_from) - curve.start) / speed);
    return static_cast<std::uint32_t>(std::clamp(std::ceil(lost), 0.0, frames));
}

void DeckVoice::publish(double own_position, double speed, const std::optional<FrameLoop>& loop) noexcept {
    stream->windows().publish_playhead(folded(static_cast<std::int64_t>(own_position), loop),
                                       static_cast<float>(speed));
}

}  // namespace crowdjack
