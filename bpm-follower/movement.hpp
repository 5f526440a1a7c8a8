// SPDX-License-Identifier: GPL-3.0-or-later
// From what a detector says to how much the crowd moves: units and the median of recent reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// What a movement value counts in. `full` is the value that means "as much as possible": 1, 100 or a raw maximum.
struct MovementUnit {
    enum class Kind { fraction, percent, raw };
    Kind kind{Kind::fraction};
    double full{1.0};

    /// `fraction`, `percent` or `raw:MAX` (MAX > 0).
    /// @throws UsageError that says what is possible
    static MovementUnit parse(std::string_view text);
    [[nodiscard]] std::string name() const;

    /// The value as a fraction, held to 0…1.
    [[nodiscard]] double fraction_of(double value) const noexcept;
};

/// Where a report came from: an IPv4 host and a port.
struct MovementSource {
    std::uint32_t host{};
    std::uint16_t port{};
    friend bool operator==(MovementSource, MovementSource) = default;
};

/// Turns each source's values into fractions and finds out which sources speak in percent.
///
/// Unless the unit is settled, a source speaks in fractions until it sends more than 1; from then on it speaks in
/// percent (or in parts of `above_one`, crowdstream's movement_max_value). A detector that restarts comes back from
/// another port: a new source of a host whose percent source has been silent for 5 s is taken for the same detector.
/// Some senders (oscsend, for one) use another port for each message: when the last two sources of a host sent one
/// percent report each and no more, a new one is taken for their next, until it sends a second report itself.
class SourceUnits {
public:
    enum class Notice { none, percent_found, raw_found, out_of_range };
    struct Reading {
        std::optional<double> fraction;  ///< 0…1; nothing when the value was refused
        Notice notice{Notice::none};     ///< worth saying now; each at most once per host
    };

    /// @param settled  the unit of every source; empty: found out per source
    /// @param above_one  the unit of a source that sends more than 1
    explicit SourceUnits(std::optional<MovementUnit> settled, MovementUnit above_one) noexcept
        : settled_{settled}, above_one_{above_one} {}

    /// @param now  s, never decreasing
    /// @param value  finite; negative ones and (without a raw unit) those above 100 are refused
    Reading read(MovementSource source, double value, double now);

    [[nodiscard]] const MovementUnit& above_one() const noexcept { return above_one_; }

private:
    struct Known {
        MovementSource source;
        bool beyond_one{false};
        bool presumed{false};  ///< beyond_one only because of the sources before it
        double last_heard{};
        std::size_t reports{};
    };
    static constexpr std::size_t most_sources = 64;  ///< beyond that the one silent longest is forgotten

    Known& known(MovementSource source, double now);
    [[nodiscard]] Known newcomer(MovementSource source, double now) const;
    Notice once_per_host(Notice notice, std::uint32_t host);

    std::optional<MovementUnit> settled_;
    MovementUnit above_one_;
    std::vector<Known> sources_;
    std::vector<std::pair<std::uint32_t, Notice>> said_;
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
