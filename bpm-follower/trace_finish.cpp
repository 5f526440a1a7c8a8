// SPDX-License-Identifier: GPL-3.0-or-later
// From the lines of a trace to reports in fractions.
#include "bpm-follower/trace_reader.hpp"
#include "bpm-follower/trace_thinning.hpp"
#include "bpm-follower/trace_unit.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

using Kind = TraceEvent::Kind;

bool is_movement(Kind kind) noexcept { return kind <= Kind::head; }

/// As few samples show nothing.
constexpr std::size_t fewest_samples = 20;

}  // namespace

Trace TraceReader::finish() {
    Trace trace;
    refuse_negative();
    if (!samples_.empty()) {
        make_reports_of_samples(trace);
    }
    put_in_order();
    const bool ours = layout_ && layout_->has(TraceColumn::event);
    if (!ours && samples_.empty() && thin_dense_reports(events_)) {
        trace.notices.push_back(name_ + ": has many reports a second: each second's median counts as one report");
    }
    if (std::none_of(events_.begin(), events_.end(), [](const auto& each) { return each.kind == Kind::total; })) {
        throw Failure{name_ + ": no movement report in it" +
                      (bad_ > 0 ? " (the first line that can't be read is " + std::to_string(first_bad_) + ")" : "") +
                      ": a trace is lines of time,value or crowdstream's movement_stats JSON lines"};
    }
    settle_units(trace);
    note(trace);
    trace.duration_s = events_.back().time_s;
    trace.events = std::move(events_);
    return trace;
}

void TraceReader::refuse_negative() const {
    constexpr std::size_t worth_a_thought = 10;
    if (negative_ >= worth_a_thought && 4 * negative_ > used_rows_) {
        throw Failure{name_ + ": " + std::to_string(negative_) + " of " + std::to_string(used_rows_) +
                      " values are negative, so they are no movement. One axis of an accelerometer? Give all three as "
                      "x, y and z"};
    }
}

void TraceReader::make_reports_of_samples(Trace& trace) {
    if (declared_ && !accel_declared()) {
        throw Failure{name_ + ": it holds the axes of an accelerometer, which --unit " + declared_->name() +
                      " can't count: leave --unit out, or say --unit accel"};
    }
    std::stable_sort(samples_.begin(), samples_.end(),
                     [](const AccelSample& a, const AccelSample& b) { return a.time_s < b.time_s; });
    // The length alone of an acceleration: gravity shows by itself whether it is in it.
    TraceLayout layout = *layout_;
    layout.axes = layout.axes == TraceLayout::Axes::none ? TraceLayout::Axes::named : layout.axes;
    const auto sensor =
        samples_.size() < fewest_samples ? std::nullopt : Accelerometer::of(samples_, layout, accel_declared());
    if (!sensor) {
        throw Failure{name_ + ": three columns of axes, but no gravity in them shows that they are an accelerometer's" +
                      (samples_.size() < fewest_samples ? " (fewer than 20 rows)" : "") +
                      ": say --unit accel if they are"};
    }
    // What else lies between the rows counts in a unit that nobody knows.
    if (const auto others = std::erase_if(events_, [](const auto& each) { return is_movement(each.kind); });
        others > 0) {
        trace.notices.push_back(name_ + ": " + std::to_string(others) +
                                " reports of movement between the rows of an accelerometer are passed over");
    }
    for (const auto& report : sensor->reports(samples_)) {
        events_.push_back({report.time_s, Kind::total, report.movement, 0.0});
    }
    trace.unit = {MovementUnit::Kind::acceleration, 1.0};
    trace.unit_reason = accel_declared()                         ? "declared"
                        : layout.axes == TraceLayout::Axes::bare ? "three axes with gravity"
                                                                 : "named by its columns";
}

void TraceReader::settle_units(Trace& trace) {
    if (!samples_.empty()) {
        return;
    }
    const bool keypoints = layout_ && layout_->has(TraceColumn::keypoint);
    auto [unit, reason] = settle_unit(totals(), layout_ ? layout_->hint : UnitHint::none, keypoints, declared_, name_);
    trace.unit = unit;
    trace.unit_reason =
        std::move(reason) + (layout_ && layout_->has(TraceColumn::frame) && !declared_ ? ", 30 frames a second" : "");
    for (auto& event : events_) {
        if (is_movement(event.kind)) {
            event.value = trace.unit.fraction_of(event.value);
        }
    }
}

void TraceReader::note(Trace& trace) const {
    if (titles_ > 0) {
        trace.notices.push_back(name_ + ": line " + std::to_string(title_line_) + " ('" + title_ +
                                "') is no header and is passed over");
    }
    if (bad_ > 0) {
        trace.notices.push_back(name_ + ": " + std::to_string(bad_) + " lines can't be read and are passed over, " +
                                "the first is line " + std::to_string(first_bad_));
    }
    if (const auto breaks = clock_.breaks(); breaks.count > 0) {
        trace.notices.push_back(name_ + ": time runs backward or leaps more than a day " +
                                std::to_string(breaks.count) + " times, first at line " +
                                std::to_string(breaks.first_line) + ": it goes on from there without a gap");
    }
}

std::vector<double> TraceReader::totals() const {
    std::vector<double> values;
    for (const auto& event : events_) {
        if (event.kind == Kind::total) {
            values.push_back(event.value);
        }
    }
    return values;
}

/// Puts lines that came late where they belong.
void TraceReader::put_in_order() {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.time_s < b.time_s; });
    const double first = events_.empty() ? 0.0 : events_.front().time_s;
    for (auto& event : events_) {
        event.time_s -= first;
    }
}

}  // namespace crowdjack
