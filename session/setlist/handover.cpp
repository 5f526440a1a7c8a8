// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/handover.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double third = 1.0 / 3.0;
constexpr double lead = 0.25 * third;  ///< by which the incoming ramp ends, and the outgoing begins, inside its third

constexpr HandoverRamp in(Control control, float to, int which_third) noexcept {
    return {Side::incoming, control, to, which_third * third, (which_third + 1) * third - lead};
}

constexpr HandoverRamp out(Control control, int which_third) noexcept {
    return {Side::outgoing, control, 0.0F, which_third * third + lead, (which_third + 1) * third};
}

constexpr std::array<HandoverRamp, 6> ramps{
    in(Control::fader, 1.0F, 0), out(Control::low, 0),        in(Control::mid, 50.0F, 1),
    out(Control::mid, 1),        in(Control::high, 50.0F, 2), out(Control::fader, 2),
};

constexpr std::array<HandoverRamp, 2> plain_ramps{
    {{Side::incoming, Control::fader, 1.0F, 0.0, 0.75}, {Side::outgoing, Control::fader, 0.0F, 0.25, 1.0}}};

StripSetting before(Side side, bool plain) noexcept {
    StripSetting setting;
    if (side == Side::incoming) {
        setting = plain ? StripSetting{0.0F, 50.0F, 50.0F, 50.0F} : StripSetting{0.0F, 50.0F, 0.0F, 0.0F};
    }
    return setting;
}

}  // namespace

std::span<const HandoverRamp> handover_ramps(bool plain) noexcept {
    return plain ? std::span<const HandoverRamp>{plain_ramps} : std::span<const HandoverRamp>{ramps};
}

float& StripSetting::control(Control which) noexcept {
    switch (which) {
    case Control::low:
        return low;
    case Control::mid:
        return mid;
    case Control::high:
        return high;
    case Control::fader:
        break;
    }
    return fader;
}

float StripSetting::control(Control which) const noexcept { return StripSetting{*this}.control(which); }

StripSetting handover_setting(Side side, double place, bool plain) noexcept {
    StripSetting setting = before(side, plain);
    for (const HandoverRamp& ramp : handover_ramps(plain)) {
        if (ramp.side == side) {
            const double done = std::clamp((place - ramp.from) / (ramp.until - ramp.from), 0.0, 1.0);
            float& value = setting.control(ramp.control);
            value = std::lerp(value, ramp.to, static_cast<float>(done));
        }
    }
    return setting;
}

}  // namespace crowdjack
