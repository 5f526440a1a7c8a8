// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/timeline.hpp"

#include <cmath>

namespace crowdjack {

SetTime Timeline::at(double frame) const noexcept { return {has_line() ? lines_.beat_at(frame).value : frame}; }

JackFrame Timeline::frame_of(SetTime moment) const noexcept {
    if (!has_line()) {
        return {std::llround(moment.at)};
    }
    constexpr double slack = 1e-6;
    return {static_cast<std::int64_t>(std::ceil(lines_.frame_of(Beats{moment.at}) - slack))};
}

Bpm Timeline::bpm_at(JackFrame frame, Bpm without_line) const noexcept {
    return has_line() ? lines_.bpm_at(frame) : without_line;
}

double Timeline::units_per_beat(double track_bpm) const noexcept { return has_line() ? 1.0 : 60.0 / track_bpm * rate_; }

SetTime Timeline::after(SetTime start, double file_s, double track_bpm) const noexcept {
    return {start.at + file_s * track_bpm / 60.0 * units_per_beat(track_bpm)};
}

double Timeline::position(SetTime start, SetTime moment, double track_bpm) const noexcept {
    return (moment.at - start.at) / units_per_beat(track_bpm) * 60.0 / track_bpm;
}

SetTime Timeline::start_of(SetTime moment, double position_s, double track_bpm) const noexcept {
    return after(moment, -position_s, track_bpm);
}

SetTime Timeline::beats_later(SetTime moment, double beats, double track_bpm) const noexcept {
    return {moment.at + beats * units_per_beat(track_bpm)};
}

double Timeline::beats_between(SetTime from, SetTime until, double track_bpm) const noexcept {
    return (until.at - from.at) / units_per_beat(track_bpm);
}

SetTime Timeline::next_multiple(double quantum, JackFrame not_before) const noexcept {
    if (!has_line()) {
        return at(not_before);
    }
    return {std::ceil(at(not_before).at / quantum) * quantum};
}

SetTime Timeline::on_grid(SetTime start, double file_s, double track_bpm) const noexcept {
    constexpr double nearest = 0.25;
    const double beats = file_s * track_bpm / 60.0;
    const double whole = std::round(beats);
    return std::abs(beats - whole) <= nearest ? beats_later(start, whole, track_bpm) : after(start, file_s, track_bpm);
}

}  // namespace crowdjack
