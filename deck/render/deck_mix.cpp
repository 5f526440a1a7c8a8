// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/deck_mix.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

PositionCurve scaled(const PositionCurve& curve, const DeckVoice& voice) noexcept {
    return {voice.own_position(curve.start), voice.scale * curve.slope, voice.scale * curve.bend};
}

CurvePiece scaled(const CurvePiece& piece, const DeckVoice& voice) noexcept {
    return {scaled(piece.curve, voice), piece.length};
}

}  // namespace

bool DeckMix::has_sound() const noexcept {
    bool any = false;
    each_voice([&any](const DeckVoice& voice) { any = any || voice.sounds(); });
    return any;
}

bool DeckMix::refers_to(const TrackStream* stream) const noexcept {
    bool any = false;
    each_voice([&](const DeckVoice& voice) { any = any || voice.stream == stream; });
    return any;
}

bool DeckMix::has_stems() const noexcept {
    return std::any_of(stems.begin(), stems.begin() + static_cast<std::ptrdiff_t>(used_slots),
                       [](const DeckVoice& stem) { return stem.stream != nullptr; });
}

std::uint32_t DeckMix::render(JackFrame frame, RenderScratch& scratch, std::span<float> left,
                              std::span<float> right) noexcept {
    std::uint32_t missing = 0;
    for (std::size_t done = 0; done < left.size();) {
        const JackFrame here = frame + Frames{static_cast<std::int64_t>(done)};
        const Piece piece = piece_at(here);
        const std::size_t count = std::min(left.size() - done, piece.curve.length - piece.first);
        missing += render_piece(piece, scratch, left.subspan(done, count), right.subspan(done, count));
        done += count;
    }
    return missing;
}

DeckMix::Piece DeckMix::piece_at(JackFrame frame) const noexcept {
    const JackFrame grid = grid_before(frame);
    const auto straight = motion.straight_around(frame);
    const JackFrame begin = std::max(straight.begin, grid);
    const JackFrame end = std::min(straight.end, grid + Frames{grid_frames});
    const auto from = static_cast<double>(begin.value);
    const auto length = static_cast<double>((end - begin).value);
    return {{curve_over(from, length), static_cast<std::size_t>(length)},
            static_cast<std::size_t>((frame - begin).value)};
}

PositionCurve DeckMix::curve_over(double from, double length) const noexcept {
    const double first = motion.source_at(from);
    const double last = motion.source_at(from + length, from);
    if (std::abs(first) >= furthest_source || std::abs(last) >= furthest_source) {
        return {first, 0.0, 0.0};  // nothing sounds there
    }
    return PositionCurve::through(first, motion.source_at(from + 0.5 * length, from), last, length);
}

std::uint32_t DeckMix::render_piece(const Piece& piece, RenderScratch& scratch, std::span<float> left,
                                    std::span<float> right) noexcept {
    const std::span<float> own_left{scratch.left.data(), left.size()};
    const std::span<float> own_right{scratch.right.data(), right.size()};
    std::uint32_t missing = 0;
    bool first = true;  // most decks have but one voice: it needs no sum
    each_voice([&](DeckVoice& voice) {
        if (!voice.sounds()) {
            return;
        }
        const bool alone = std::exchange(first, false);
        const std::uint32_t lost = voice.render(scaled(piece.curve, voice), piece.first, voice.loop_under(motion),
                                                scratch.gathered, alone ? left : own_left, alone ? right : own_right);
        missing = std::max(missing, lost);
        for (std::size_t i = 0; !alone && i < left.size(); ++i) {
            left[i] += own_left[i];
            right[i] += own_right[i];
        }
    });
    if (first) {
        std::fill(left.begin(), left.end(), 0.0F);
        std::fill(right.begin(), right.end(), 0.0F);
    }
    return missing;
}

bool DeckMix::steady() const noexcept {
    if (!level.settled() || level.target() != 1.0F || !leaving.settled()) {
        return false;
    }
    bool steady = true;
    each_voice([&steady](const DeckVoice& voice) { steady = steady && (!voice.sounds() || voice.steady()); });
    return steady;
}

bool DeckMix::all_there(JackFrame frame, std::size_t count) const noexcept {
    const auto begin = static_cast<double>(frame.value);
    const auto length = static_cast<double>(count);
    const double source = motion.source_at(begin);
    const PositionCurve span{source, (motion.source_at(begin + length, begin) - source) / length, 0.0};
    bool there = true;
    each_voice([&](const DeckVoice& voice) {
        there = there && (!voice.sounds() || voice.all_there({scaled(span, voice), count}, voice.loop_under(motion)));
    });
    return there;
}

void DeckMix::settle_at(JackFrame frame) noexcept {
    const double unfolded = motion.source_at(static_cast<double>(frame.value));
    const double place = motion.fold(unfolded);
    for (DeckVoice& stem : stems) {
        if (stem.own_loop) {
            stem.offset += stem.scale * (unfolded - place);
        }
    }
    motion.anchor(frame, place);
}

void DeckMix::settle_heads(double speed) noexcept {
    each_voice([speed](DeckVoice& voice) { voice.head.settle(speed * voice.scale); });
}

bool DeckMix::ends_before(JackFrame frame) const noexcept {
    const double source = motion.source_at(static_cast<double>(frame.value));
    bool any = false;
    each_voice([&](const DeckVoice& voice) { any = any || voice.is_over(motion, source); });
    return any;
}

bool DeckMix::end_voices(JackFrame frame) noexcept {
    const double source = motion.source_at(static_cast<double>(frame.value));
    bool any = false;
    each_voice([&](DeckVoice& voice) {
        if (voice.is_over(motion, source)) {
            voice.state = DeckVoice::State::ended;
            voice.stream->windows().publish_idle();
            any = true;
        }
        if (voice.sounds() && voice.fade.silent()) {
            voice.state = DeckVoice::State::stopped;
            voice.stream->windows().publish_idle();
        }
    });
    return any;
}

void DeckMix::publish(JackFrame frame) noexcept {
    const double source = motion.source_at(static_cast<double>(frame.value));
    const double speed = motion.speed_at(frame) / motion.file_rate;
    each_voice([&](DeckVoice& voice) {
        if (voice.sounds()) {
            voice.publish(voice.own_position(source), speed * motion.server_rate * voice.own_rate,
                          voice.loop_under(motion));
        }
    });
}

}  // namespace crowdjack
