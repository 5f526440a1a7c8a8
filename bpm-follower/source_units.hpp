// SPDX-License-Identifier: GPL-3.0-or-later
// Finds out which senders of movement count in percent.
#pragma once

#include "bpm-follower/movement.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// Where a report came from: an IPv4 host (network byte order) and a port.
struct MovementSource {
    std::uint32_t host{};
    std::uint16_t port{};
    friend bool operator==(MovementSource, MovementSource) = default;

    [[nodiscard]] std::string name() const;  ///< 127.0.0.1:40000
    [[nodiscard]] static std::optional<MovementSource> named(const std::string& name);
};

/// Whether a series of values is one of fractions: ten values above 2 within the last twenty say that it is not.
class UnitEvidence {
public:
    /// @param large  the value is too large for a fraction
    void add(bool large) noexcept { last_twenty_ = ((last_twenty_ << 1U) | (large ? 1U : 0U)) & 0xFFFFFU; }
    [[nodiscard]] bool is_no_fraction() const noexcept { return __builtin_popcount(last_twenty_) >= 10; }

private:
    std::uint32_t last_twenty_{};
};

/// Turns each source's values into fractions.
///
/// Unless the unit is settled, every source speaks in fractions, and values above 1 are held to 1: a detector whose
/// tracker mixes two people up reports 4 now and then. Ten values above 2 within the last twenty of one source make
/// that source percent (or parts of `above_one`, crowdstream's movement_max_value). Nothing less does, and no source
/// changes another one's unit.
///
/// Some senders (oscsend is one) use another port for each message. The first reports of all ports of a host are
/// therefore taken as one source more: they have their own evidence, and a port leaves them with its second report.
class SourceUnits {
public:
    enum class Notice {
        none,
        unit_found,    ///< the source speaks in above_one from this report on
        above_full,    ///< a percent source sent more than 100: held to 1
        below_nothing  ///< a negative value: refused
    };
    struct Reading {
        std::optional<double> fraction;  ///< 0…1; nothing when the value was refused
        Notice notice{Notice::none};     ///< worth saying now; all but unit_found at most once per host
    };

    /// @param settled  the unit of every source; empty: found out per source
    /// @param above_one  the unit of a source that doesn't speak in fractions
    explicit SourceUnits(std::optional<MovementUnit> settled, MovementUnit above_one) noexcept
        : settled_{settled}, above_one_{above_one} {}

    /// @param now  s, never decreasing
    /// @param value  finite
    Reading read(MovementSource source, double value, double now);

    /// From now on every source speaks in this unit; with nothing, it is found out anew.
    void settle(std::optional<MovementUnit> unit);
    [[nodiscard]] const std::optional<MovementUnit>& settled() const noexcept { return settled_; }
    [[nodiscard]] const MovementUnit& above_one() const noexcept { return above_one_; }

    /// What the sources count in: a unit's name, or `mixed`.
    [[nodiscard]] std::string unit_in_use() const;
    [[nodiscard]] std::size_t sources() const noexcept { return sources_.size(); }
    /// The sources that were found not to speak in fractions.
    [[nodiscard]] std::vector<MovementSource> found() const;
    /// Takes them up from an earlier life.
    void restore(const std::vector<MovementSource>& found);

private:
    struct Known {
        MovementSource source;
        UnitEvidence evidence;
        bool found{false};  ///< speaks in above_one_
        double last_heard{};
        std::size_t reports{};
    };
    /// The first reports of all ports of one host.
    struct FirstReports {
        std::uint32_t host{};
        UnitEvidence evidence;
        bool found{false};
    };
    static constexpr std::size_t most_sources = 64;  ///< beyond that the one silent longest is forgotten

    Known& known(MovementSource source, double now);
    FirstReports& first_reports(std::uint32_t host);
    [[nodiscard]] double least_large() const noexcept;
    Notice once_per_host(Notice notice, std::uint32_t host);

    std::optional<MovementUnit> settled_;
    MovementUnit above_one_;
    std::vector<Known> sources_;
    std::vector<FirstReports> first_reports_;
    std::vector<std::pair<std::uint32_t, Notice>> said_;
};

}  // namespace crowdjack
