// SPDX-License-Identifier: GPL-3.0-or-later
// How a position on a controller becomes a value, and back. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace crowdjack::midi {

enum class Curve {
    linear,
    log,   ///< equal steps are equal factors; from 0 on it begins at a thousandth of the top
    fader  ///< a gain as on a mixer: -60 dB to the top along the way, silence at the end
};

/// @throws UsageError for anything but linear, log and fader
[[nodiscard]] Curve parse_curve(std::string_view text);

struct Scale {
    double low{0.0}, high{1.0};  ///< low may be the greater one: the control is turned round
    Curve curve{Curve::linear};

    [[nodiscard]] double value(double position) const noexcept;
    /// The position that has that value, held to 0…1.
    [[nodiscard]] double position(double value) const noexcept;
};

/// Soft take-over: a control that does not stand where its parameter does moves nothing until it gets there, so that a
/// fader's level never jumps.
class Pickup {
public:
    /// A step of a 7 bit control to either side counts as there.
    static constexpr double reach = 1.5 / 127.0;

    /// The parameter is at that position now, whoever moved it.
    void parameter_at(double position) noexcept;
    /// @returns whether the control holds its parameter after moving to `position`
    [[nodiscard]] bool moved_to(double position) noexcept;

private:
    std::optional<double> parameter_, control_;
    bool holds_{false};
};

}  // namespace crowdjack::midi
