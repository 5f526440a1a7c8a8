// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/mixing.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double settle_s = 0.05;     ///< of a strip that is silent anyway
constexpr double end_early_s = 0.02;  ///< the outgoing fader is down this long before its file ends

std::size_t index_of(char strip) noexcept { return static_cast<std::size_t>(strip - 'A'); }

}  // namespace

void Mixing::set(char strip, const StripSetting& setting, double seconds) {
    for (const Control control : {Control::fader, Control::low, Control::mid, Control::high}) {
        orchestra_.ramp(strip, control, setting.control(control), seconds, std::nullopt);
    }
}

void Mixing::open(char strip, double seconds) {
    orchestra_.forget_scheduled(strip);
    set(strip, StripSetting{}, seconds);
}

void Mixing::rest(char strip) {
    StripSetting flat;
    flat.fader = 0.0F;
    orchestra_.forget_scheduled(strip);
    set(strip, flat, settle_s);
}

void Mixing::release(char strip) {
    open(strip, settle_s);
    trim(strip, 1.0F);
}

void Mixing::trim(char strip, float gain) {
    trims_[index_of(strip)] = gain;
    send_trim(strip);
}

void Mixing::send_trim(char strip) {
    if (const float gain = trims_[index_of(strip)]; gain > 0.0F) {
        orchestra_.trim(strip, gain);
    }
}

void Mixing::fade_out(char strip, double seconds) {
    orchestra_.forget_scheduled(strip);
    orchestra_.ramp(strip, Control::fader, 0.0F, seconds, std::nullopt);
}

char Mixing::strip_of(Side side) const noexcept {
    return side == Side::outgoing ? handover_->outgoing : handover_->incoming;
}

Mixing::Span Mixing::span_of(const HandoverRamp& ramp) const noexcept {
    const double begin = handover_->begin.at;
    const double end = handover_->end.at;
    const JackFrame last = timeline_.frame_of(handover_->end) - to_frames({end_early_s}, timeline_.rate());
    const JackFrame from = timeline_.frame_of({std::lerp(begin, end, ramp.from)});
    const JackFrame until = std::min(timeline_.frame_of({std::lerp(begin, end, ramp.until)}), last);
    return {from, std::max(until, from)};
}

void Mixing::plan(const Handover& handover, const Now& now) {
    handover_ = handover;
    orchestra_.forget_scheduled(handover.outgoing);
    orchestra_.forget_scheduled(handover.incoming);
    set(handover.incoming, handover_setting(Side::incoming, -1.0, handover.plain), settle_s);
    schedule(now);
}

void Mixing::schedule(const Now& now) {
    const double rate = timeline_.rate();
    const auto ramps = handover_ramps(handover_->plain);
    sent_.resize(ramps.size());
    for (std::size_t i = 0; i < sent_.size(); ++i) {
        const HandoverRamp& ramp = ramps[i];
        sent_[i] = span_of(ramp);
        const auto [from, until] = sent_[i];
        if (from > now.frame) {
            orchestra_.ramp(strip_of(ramp.side), ramp.control, ramp.to, to_seconds(until - from, rate).value, from);
        } else if (until > now.frame) {
            orchestra_.ramp(strip_of(ramp.side), ramp.control, ramp.to, to_seconds(until - now.frame, rate).value,
                            std::nullopt);
        }
    }
}

void Mixing::follow_line(const Now& now) {
    if (!handover_) {
        return;
    }
    const std::int64_t tolerance = std::llround(timeline_.rate() / 1000.0);
    bool moved = false;
    const auto ramps = handover_ramps(handover_->plain);
    for (std::size_t i = 0; i < sent_.size(); ++i) {
        const auto [from, until] = span_of(ramps[i]);
        const bool begins_elsewhere = from > now.frame && std::abs((from - sent_[i].from).value) > tolerance;
        const bool ends_elsewhere = until > now.frame && std::abs((until - sent_[i].until).value) > tolerance;
        moved = moved || begins_elsewhere || ends_elsewhere;
    }
    if (moved) {
        retime(handover_->begin, handover_->end, now);
    }
}

void Mixing::retime(SetTime begin, SetTime end, const Now& now) {
    handover_->begin = begin;
    handover_->end = end;
    orchestra_.forget_scheduled(handover_->outgoing);
    orchestra_.forget_scheduled(handover_->incoming);
    schedule(now);
}

void Mixing::mixer_returned(const Now& now, std::optional<char> alone) {
    for (char strip = 'A'; strip <= 'Z'; ++strip) {
        send_trim(strip);
    }
    if (!handover_) {
        if (alone) {
            open(*alone, settle_s);
        }
        return;
    }
    const double begin = handover_->begin.at;
    const double place = (timeline_.at(now.frame).at - begin) / (handover_->end.at - begin);
    for (const Side side : {Side::outgoing, Side::incoming}) {
        orchestra_.forget_scheduled(strip_of(side));
        set(strip_of(side), handover_setting(side, place, handover_->plain), settle_s);
    }
    schedule(now);
}

}  // namespace crowdjack
