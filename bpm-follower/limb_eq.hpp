// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/movement.hpp"
#include "bpm-follower/trace.hpp"

namespace crowdjack {

/// Limbs → EQ bands: the mean of the last five reports, a still limb at the floor, full movement at flat (50 %).
class LimbEq {
public:
    struct Percents {
        double low{50.0}, mid{50.0}, high{50.0};
        friend bool operator==(const Percents&, const Percents&) = default;
    };

    explicit LimbEq(double floor_percent) noexcept : floor_{floor_percent} {}

    /// @param now_s  s, never decreasing. Kinds other than arms, legs and head are passed over
    void hear(const TraceEvent& event, double now_s) noexcept;
    /// Legs → low, arms → mid, head → high; flat for a limb of which nothing was heard for 10 s.
    [[nodiscard]] Percents percents(double now_s) const noexcept;

private:
    [[nodiscard]] double percent_of(const ReportWindow& limb, double now_s) const noexcept;

    double floor_;
    ReportWindow arms_, legs_, head_;
};

}  // namespace crowdjack
