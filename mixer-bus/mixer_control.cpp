// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_control.hpp"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t rms_reports = 8;  ///< 320 ms
constexpr double quietest_db = -120.0;  ///< what silence reads

float decibels_of(double amplitude) {
    return static_cast<float>(amplitude > 0.0 ? std::max(quietest_db, to_decibels(amplitude).value) : quietest_db);
}

}  // namespace

MixerControl::MixerControl(ControlSetup setup, MixerProcess& process, std::function<JackFrame()> now)
    : setup_{std::move(setup)}, process_{process}, now_{std::move(now)} {}

std::optional<std::size_t> MixerControl::strip(std::string_view name) const {
    const auto& all = setup_.strips;
    auto found = std::find(all.begin(), all.end(), name);
    if (found == all.end()) {
        const std::string wanted{name};
        found = std::find_if(all.begin(), all.end(),
                             [&](const std::string& strip) { return strcasecmp(strip.c_str(), wanted.c_str()) == 0; });
    }
    if (found == all.end()) {
        return {};
    }
    return static_cast<std::size_t>(found - all.begin());
}

std::string MixerControl::strip_names() const {
    std::string names;
    for (const auto& strip : setup_.strips) {
        names += (names.empty() ? "" : ", ") + strip;
    }
    return names;
}

MixerControl::Sent MixerControl::move(ParameterId id, const Move& move) {
    Automation& automation = mirror_[id];
    const JackFrame now = now_();
    automation.settle(now);
    Automation moved = automation;
    if (!moved.schedule(move, now, Frames{0})) {
        return Sent::too_many_waiting;
    }
    if (!process_.send(MoveCommand{id, move})) {
        return Sent::audio_hangs;  // what the audio thread never learns must not be answered as if it had
    }
    moved.settle(now);
    automation = moved;
    return Sent::yes;
}

bool MixerControl::has_room(ParameterId id, const Move& move) {
    Automation copy = parameter(id);
    return copy.schedule(move, now_(), Frames{0});
}

float MixerControl::solo_gain(std::size_t strip, const std::array<bool, max_strips>& soloed) const {
    const auto end = soloed.begin() + static_cast<std::ptrdiff_t>(setup_.strips.size());
    return soloed[strip] || std::none_of(soloed.begin(), end, [](bool on) { return on; }) ? 1.0F : 0.0F;
}

MixerControl::Sent MixerControl::solo(std::size_t strip, bool on, Move timing) {
    std::array<bool, max_strips> soloed = soloed_;
    soloed[strip] = on;
    std::vector<std::pair<ParameterId, Move>> moves;
    for (std::size_t i = 0; i < setup_.strips.size(); ++i) {
        const ParameterId id{i, StripParameter::solo};
        timing.target = solo_gain(i, soloed);
        if (timing.target == final_target(id)) {
            continue;
        }
        if (!has_room(id, timing)) {
            return Sent::too_many_waiting;
        }
        moves.emplace_back(id, timing);
    }
    for (const auto& [id, move_of_one] : moves) {
        if (const Sent sent = move(id, move_of_one); sent != Sent::yes) {
            return sent;
        }
    }
    soloed_ = soloed;
    return Sent::yes;
}

void MixerControl::preset_solo(const std::array<bool, max_strips>& soloed) {
    soloed_ = soloed;
    for (std::size_t i = 0; i < setup_.strips.size(); ++i) {
        preset({i, StripParameter::solo}, solo_gain(i, soloed));
    }
}

MixerControl::Sent MixerControl::forget_waiting(std::size_t strip) {
    if (!process_.send(ForgetCommand{strip})) {
        return Sent::audio_hangs;
    }
    mirror_.forget_waiting(strip, now_());
    return Sent::yes;
}

MixerControl::Sent MixerControl::set_limiter(LimiterCommand limiter) {
    if (!process_.send(limiter)) {
        return Sent::audio_hangs;
    }
    limiter_ = limiter;
    return Sent::yes;
}

const Automation& MixerControl::parameter(ParameterId id) {
    mirror_[id].settle(now_());
    return mirror_[id];
}

void MixerControl::preset(ParameterId id, float value) {
    mirror_[id].reset(value);
    process_.mixer().parameters()[id].reset(value);
}

void MixerControl::preset(LimiterCommand limiter) {
    limiter_ = limiter;
    process_.mixer().set_limiter(limiter.on, limiter.ceiling);
}

bool MixerControl::take_report() {
    MeterReport report;
    if (!process_.take_report(report)) {
        return false;
    }
    reports_.push_back(report);
    if (reports_.size() > rms_reports) {
        reports_.pop_front();
    }
    return true;
}

MixerControl::Meter MixerControl::meter(const std::function<const Channel&(const MeterReport&)>& channel) const {
    Meter result;
    for (std::size_t side = 0; side < 2; ++side) {
        double mean_square = 0.0;
        for (const auto& report : reports_) {
            mean_square += static_cast<double>(channel(report).mean_square[side]);
        }
        result.peak_db[side] = decibels_of(static_cast<double>(channel(reports_.back()).peak[side]));
        result.rms_db[side] = decibels_of(std::sqrt(mean_square / static_cast<double>(reports_.size())));
    }
    result.clipped = channel(reports_.back()).clipped;
    return result;
}

MixerControl::Meter MixerControl::strip_meter(std::size_t strip) const {
    return meter([strip](const MeterReport& report) -> const Channel& { return report.strips[strip]; });
}

MixerControl::Meter MixerControl::master_meter() const {
    return meter([](const MeterReport& report) -> const Channel& { return report.master; });
}

}  // namespace crowdjack
