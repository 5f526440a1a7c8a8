// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace.hpp"

#include "bpm-follower/trace_clock.hpp"
#include "bpm-follower/trace_columns.hpp"
#include "bpm-follower/trace_unit.hpp"
#include "common/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

using Kind = TraceEvent::Kind;

constexpr double pose_frames_per_second = 30.0;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

constexpr std::array<std::pair<std::string_view, Kind>, 9> event_names{{{"report", Kind::total},
                                                                        {"arms", Kind::arms},
                                                                        {"legs", Kind::legs},
                                                                        {"head", Kind::head},
                                                                        {"people", Kind::people},
                                                                        {"set", Kind::set},
                                                                        {"hold", Kind::hold},
                                                                        {"tap", Kind::tap},
                                                                        {"nudge", Kind::nudge}}};

bool is_movement(Kind kind) noexcept { return kind <= Kind::head; }

/// Gathers events line by line; times are made to begin at 0, never to run backward and never to leap.
class TraceReader {
public:
    explicit TraceReader(std::string name) : name_{std::move(name)} {}

    void take_line(std::string_view line) {
        if (++line_number_ == 1 && line.starts_with(byte_order_mark)) {
            line.remove_prefix(byte_order_mark.size());
        }
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
            line.remove_suffix(1);
        }
        if (line.empty() || line.front() == '#') {
            return;
        }
        const bool taken = line.front() == '{' ? take_json(line) : take_fields(split_fields(line));
        if (!taken) {
            first_bad_ = bad_++ == 0 ? line_number_ : first_bad_;
        }
    }

    Trace finish(const std::optional<MovementUnit>& declared) {
        Trace trace;
        if (std::none_of(events_.begin(), events_.end(), [](const auto& each) { return each.kind == Kind::total; })) {
            throw Failure{
                name_ + ": no movement report in it" +
                (bad_ > 0 ? " (the first line that can't be read is " + std::to_string(first_bad_) + ")" : "") +
                ": a trace is lines of time,value or crowdstream's movement_stats JSON lines"};
        }
        auto [unit, reason] = settle_unit(totals(), layout_ ? layout_->hint : UnitHint::none, declared);
        trace.unit = unit;
        trace.unit_reason = std::move(reason) + (frames_ && !declared ? ", 30 frames a second" : "");
        for (auto& event : events_) {
            if (is_movement(event.kind)) {
                event.value = trace.unit.fraction_of(event.value);
            }
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
        put_in_order();
        trace.duration_s = events_.back().time_s;
        trace.events = std::move(events_);
        return trace;
    }

private:
    bool take_json(std::string_view line) {
        const auto row = nlohmann::json::parse(line, nullptr, false);
        if (!row.is_object()) {
            return false;
        }
        const auto number = [&](const char* key) -> std::optional<double> {
            const auto found = row.find(key);
            const bool good = found != row.end() && found->is_number() && std::isfinite(found->get<double>());
            return good ? std::optional{found->get<double>()} : std::nullopt;
        };
        auto seconds = number("timestamp");
        seconds = seconds ? seconds : number("time");
        const auto total = number("total_movement");
        if (!seconds || !total || *total < 0.0) {
            return false;
        }
        const double time = clock_.time_of(line_number_, *seconds);
        const std::array<std::pair<const char*, Kind>, 4> others{{{"arm_movement", Kind::arms},
                                                                  {"leg_movement", Kind::legs},
                                                                  {"head_movement", Kind::head},
                                                                  {"person_count", Kind::people}}};
        for (const auto& [key, kind] : others) {
            if (const auto value = number(key); value && *value >= 0.0) {
                events_.push_back({time, kind, *value, 0.0});
            }
        }
        events_.push_back({time, Kind::total, *total, 0.0});
        return true;
    }

    bool take_fields(const std::vector<std::string_view>& fields) {
        if (!layout_) {
            const bool header = !field_number(fields.front());
            layout_ = header ? layout_of_header(fields) : layout_of_width(fields.size());
            if (header) {
                return true;
            }
        }
        Row row;
        for (std::size_t i = 0; i < std::min(fields.size(), layout_->columns.size()); ++i) {
            take_field(layout_->columns[i], fields[i], row);
        }
        if (layout_->has(TraceColumn::event)) {
            return take_event(row);
        }
        return fields.size() == layout_->columns.size() && take_row(row);
    }

    struct Row {
        std::optional<double> seconds, total, argument, extra;
        std::array<std::optional<double>, 3> limbs;
        std::optional<double> people;
        std::vector<double> keypoints;
        std::string_view event;
        bool bad{false};
    };

    void take_field(TraceColumn column, std::string_view field, Row& row) {
        const auto value = field_number(field);
        switch (column) {
        case TraceColumn::time_s:
            row.seconds = value;
            break;
        case TraceColumn::time_ms:
            row.seconds = value ? std::optional{*value / 1000.0} : value;
            break;
        case TraceColumn::frame:
            row.seconds = value ? std::optional{*value / pose_frames_per_second} : value;
            frames_ = true;
            break;
        case TraceColumn::total:
            row.total = value;
            break;
        case TraceColumn::arms:
            row.limbs[0] = value;
            break;
        case TraceColumn::legs:
            row.limbs[1] = value;
            break;
        case TraceColumn::head:
            row.limbs[2] = value;
            break;
        case TraceColumn::people:
            row.people = value;
            break;
        case TraceColumn::keypoint:
            row.bad = row.bad || (!value && !field.empty());
            if (value && *value > 0.0) {
                row.keypoints.push_back(*value);
            }
            break;
        case TraceColumn::event:
            row.event = field;
            break;
        case TraceColumn::argument:
            (row.argument ? row.extra : row.argument) = value;
            break;
        case TraceColumn::ignored:
            break;
        }
    }

    bool take_row(Row& row) {
        const bool timed =
            layout_->has(TraceColumn::time_s) || layout_->has(TraceColumn::time_ms) || layout_->has(TraceColumn::frame);
        if (row.bad || (timed && !row.seconds)) {
            return false;
        }
        if (!row.keypoints.empty()) {
            const auto middle = row.keypoints.begin() + static_cast<std::ptrdiff_t>(row.keypoints.size() / 2);
            std::nth_element(row.keypoints.begin(), middle, row.keypoints.end());
            row.total = *middle;
        }
        if (!row.total) {
            // A pose frame in which nobody was seen is no report; a row without its value is a bad row.
            return layout_->has(TraceColumn::keypoint);
        }
        if (*row.total < 0.0) {
            return false;
        }
        const double time = clock_.time_of(line_number_, timed ? *row.seconds : untimed_rows_++);
        constexpr std::array kinds{Kind::arms, Kind::legs, Kind::head};
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            if (row.limbs[i] && *row.limbs[i] >= 0.0) {
                events_.push_back({time, kinds[i], *row.limbs[i], 0.0});
            }
        }
        if (row.people) {
            events_.push_back({time, Kind::people, *row.people, 0.0});
        }
        events_.push_back({time, Kind::total, *row.total, 0.0});
        return true;
    }

    /// A row of our own --trace-out: decisions are passed over, they are made anew.
    bool take_event(const Row& row) {
        if (!row.seconds) {
            return false;
        }
        for (const auto& [word, kind] : event_names) {
            if (row.event == word) {
                const auto value = kind == Kind::total ? row.total : row.argument;
                if (!value && kind != Kind::tap) {
                    return false;
                }
                events_.push_back(
                    {clock_.time_of(line_number_, *row.seconds), kind, value.value_or(0.0), row.extra.value_or(0.0)});
            }
        }
        return true;
    }

    [[nodiscard]] std::vector<double> totals() const {
        std::vector<double> values;
        for (const auto& event : events_) {
            if (event.kind == Kind::total) {
                values.push_back(event.value);
            }
        }
        return values;
    }

    /// Puts lines that came late where they belong; precondition: there are events.
    void put_in_order() {
        std::stable_sort(events_.begin(), events_.end(),
                         [](const TraceEvent& a, const TraceEvent& b) { return a.time_s < b.time_s; });
        const double first = events_.front().time_s;
        for (auto& event : events_) {
            event.time_s -= first;
        }
    }

    std::string name_;
    std::optional<TraceLayout> layout_;
    std::vector<TraceEvent> events_;
    std::size_t line_number_{}, bad_{}, first_bad_{};
    TraceClock clock_;
    bool frames_{false};
    double untimed_rows_{};  ///< one a second
};

}  // namespace

Trace read_trace(std::istream& in, const std::optional<MovementUnit>& declared, const std::string& name) {
    TraceReader reader{name};
    for (std::string line; std::getline(in, line);) {
        reader.take_line(line);
    }
    return reader.finish(declared);
}

Trace read_trace_file(const std::filesystem::path& path, const std::optional<MovementUnit>& declared) {
    std::ifstream file{path};
    if (!file || std::filesystem::is_directory(path)) {
        throw Failure{"--replay '" + path.string() +
                      "' can't be read: " + (file ? "it is a folder" : errno_text(errno)) +
                      ": give a CSV of time,value or movement_stats JSON lines"};
    }
    return read_trace(file, declared, path.string());
}

}  // namespace crowdjack
