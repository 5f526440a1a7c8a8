// SPDX-License-Identifier: GPL-3.0-or-later
// A phone in a pocket as a detector.
#pragma once

#include "bpm-follower/trace_columns.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// One sample of an accelerometer. The second vector is gravity, or what else the file has; it may be absent.
struct AccelSample {
    double time_s{};
    std::array<double, 3> axes{};
    std::optional<std::array<double, 3>> other;
};

/// One report of movement, 0…1.
struct AccelReport {
    double time_s{}, movement{};
};

/// Turns acceleration into movement: the smoothed change of the vector's length. Which way up the phone lies doesn't
/// matter. Lying still is 0, walking about a quarter, dancing well above a half.
///
/// The length is measured in g: where gravity is part of it, its median is 1 g. The change is the distance of the
/// length from its own mean over about a second; its mean over 2 s, less the noise of a cheap sensor (0.02 g), is full
/// movement at 0.8 g. One report a second.
struct Accelerometer {
    /// Whether gravity is part of the vector.
    enum class Gravity {
        inside,
        taken_away,  ///< the change is then the length itself
    };

    Gravity gravity{Gravity::inside};
    bool add_other{false};  ///< the vector is the sum of both
    double unit_g{1.0};     ///< what the numbers count in, as parts of g; not used when gravity is inside

    /// Finds out how the samples are to be read.
    /// @param declared  the user says that it is an accelerometer: gravity need not show it
    /// @returns nothing when they are no accelerometer's, as far as one can see
    [[nodiscard]] static std::optional<Accelerometer> of(const std::vector<AccelSample>& samples,
                                                         const TraceLayout& layout, bool declared);

    /// @param samples  in order of time
    [[nodiscard]] std::vector<AccelReport> reports(const std::vector<AccelSample>& samples) const;
};

}  // namespace crowdjack
