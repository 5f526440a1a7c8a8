// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/programme/opening_hours.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace crowdjack {

namespace {

constexpr int day_seconds = 24 * 3600;

std::string_view without_blanks(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Seconds of the day of `18:00`, `18:00:30` or `18`; 24:00 is the end of the day.
std::optional<int> parse_time(std::string_view text) {
    constexpr std::array most{24, 59, 59};
    int seconds = 0;
    bool more = true;
    for (std::size_t part = 0; part < most.size(); ++part) {
        seconds *= 60;
        if (!more) {
            continue;  // minutes and seconds may be left out
        }
        const std::size_t colon = text.find(':');
        const std::string_view digits = text.substr(0, colon);
        int value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 2 || value < 0 ||
            value > most.at(part)) {
            return std::nullopt;
        }
        seconds += value;
        more = colon != std::string_view::npos;
        text.remove_prefix(more ? colon + 1 : text.size());
    }
    return !more && seconds <= day_seconds ? std::optional{seconds} : std::nullopt;
}

std::tm on_the_wall(std::time_t when) {
    std::tm local{};
    (void)::localtime_r(&when, &local);
    return local;
}

/// The first moment at which the clock on the wall shows that second of that day; where it is set forward over it, as
/// much later as it is set forward. From noon, which is never skipped and never comes twice.
std::time_t moment(std::tm day, int seconds) {
    constexpr std::time_t half_day = 12 * 3600;
    constexpr std::time_t before_a_switch = 4 * 3600;
    day.tm_mday += seconds / day_seconds;
    day.tm_hour = 12;
    day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    const std::time_t noon = std::mktime(&day);
    std::time_t when = noon - half_day + seconds % day_seconds;
    when += on_the_wall(noon).tm_gmtoff - on_the_wall(when).tm_gmtoff;
    const std::tm shown = on_the_wall(when);
    // Set back in between: the same was on the clock before.
    const std::time_t earlier = when + shown.tm_gmtoff - on_the_wall(when - before_a_switch).tm_gmtoff;
    const std::tm then = on_the_wall(earlier);
    const bool twice = earlier < when && then.tm_hour == shown.tm_hour && then.tm_min == shown.tm_min;
    return twice ? earlier : when;
}

}  // namespace

std::optional<OpeningHours> OpeningHours::parse(std::string_view text) {
    OpeningHours hours;
    hours.text_ = std::string{text};
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        const std::string_view span = without_blanks(rest.substr(0, comma));
        const std::size_t dash = span.find('-');
        if (dash == std::string_view::npos) {
            return std::nullopt;
        }
        const auto from = parse_time(without_blanks(span.substr(0, dash)));
        const auto until = parse_time(without_blanks(span.substr(dash + 1)));
        if (!from || !until || *from == *until || *from == day_seconds) {
            return std::nullopt;
        }
        hours.spans_.push_back({*from, *until < *from ? *until + day_seconds : *until});
        if (comma == std::string_view::npos) {
            return hours;
        }
        rest.remove_prefix(comma + 1);
    }
}

bool OpeningHours::open_at(std::time_t now) const {
    if (spans_.empty()) {
        return true;
    }
    const std::tm today = on_the_wall(now);
    return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) {
        std::tm yesterday = today;
        --yesterday.tm_mday;
        return (moment(today, span.from) <= now && now < moment(today, span.until)) ||
               (moment(yesterday, span.from) <= now && now < moment(yesterday, span.until));
    });
}

}  // namespace crowdjack
