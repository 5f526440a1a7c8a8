// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/outside_tempo.hpp"

#include "bpm-follower/midi_messages.hpp"

#include <cmath>
#include <cstddef>

namespace crowdjack {

namespace {

constexpr std::size_t ticks_per_beat = 24;
constexpr std::int64_t ticks_per_sixteenth = 6;
constexpr std::size_t most_ticks = 4 * ticks_per_beat + 1;
constexpr double silence_s = 0.5;
/// A tempo whose last beat differs by so much from its last four is changing.
constexpr double changing = 0.003;

}  // namespace

void MidiClockIn::take(const ClockMessage& message) {
    switch (message.status) {
    case midi_message::start:
        next_index_ = 0;
        bars_known_ = true;
        ticks_.clear();
        break;
    case midi_message::song_position:
        next_index_ = message.sixteenths * ticks_per_sixteenth;
        bars_known_ = true;
        ticks_.clear();
        break;
    case midi_message::timing_clock: {
        const auto frame = static_cast<double>(message.frame.value);
        if (!ticks_.empty() && frame - ticks_.back().frame > silence_s * rate_) {
            ticks_.clear();
            bars_known_ = false;  // who knows how many were lost
        }
        ticks_.push_back({frame, static_cast<double>(next_index_++)});
        if (ticks_.size() > most_ticks) {
            ticks_.pop_front();
        }
        break;
    }
    default:
        break;
    }
}

MidiClockIn::Line MidiClockIn::fit(std::size_t last) const {
    const auto from = ticks_.end() - static_cast<std::ptrdiff_t>(last);
    double frames = 0.0;
    double indices = 0.0;
    for (auto tick = from; tick != ticks_.end(); ++tick) {
        frames += tick->frame;
        indices += tick->index;
    }
    const double count = static_cast<double>(last);
    double above = 0.0;
    double below = 0.0;
    for (auto tick = from; tick != ticks_.end(); ++tick) {
        const double off = tick->index - indices / count;
        above += off * (tick->frame - frames / count);
        below += off * off;
    }
    const double per_tick = above / below;
    return {frames / count - per_tick * indices / count, per_tick};
}

std::optional<OutsideTempo> MidiClockIn::tempo(JackFrame now) const {
    constexpr std::size_t beat = ticks_per_beat + 1;
    if (ticks_.size() < beat || static_cast<double>(now.value) - ticks_.back().frame > silence_s * rate_) {
        return {};
    }
    Line line = fit(ticks_.size());
    const Line lately = fit(beat);
    if (std::abs(lately.per_tick / line.per_tick - 1.0) > changing) {
        line = lately;
    }
    if (!(line.per_tick > 0.0)) {
        return {};
    }
    const double index = ticks_.back().index;
    return OutsideTempo{JackFrame{std::llround(line.at + line.per_tick * index)},
                        index / static_cast<double>(ticks_per_beat),
                        60.0 * rate_ / (line.per_tick * static_cast<double>(ticks_per_beat)), bars_known_ ? 4.0 : 1.0};
}

}  // namespace crowdjack
