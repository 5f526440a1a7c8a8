// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/deck_mix.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

PositionCurve scaled(const PositionCurve& curve, const DeckVoice& voice) noexcept {
    return {voice.offset + voice.scale * curve.start, voice.scale * curve.slope, voice.scale * curve.bend};
}

}  // namespace

bool DeckMix::has_sound() const noexcept {
    return track.sounds() ||
           std::any_of(stems.begin(), stems.end(), [](const DeckVoice& stem) { return stem.sounds(); });
}

bool DeckMix::refers_to(const TrackStream* stream) const noexcept {
    return track.stream == stream ||
           std::any_of(stems.begin(), stems.end(), [=](const DeckVoice& stem) { return stem.stream == stream; });
}

bool DeckMix::has_stems() const noexcept {
    return std::any_of(stems.begin(), stems.end(), [](const DeckVoice& stem) { return stem.stream != nullptr; });
}

std::uint32_t DeckMix::add(JackFrame frame, RenderScratch& scratch, std::span<float> left,
                           std::span<float> right) noexcept {
    std::uint32_t missing = 0;
    for (std::size_t done = 0; done < left.size();) {
        const JackFrame here = frame + Frames{static_cast<std::int64_t>(done)};
        const std::int64_t straight = (motion.next_bend(here) - here).value;
        const auto count = std::min(left.size() - done, static_cast<std::size_t>(straight));
        missing += add_straight(here, scratch, left.subspan(done, count), right.subspan(done, count));
        done += count;
    }
    return missing;
}

std::uint32_t DeckMix::add_straight(JackFrame frame, RenderScratch& scratch, std::span<float> left,
                                    std::span<float> right) noexcept {
    const auto begin = static_cast<double>(frame.value);
    const auto count = static_cast<double>(left.size());
    const PositionCurve curve = PositionCurve::through(motion.source_at(begin), motion.source_at(begin + 0.5 * count),
                                                       motion.source_at(begin + count), count);
    std::uint32_t missing = 0;
    each_voice([&](DeckVoice& voice) {
        if (voice.sounds()) {
            missing =
                std::max(missing, voice.add(scaled(curve, voice), voice.loop_under(motion), scratch, left, right));
        }
    });
    return missing;
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

bool DeckMix::end_voices(JackFrame frame) noexcept {
    const double source = motion.source_at(static_cast<double>(frame.value));
    bool any = false;
    each_voice([&](DeckVoice& voice) {
        if (voice.sounds() && !voice.loop_under(motion) &&
            voice.own_position(source) >= static_cast<double>(voice.stream->windows().length())) {
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
