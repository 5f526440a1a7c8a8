// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_process.hpp"

#include <array>
#include <cmath>
#include <ctime>

namespace crowdjack {

namespace {

constexpr double meters_per_second = 25.0;
constexpr int longest_wait_ms = 5000;  ///< a recorder that takes nothing for so long must not hold the server up

}  // namespace

MixerProcess::MixerProcess(const MixerSetup& setup) : mixer_{setup} {}

std::vector<PortSpec> MixerProcess::ports(const std::vector<std::string>& strips) {
    std::vector<PortSpec> ports;
    const auto add_pair = [&](const std::string& name, const std::string& pretty, PortDirection direction) {
        ports.push_back({name + "_l", direction, PortKind::audio, pretty + " left"});
        ports.push_back({name + "_r", direction, PortKind::audio, pretty + " right"});
    };
    for (const auto& strip : strips) {
        add_pair(strip, strip, PortDirection::input);
    }
    add_pair("master", "Master", PortDirection::output);
    add_pair("phones", "Phones", PortDirection::output);
    return ports;
}

void MixerProcess::prepare(const ServerFormat& format) {
    // Frames of the server before mean nothing now: what was still queued takes effect at once.
    MixerCommand command;
    while (commands_.pop(command)) {
        if (const auto* move = std::get_if<MoveCommand>(&command)) {
            mixer_.parameters()[move->id].reset(move->move.target);
        } else if (const auto* limiter = std::get_if<LimiterCommand>(&command)) {
            mixer_.set_limiter(limiter->on, limiter->ceiling);
        }
    }
    mixer_.prepare(format.rate);
    if (!tap_ || tap_->rate() != format.rate) {
        tap_ = std::make_shared<Tap>(format.rate);
    }
    meter_period_ = static_cast<std::uint32_t>(std::lround(format.rate / meters_per_second));
    meter_frames_ = 0;
}

CROWDJACK_REALTIME void MixerProcess::process(const AudioCycle& cycle) noexcept {
    obey_commands(cycle.frame);
    std::array<StereoIn, max_strips> inputs;
    const std::size_t strips = mixer_.setup().strips;
    for (std::size_t i = 0; i < strips; ++i) {
        inputs[i] = {cycle.audio(2 * i), cycle.audio(2 * i + 1)};
    }
    const StereoOut master{cycle.audio(2 * strips), cycle.audio(2 * strips + 1)};
    const StereoOut phones{cycle.audio(2 * strips + 2), cycle.audio(2 * strips + 3)};
    mixer_.process(cycle.frame, std::span{inputs}.first(strips), master, phones);
    if (cycle.freewheeling) {
        wait_for_readers(cycle.frames);
    }
    tap_->write(cycle.frame, master.left, master.right);
    report_meters(cycle.frames);
}

CROWDJACK_REALTIME void MixerProcess::obey_commands(JackFrame now) noexcept {
    MixerCommand command;
    while (commands_.pop(command)) {
        if (const auto* move = std::get_if<MoveCommand>(&command)) {
            mixer_.move(move->id, move->move, now);
        } else if (const auto* limiter = std::get_if<LimiterCommand>(&command)) {
            mixer_.set_limiter(limiter->on, limiter->ceiling);
        } else if (const auto* forget = std::get_if<ForgetCommand>(&command)) {
            mixer_.parameters().forget_waiting(forget->strip, now);
        }
    }
}

CROWDJACK_REALTIME void MixerProcess::wait_for_readers(std::size_t frames) const noexcept {
    if (!tap_->must_wait(frames)) {
        return;
    }
    const RealtimeExemption while_freewheeling;  // offline, completeness counts and time does not
    for (int waited = 0; waited < longest_wait_ms && tap_->must_wait(frames); ++waited) {
        constexpr timespec millisecond{0, 1'000'000};
        nanosleep(&millisecond, nullptr);
    }
}

CROWDJACK_REALTIME void MixerProcess::report_meters(std::uint32_t frames) noexcept {
    meter_frames_ += frames;
    if (meter_frames_ >= meter_period_) {
        meter_frames_ = meter_frames_ - meter_period_ < meter_period_ ? meter_frames_ - meter_period_ : 0;
        reports_.push(mixer_.take_meters());
    }
}

}  // namespace crowdjack
