// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double day_s = 86400.0;

/// Takes what is there from the front of a text, or fails for good.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : text_{text} {}

    /// A run of at most `most` digits.
    double digits(std::size_t most) noexcept {
        std::size_t count = 0;
        double value = 0.0;
        while (count < most && count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
            value = 10.0 * value + (text_[count++] - '0');
        }
        good_ = good_ && count > 0;
        text_.remove_prefix(count);
        return value;
    }

    /// Digits after a decimal point or comma, when there is one.
    double fraction() noexcept {
        if (!take(".,")) {
            return 0.0;
        }
        double value = 0.0;
        double place = 0.1;
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            value += place * (text_.front() - '0');
            place *= 0.1;
            text_.remove_prefix(1);
        }
        return value;
    }

    bool take(std::string_view any_of) noexcept {
        const bool there = !text_.empty() && any_of.find(text_.front()) != std::string_view::npos;
        text_.remove_prefix(there ? 1 : 0);
        return there;
    }
    void expect(std::string_view any_of) noexcept { good_ = take(any_of) && good_; }

    [[nodiscard]] bool done() const noexcept { return good_ && text_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return text_; }

private:
    std::string_view text_;
    bool good_{true};
};

/// `+01:00`, `-0530`, `Z` or nothing: seconds ahead of UTC.
double zone_offset(Scanner& scanner) noexcept {
    if (scanner.take("Zz") || scanner.rest().empty()) {
        return 0.0;
    }
    const bool behind = scanner.rest().front() == '-';
    scanner.expect("+-");
    double seconds = 3600.0 * scanner.digits(2);
    scanner.take(":");
    seconds += scanner.rest().empty() ? 0.0 : 60.0 * scanner.digits(2);
    return behind ? -seconds : seconds;
}

std::optional<TraceTime> date_and_time(std::string_view field) noexcept {
    Scanner scanner{field};
    const auto year = static_cast<int>(scanner.digits(4));
    scanner.expect("-/");
    const auto month = static_cast<unsigned>(scanner.digits(2));
    scanner.expect("-/");
    const auto day = static_cast<unsigned>(scanner.digits(2));
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    double seconds = 0.0;
    if (!scanner.rest().empty()) {
        scanner.expect("Tt ");
        seconds = 3600.0 * scanner.digits(2);
        scanner.expect(":");
        seconds += 60.0 * scanner.digits(2);
        if (scanner.take(":")) {
            seconds += scanner.digits(2);
            seconds += scanner.fraction();
        }
        scanner.take(" ");
        seconds -= zone_offset(scanner);
    }
    if (!scanner.done() || !date.ok()) {
        return {};
    }
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return TraceTime{static_cast<double>(days) * day_s + seconds, false};
}

std::optional<TraceTime> clock_time(std::string_view field) noexcept {
    Scanner scanner{field};
    const double first = scanner.digits(3);
    scanner.expect(":");
    const double second = scanner.digits(2);
    const bool with_hours = scanner.take(":");
    const double third = with_hours ? scanner.digits(2) : 0.0;
    const double fraction = scanner.fraction();
    if (!scanner.done() || second >= 60.0 || third >= 61.0) {
        return {};
    }
    // 12:30 in a recording is minutes and seconds: nobody notes movement once a minute.
    const double seconds = with_hours ? 3600.0 * first + 60.0 * second + third : 60.0 * first + second;
    return TraceTime{seconds + fraction, with_hours};
}

}  // namespace

std::optional<double> field_number(std::string_view field) noexcept {
    std::array<char, 64> pointed{};
    if (const auto comma = field.find(','); comma != std::string_view::npos && field.size() <= pointed.size()) {
        std::copy(field.begin(), field.end(), pointed.begin());
        pointed[comma] = '.';
        field = {pointed.data(), field.size()};
    }
    if (field.size() > 1 && field.front() == '+') {
        field.remove_prefix(1);
    }
    double value = 0.0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool whole = error == std::errc{} && end == field.data() + field.size() && std::isfinite(value);
    return whole ? std::optional{value} : std::nullopt;
}

std::optional<double> percent_number(std::string_view field) noexcept {
    if (!field.ends_with('%')) {
        return {};
    }
    field.remove_suffix(1);
    return field_number(field.substr(0, field.find_last_not_of(' ') + 1));
}

std::optional<TraceTime> trace_time(std::string_view field) noexcept {
    if (const auto number = field_number(field)) {
        return TraceTime{*number, false};
    }
    if (field.size() >= 8 && (field[4] == '-' || field[4] == '/')) {
        return date_and_time(field);
    }
    return clock_time(field);
}

}  // namespace crowdjack
