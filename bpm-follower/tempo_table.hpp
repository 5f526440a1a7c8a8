// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace crowdjack {

/// The numbers of the movement → BPM table; movement as a fraction. The defaults are crowdstream's, with the 118 BPM
/// step reachable.
struct TableSettings {
    double very_very_low{0.02}, very_low{0.05}, low{0.10}, medium{0.15};  ///< thresholds, ascending
    double top{0.60};                                                     ///< movement at which high_max is reached
    double bpm_very_very_low{105.0}, bpm_very_low{110.0}, bpm_low{115.0}, bpm_medium{118.0}, bpm_high_max{130.0};
};

/// The table as a staircase: each step has the movement at which it begins and a target.
///
/// Above `medium` the target rises to high_max in steps of 0.5 BPM, each beginning where the straight line is nearer to
/// it than to the one below. A step is entered upward at its threshold and left downward only 0.5 % of movement below
/// it, so that a crowd that hovers at a threshold doesn't make the tempo flap.
class TempoTable {
public:
    static constexpr double hysteresis = 0.005;
    static constexpr double step_bpm = 0.5;

    explicit TempoTable(const TableSettings& settings = {});

    /// The step of movement `m` (0…1) for a crowd that stood on `current` (nothing: no history).
    [[nodiscard]] std::size_t step_of(double m, std::optional<std::size_t> current) const noexcept;
    [[nodiscard]] Bpm target(std::size_t step) const noexcept { return {steps_[step].bpm}; }
    [[nodiscard]] double threshold(std::size_t step) const noexcept { return steps_[step].from; }
    [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }

private:
    struct Step {
        double from{}, bpm{};
    };
    [[nodiscard]] std::size_t highest(double m) const noexcept;

    std::vector<Step> steps_;
};

}  // namespace crowdjack
