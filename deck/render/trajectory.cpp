// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace crowdjack {

namespace {

constexpr JackFrame far_away{std::int64_t{1} << 62};

double file_frames_per_beat(const Trajectory& t) noexcept { return 60.0 / t.track_bpm * t.file_rate * t.rate; }

double unity_speed(const Trajectory& t) noexcept { return t.file_rate / t.server_rate * t.rate; }

TempoLine shifted(const TempoLine& line, Beats by) noexcept {
    return {line.from(), line.start_beat() + by, line.from_bpm(), line.to(), line.to_bpm(), line.frames_per_second()};
}

TempoMap shifted(const TempoMap& map, Beats by) noexcept {
    TempoMap result;
    for (std::size_t i = 0; i < map.size(); ++i) {
        result.add(shifted(map[i], by));
    }
    return result;
}

}  // namespace

double Trajectory::source_at(double frame, double seen_from) const noexcept {
    if (on_line()) {
        const Beats beat = tempo.line_at(seen_from).beat_at(frame);
        return bounded_source(anchor_source + (beat - anchor_beat).value * file_frames_per_beat(*this));
    }
    return bounded_source(anchor_source + (frame - static_cast<double>(anchor_frame.value)) * unity_speed(*this));
}

double Trajectory::frame_of(double source) const noexcept {
    const double distance = source - anchor_source;
    if (on_line()) {
        return tempo.frame_of(anchor_beat + Beats{distance / file_frames_per_beat(*this)});
    }
    return static_cast<double>(anchor_frame.value) + distance / unity_speed(*this);
}

double Trajectory::speed_at(JackFrame frame) const noexcept {
    if (on_line()) {
        return tempo.bpm_at(frame).value / track_bpm * unity_speed(*this);
    }
    return unity_speed(*this);
}

double Trajectory::fold(double source) const noexcept {
    const Loop* const around = folding_loop();
    return around == nullptr ? source : around->fold(source);
}

Trajectory Trajectory::anchored_at(JackFrame frame) const noexcept {
    Trajectory moved = *this;
    moved.anchor(frame, fold(source_at(static_cast<double>(frame.value))));
    return moved;
}

void Trajectory::anchor(JackFrame frame, double source) noexcept {
    anchor_frame = frame;
    anchor_source = bounded_source(source);
    anchor_beat = tempo.empty() ? Beats{} : tempo.beat_at(static_cast<double>(frame.value));
}

Trajectory::Stretch Trajectory::straight_around(JackFrame frame) const noexcept {
    Stretch straight{JackFrame{-far_away.value}, far_away};
    const auto bend_at = [&](JackFrame bend) {
        if (bend <= frame) {
            straight.begin = std::max(straight.begin, bend);
        } else {
            straight.end = std::min(straight.end, bend);
        }
    };
    if (!on_line()) {
        return straight;
    }
    for (std::size_t i = 0; i < tempo.size(); ++i) {
        // The first line holds at its first tempo before it begins; what a later line cut off bends nothing any more.
        bend_at(tempo[i].from());
        if (i + 1 == tempo.size() || tempo[i].to() < tempo[i + 1].from()) {
            bend_at(tempo[i].to());
        }
    }
    return straight;
}

void Trajectory::add_line(const TempoLine& line, JackFrame now, bool renumber) noexcept {
    const auto begin = static_cast<double>(std::max(line.from(), now).value);
    if (tempo.empty()) {
        const double source = source_at(static_cast<double>(now.value));
        if (now >= anchor_frame && line.from() > now) {
            const double beats = static_cast<double>((line.from() - now).value) / (60.0 * server_rate) * track_bpm;
            const Bpm unity{track_bpm};
            tempo.add({now, line.start_beat() - Beats{beats}, unity, now, unity, server_rate});
        }
        tempo.add(line);
        if (now >= anchor_frame) {
            anchor(now, source);
        } else {
            anchor(anchor_frame, anchor_source);
        }
        return;
    }
    if (renumber) {
        const Beats by = line.beat_at(begin) - tempo.beat_at(begin);
        tempo = shifted(tempo, by);
        anchor_beat = anchor_beat + by;
    }
    tempo.add(line);
    tempo.forget_before(now);
}

}  // namespace crowdjack
