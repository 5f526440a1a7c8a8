// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/handover.hpp"

#include "common/eq_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace crowdjack {

namespace {

/// When a band goes over, in parts of the window.
struct Swap {
    Control band;
    double begin, end;
};
constexpr Swap lows{Control::low, 0.4, 0.6};
constexpr Swap mids{Control::mid, 0.2, 0.8};
constexpr Swap highs{Control::high, 0.0, 1.0};
constexpr double lead = 0.25;  ///< of a swap: the incoming ramp ends so long before it does, the outgoing begins after
constexpr double curtain = 0.02;  ///< the faders move while nothing of their track sounds

constexpr HandoverRamp in(const Swap& swap) noexcept {
    return {Side::incoming, swap.band, 50.0F, swap.begin, swap.end - lead * (swap.end - swap.begin)};
}

constexpr HandoverRamp out(const Swap& swap) noexcept {
    return {Side::outgoing, swap.band, 0.0F, swap.begin + lead * (swap.end - swap.begin), swap.end};
}

constexpr std::array<HandoverRamp, 8> ramps{{
    {Side::incoming, Control::fader, 1.0F, 0.0, curtain},
    in(highs),
    in(mids),
    in(lows),
    out(highs),
    out(mids),
    out(lows),
    {Side::outgoing, Control::fader, 0.0F, 1.0 - curtain, 1.0},
}};

constexpr std::array<HandoverRamp, 2> plain_ramps{
    {{Side::incoming, Control::fader, 1.0F, 0.0, 0.75}, {Side::outgoing, Control::fader, 0.0F, 0.25, 1.0}}};

/// The mixer moves a fader and a band's gain linearly.
float on_the_way(Control control, float from, float to, double done) {
    const auto part = static_cast<float>(done);
    if (control == Control::fader) {
        return std::lerp(from, to, part);
    }
    const EqCurve curve;
    return static_cast<float>(curve.percent({std::lerp(curve.gain(from).value, curve.gain(to).value, part)}));
}

StripSetting before(Side side, bool plain) noexcept {
    StripSetting setting;
    if (side == Side::incoming) {
        setting = plain ? StripSetting{0.0F, 50.0F, 50.0F, 50.0F} : StripSetting{0.0F, 0.0F, 0.0F, 0.0F};
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
            value = on_the_way(ramp.control, value, ramp.to, done);
        }
    }
    return setting;
}

}  // namespace crowdjack
