// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a trace; trace_finish.cpp makes reports of them.
#include "bpm-follower/trace_reader.hpp"

#include "common/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

using Kind = TraceEvent::Kind;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

constexpr std::array<std::pair<std::string_view, Kind>, 10> event_names{{{"report", Kind::total},
                                                                         {"arms", Kind::arms},
                                                                         {"legs", Kind::legs},
                                                                         {"head", Kind::head},
                                                                         {"people", Kind::people},
                                                                         {"set", Kind::set},
                                                                         {"hold", Kind::hold},
                                                                         {"tap", Kind::tap},
                                                                         {"nudge", Kind::nudge},
                                                                         {"jump", Kind::jump}}};

bool is_comment(std::string_view line) noexcept {
    return line.starts_with('#') || line.starts_with('%') || line.starts_with("//");
}

std::size_t numbers_in(const SplitLine& line) {
    return static_cast<std::size_t>(std::count_if(line.fields.begin(), line.fields.end(), [](std::string_view field) {
        return trace_time(field).has_value() || percent_number(field).has_value();
    }));
}

std::optional<std::array<double, 3>> vector_of(const std::array<std::optional<double>, 3>& axes) {
    if (!axes[0] || !axes[1] || !axes[2]) {
        return {};
    }
    return std::array{*axes[0], *axes[1], *axes[2]};
}

}  // namespace

void TraceReader::take_line(std::string_view line) {
    if (++line_number_ == 1 && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
        line.remove_suffix(1);
    }
    if (line.empty() || in_front_matter(line) || is_comment(line)) {
        return;
    }
    bool taken = false;
    if (line.front() == '{') {
        taken = take_json(line);
    } else {
        const auto fields = split_fields(line);
        if (!layout_ && !settle_layout(fields)) {
            remember_title(line, line_number_);
            return;
        }
        if (header_line_ == line_number_) {
            header_text_ = line;
        }
        taken = take_fields(fields);
    }
    if (!taken) {
        first_bad_ = bad_++ == 0 ? line_number_ : first_bad_;
    }
}

/// Between two lines of `---` at the beginning stands what somebody says about the file.
bool TraceReader::in_front_matter(std::string_view line) {
    const bool fence = line == "---" || line == "...";
    if (front_matter_ == FrontMatter::possible) {
        front_matter_ = line == "---" ? FrontMatter::inside : FrontMatter::over;
        return fence;
    }
    if (front_matter_ == FrontMatter::inside) {
        front_matter_ = fence ? FrontMatter::over : FrontMatter::inside;
        return true;
    }
    return false;
}

void TraceReader::remember_title(std::string_view line, std::size_t number) {
    if (titles_++ == 0) {
        title_ = line.substr(0, 60);
        title_line_ = number;
    }
}

/// Settles what the columns mean when this line is the first one of data.
/// @returns false when it isn't: then it may be the header
bool TraceReader::settle_layout(const SplitLine& line) {
    const auto numbers = numbers_in(line);
    const bool fits = header_ && header_->columns.size() == line.fields.size() &&
                      (line.fields.size() == 1 || header_->between == line.between);
    const bool begins_with_number = trace_time(line.fields.front()) || percent_number(line.fields.front());
    if (numbers == 0 || (!fits && !begins_with_number)) {
        auto header = numbers == 0 ? layout_of_header(line) : std::nullopt;
        if (!header) {
            return false;
        }
        if (header_) {
            remember_title(header_text_, header_line_);
        }
        header_ = std::move(header);
        header_line_ = line_number_;
        return true;
    }
    if (header_ && !fits) {
        remember_title(header_text_, header_line_);
    }
    layout_ = fits ? header_ : layout_of_width(line);
    if (!layout_) {
        throw Failure{name_ + ": line " + std::to_string(line_number_) + " has " + std::to_string(line.fields.size()) +
                      " columns and no header above it names them: which one is the movement? Put a line like "
                      "time,total_movement,… above it"};
    }
    if (!layout_->has_movement()) {
        throw Failure{name_ + ": its columns are '" + header_text_.substr(0, 200) +
                      "': none of them names a movement. Call one total_movement, or name an accelerometer's axes x, y "
                      "and z"};
    }
    return true;
}

bool TraceReader::take_json(std::string_view line) {
    const auto row = nlohmann::json::parse(line, nullptr, false);
    if (!row.is_object()) {
        return false;
    }
    const auto number = [&](const char* key) -> std::optional<double> {
        const auto found = row.find(key);
        const bool good = found != row.end() && found->is_number() && std::isfinite(found->get<double>());
        return good ? std::optional{found->get<double>()} : std::nullopt;
    };
    const auto time = [&](const char* key) -> std::optional<TraceTime> {
        const auto found = row.find(key);
        if (found != row.end() && found->is_string()) {
            return trace_time(found->get_ref<const std::string&>());
        }
        const auto seconds = number(key);
        return seconds ? std::optional{TraceTime{*seconds, false}} : std::nullopt;
    };
    auto stamp = time("timestamp");
    stamp = stamp ? stamp : time("time");
    const auto total = number("total_movement");
    if (!stamp || !total || *total < 0.0) {
        return false;
    }
    const double seconds = clock_.time_of(line_number_, *stamp);
    const std::array<std::pair<const char*, Kind>, 4> others{{{"arm_movement", Kind::arms},
                                                              {"leg_movement", Kind::legs},
                                                              {"head_movement", Kind::head},
                                                              {"person_count", Kind::people}}};
    for (const auto& [key, kind] : others) {
        if (const auto value = number(key); value && *value >= 0.0) {
            events_.push_back({seconds, kind, *value, 0.0});
        }
    }
    events_.push_back({seconds, Kind::total, *total, 0.0});
    return true;
}

bool TraceReader::take_fields(const SplitLine& line) {
    if (!layout_) {
        return true;  // the header itself
    }
    const auto row = row_of(line.fields, *layout_);
    if (layout_->has(TraceColumn::event)) {
        return take_event(row);
    }
    return take_row(row, line.fields.size() == layout_->columns.size());
}

bool TraceReader::take_row(const TraceRow& row, bool whole) {
    if (!whole || row.bad || (layout_->timed() && !row.time)) {
        return false;
    }
    ++used_rows_;
    if (row.percent && layout_->hint == UnitHint::none) {
        layout_->hint = UnitHint::percent_sign;
    }
    if (layout_->axes != TraceLayout::Axes::none && (accel_declared() || !layout_->has(TraceColumn::total))) {
        return take_sample(row);
    }
    if (!row.total) {
        // A pose frame in which nobody was seen is no report; a row without its value is a bad row.
        return layout_->has(TraceColumn::keypoint);
    }
    const double time = clock_.time_of(line_number_, row.time.value_or(TraceTime{untimed_rows_++, false}));
    if (accel_declared()) {
        samples_.push_back({time, {*row.total, 0.0, 0.0}, {}});
        return true;
    }
    if (*row.total < 0.0) {
        ++negative_;
        return false;
    }
    constexpr std::array kinds{Kind::arms, Kind::legs, Kind::head};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (row.limbs[i] && *row.limbs[i] >= 0.0) {
            events_.push_back({time, kinds[i], *row.limbs[i], 0.0});
        }
    }
    if (row.people) {
        events_.push_back({time, Kind::people, *row.people, 0.0});
    }
    events_.push_back({time, Kind::total, *row.total, 0.0, std::string{row.zone}});
    return true;
}

bool TraceReader::take_sample(const TraceRow& row) {
    const auto vector = vector_of(row.axes);
    if (!vector || !row.time) {
        return false;
    }
    samples_.push_back({clock_.time_of(line_number_, *row.time), *vector, vector_of(row.other_axes)});
    return true;
}

/// A row of our own --trace-out: decisions are passed over, they are made anew.
bool TraceReader::take_event(const TraceRow& row) {
    if (!row.time) {
        return false;
    }
    for (const auto& [word, kind] : event_names) {
        if (row.event == word) {
            const auto value = kind == Kind::total ? row.total : row.argument;
            if (!value && kind != Kind::tap) {
                return false;
            }
            events_.push_back({clock_.time_of(line_number_, *row.time), kind, value.value_or(0.0),
                               row.extra.value_or(0.0), std::string{row.zone}});
        }
    }
    return true;
}

}  // namespace crowdjack
