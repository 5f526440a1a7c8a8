// SPDX-License-Identifier: GPL-3.0-or-later
// The two quantities that reports are made into: a movement as a fraction, and the median of recent reports.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// What a movement value counts in. `full` is the value that means "as much as possible": 1, 100 or a raw maximum.
/// acceleration is for traces only: their reports are made of a vector's length.
struct MovementUnit {
    enum class Kind { fraction, percent, raw, acceleration };
    Kind kind{Kind::fraction};
    double full{1.0};

    /// `fraction`, `percent` or `raw:MAX` (MAX > 0); nothing for anything else.
    static std::optional<MovementUnit> named(std::string_view text) noexcept;
    /// The same for --unit, which also takes `accel`. @throws UsageError that says what is possible
    static MovementUnit parse(std::string_view text);
    [[nodiscard]] std::string name() const;

    /// The value as a fraction, held to 0…1.
    [[nodiscard]] double fraction_of(double value) const noexcept;
};

/// The last five reports of one quantity, at most 10 s old.
class ReportWindow {
public:
    static constexpr std::size_t size = 5;
    static constexpr double longest_age_s = 10.0;

    /// @param now  s, never decreasing
    void add(double value, double now) noexcept;
    void clear() noexcept { count_ = 0; }

    /// The median (of an even number: the mean of the middle two) of what is fresh; nothing without a fresh report.
    [[nodiscard]] std::optional<double> median(double now) const noexcept;
    [[nodiscard]] std::optional<double> mean(double now) const noexcept;

private:
    struct Report {
        double value{}, when{};
    };
    struct Fresh {
        std::array<double, size> values{};
        std::size_t count{};
    };
    [[nodiscard]] Fresh fresh(double now) const noexcept;

    std::array<Report, size> reports_{};  ///< a ring
    std::size_t next_{}, count_{};
};

}  // namespace crowdjack
