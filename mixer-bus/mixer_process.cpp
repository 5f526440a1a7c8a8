// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_process.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
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
    for (const auto& strip : strips) {
        add_pair(strip + "_send", strip + " send", PortDirection::output);
        add_pair(strip + "_return", strip + " return", PortDirection::input);
        for (auto port = ports.end() - 4; port != ports.end(); ++port) {
            port->passes_latency = false;
        }
    }
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
    } else {
        tap_->begin_new_clock();
    }
    meter_period_ = static_cast<std::uint32_t>(std::lround(format.rate / meters_per_second));
    meter_frames_ = 0;
    silent_cycles_.store(0, std::memory_order_release);
    had_insert_ = {};
    zeroed_ = {};
    lock_memory();
}

/// Locked memory is there, too: the first cycle faults no page. Where the limit forbids it, touching must do.
void MixerProcess::lock_memory() noexcept {
    const auto lock = [](void* memory, std::size_t bytes) noexcept {
        auto* const places = static_cast<volatile std::byte*>(memory);
        constexpr std::size_t least_page = 4096;
        for (std::size_t i = 0; i < bytes; i += least_page) {
            places[i] = places[i];
        }
        places[bytes - 1] = places[bytes - 1];
        return mlock(memory, bytes) == 0;
    };
    const auto strips = mixer_.strips();
    const bool self = lock(this, sizeof *this);
    locked_ = lock(strips.data(), strips.size_bytes()) && self;
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
    mixer_.process(cycle.frame, std::span{inputs}.first(strips), master, phones,
                   std::span{inserts_}.first(find_inserts(cycle)));
    count_silence(cycle.frame, master);
    if (cycle.freewheeling) {
        wait_for_readers(cycle.frames);
    }
    tap_->write(cycle.frame, master.left, master.right);
    report_meters(cycle.frames);
}

/// @returns the strips, or 0 when there is no insert at all
CROWDJACK_REALTIME std::size_t MixerProcess::find_inserts(const AudioCycle& cycle) noexcept {
    const std::size_t strips = mixer_.setup().strips;
    const std::size_t first = 2 * strips + 4;
    bool any = false;
    for (std::size_t i = 0; i < strips && first + 4 * i + 3 < cycle.buffers.size(); ++i) {
        bool used = false;
        for (std::size_t side = 0; side < 2; ++side) {
            const std::size_t send = first + 4 * i + side;
            const std::size_t back = send + 2;
            inserts_[i].send[side] = cycle.connected(send) ? cycle.audio(send) : std::span<float>{};
            inserts_[i].back[side] = cycle.connected(back) ? cycle.audio(back) : std::span<float>{};
            used = used || cycle.connected(send) || cycle.connected(back);
            const void*& zeroed = zeroed_[2 * i + side];
            if (cycle.connected(send)) {
                zeroed = nullptr;
            } else if (zeroed != cycle.buffers[send] || zeroed_frames_ != cycle.frames) {
                std::fill_n(cycle.audio(send).data(), cycle.frames, 0.0F);  // whoever connects hears nothing old
                zeroed = cycle.buffers[send];
            }
        }
        any = any || used || had_insert_[i];
        had_insert_[i] = used || (had_insert_[i] && mixer_.strips()[i].needs_insert());
    }
    zeroed_frames_ = cycle.frames;
    return any ? strips : 0;
}

/// The end of the program waits for it: what leaves the graph then is silence already.
CROWDJACK_REALTIME void MixerProcess::count_silence(JackFrame frame, StereoOut master) noexcept {
    Automation& gain = mixer_.parameters()[ParameterId{MixerParameter::master}];
    const bool silent = gain.holds(frame, master.left.size()) && gain.value_at(frame) == 0.0F &&
                        is_silent(master.left) && is_silent(master.right);
    const std::uint64_t before = silent_cycles_.load(std::memory_order_relaxed);
    if (silent || before > 0) {
        silent_cycles_.store(silent ? before + 1 : 0, std::memory_order_release);
    }
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
