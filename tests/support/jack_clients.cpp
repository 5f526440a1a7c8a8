// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/jack_clients.hpp"

#include "tests/support/jack_server.hpp"
#include "tests/support/waves.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace crowdjack::test {

JackProbe::JackProbe(const std::string& server, const std::string& name, std::size_t inputs, std::size_t outputs,
                     Callback callback)
    : callback_{std::move(callback)},
      input_buffers_(inputs),
      output_buffers_(outputs),
      client_{open_client(server, name)} {
    name_ = jack_get_client_name(client_);
    const auto add_ports = [this](std::vector<jack_port_t*>& ports, std::size_t count, const char* prefix,
                                  unsigned long flags) {
        for (std::size_t i = 1; i <= count; ++i) {
            const auto port = std::string{prefix} + std::to_string(i);
            ports.push_back(jack_port_register(client_, port.c_str(), JACK_DEFAULT_AUDIO_TYPE, flags, 0));
        }
    };
    add_ports(inputs_, inputs, "in_", JackPortIsInput);
    add_ports(outputs_, outputs, "out_", JackPortIsOutput);
    jack_set_process_callback(client_, process, this);
    jack_set_xrun_callback(
        client_,
        [](void* self) {
            static_cast<JackProbe*>(self)->xruns_.fetch_add(1, std::memory_order_relaxed);
            return 0;
        },
        this);
    if (jack_activate(client_) != 0) {
        close_client(client_);
        throw std::runtime_error{"cannot activate " + name_};
    }
}

JackProbe::~JackProbe() { close_client(client_); }

int JackProbe::process(jack_nframes_t frames, void* self) {
    auto& probe = *static_cast<JackProbe*>(self);
    const auto wire = jack_last_frame_time(probe.client_);
    if (!probe.frame_) {
        probe.frame_ = wire;
    } else {
        *probe.frame_ += static_cast<std::int32_t>(wire - static_cast<std::uint32_t>(*probe.frame_));
    }
    for (std::size_t i = 0; i < probe.inputs_.size(); ++i) {
        probe.input_buffers_[i] = static_cast<const float*>(jack_port_get_buffer(probe.inputs_[i], frames));
    }
    for (std::size_t i = 0; i < probe.outputs_.size(); ++i) {
        probe.output_buffers_[i] = static_cast<float*>(jack_port_get_buffer(probe.outputs_[i], frames));
    }
    probe.callback_(Cycle{*probe.frame_, frames, probe.input_buffers_, probe.output_buffers_});
    return 0;
}

std::string JackProbe::input(std::size_t i) const { return name_ + ":in_" + std::to_string(i + 1); }

std::string JackProbe::output(std::size_t i) const { return name_ + ":out_" + std::to_string(i + 1); }

void JackProbe::connect(const std::string& from, const std::string& to) const {
    // A server whose graph is just changing, on a busy machine, may refuse at first.
    const bool made = eventually(
        [&] {
            const int result = jack_connect(client_, from.c_str(), to.c_str());
            return result == 0 || result == EEXIST;
        },
        Deadline{3000});
    if (!made) {
        throw std::runtime_error{"cannot connect " + from + " to " + to};
    }
}

Capture::Capture(const std::string& server, Settings settings)
    : samples_(settings.channels, std::vector<float>(static_cast<std::size_t>(settings.seconds * 48000.0))),
      stamps_(static_cast<std::size_t>(settings.seconds * 48000.0 / 16.0)),
      probe_{server, settings.name, settings.channels, 0, [this](const JackProbe::Cycle& cycle) { record(cycle); }} {}

void Capture::listen_to(const std::string& port, std::size_t channel) { probe_.connect(port, probe_.input(channel)); }

void Capture::record(const JackProbe::Cycle& cycle) {
    const auto index = cycles_.load(std::memory_order_relaxed);
    if (index == stamps_.size() || recorded_ + cycle.frames > samples_.front().size()) {
        full_.store(true, std::memory_order_relaxed);
        return;
    }
    for (std::size_t channel = 0; channel < samples_.size(); ++channel) {
        std::copy_n(cycle.inputs[channel], cycle.frames,
                    samples_[channel].begin() + static_cast<std::ptrdiff_t>(recorded_));
    }
    stamps_[index] = {cycle.frame, recorded_, cycle.frames};
    recorded_ += cycle.frames;
    cycles_.store(index + 1, std::memory_order_release);
}

std::optional<std::int64_t> Capture::end_frame() const {
    const auto count = cycles_.load(std::memory_order_acquire);
    return count == 0 ? std::nullopt : std::optional{stamps_[count - 1].frame + stamps_[count - 1].frames};
}

std::int64_t Capture::first_frame() const {
    if (!eventually([this] { return end_frame().has_value(); })) {
        throw std::runtime_error{"the capture client gets no cycles"};
    }
    return stamps_.front().frame;
}

bool Capture::wait_until(std::int64_t frame, Deadline deadline) const {
    return eventually([&] { return end_frame().value_or(std::numeric_limits<std::int64_t>::min()) >= frame; },
                      deadline);
}

const Capture::Stamp* Capture::stamp_of(std::int64_t frame, std::size_t count) const {
    const auto end = stamps_.begin() + static_cast<std::ptrdiff_t>(count);
    const auto after = std::upper_bound(stamps_.begin(), end, frame,
                                        [](std::int64_t f, const Stamp& stamp) { return f < stamp.frame; });
    if (after == stamps_.begin()) {
        return nullptr;
    }
    const auto& stamp = *std::prev(after);
    return frame < stamp.frame + stamp.frames ? &stamp : nullptr;
}

std::optional<float> Capture::sample(std::size_t channel, std::int64_t frame) const {
    const auto* stamp = stamp_of(frame, cycles_.load(std::memory_order_acquire));
    return stamp == nullptr
               ? std::nullopt
               : std::optional{samples_[channel][stamp->offset + static_cast<std::size_t>(frame - stamp->frame)]};
}

bool Capture::recorded(std::int64_t from, std::int64_t to) const {
    for (auto frame = from; frame < to; ++frame) {
        if (!sample(0, frame)) {
            return false;
        }
    }
    return true;
}

std::vector<float> Capture::samples(std::size_t channel, std::int64_t from, std::int64_t to) const {
    std::vector<float> result;
    result.reserve(static_cast<std::size_t>(std::max<std::int64_t>(to - from, 0)));
    for (auto frame = from; frame < to; ++frame) {
        result.push_back(sample(channel, frame).value_or(std::numeric_limits<float>::quiet_NaN()));
    }
    return result;
}

std::optional<std::int64_t> Capture::first_sound(std::size_t channel, std::int64_t from) const {
    const auto count = cycles_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& stamp = stamps_[i];
        for (std::uint32_t k = 0; k < stamp.frames; ++k) {
            if (stamp.frame + k >= from && samples_[channel][stamp.offset + k] != 0.0F) {
                return stamp.frame + k;
            }
        }
    }
    return std::nullopt;
}

bool Capture::wait_for_sound(std::size_t channel, std::int64_t from, Deadline deadline) const {
    return eventually([&] { return first_sound(channel, from).has_value(); }, deadline);
}

std::vector<Capture::Gap> Capture::gaps() const {
    std::vector<Gap> found;
    const auto count = cycles_.load(std::memory_order_acquire);
    for (std::size_t i = 1; i < count; ++i) {
        const auto expected = stamps_[i - 1].frame + stamps_[i - 1].frames;
        if (stamps_[i].frame != expected) {
            found.push_back({expected, stamps_[i].frame});
        }
    }
    return found;
}

std::int64_t wrong_frames(const Capture& capture, std::size_t channel, std::int64_t start, std::int64_t from,
                          std::int64_t to, std::int64_t delay) {
    const auto jumps = capture.gaps();
    const auto delayed_from_before = [&](std::int64_t frame) {
        return std::ranges::any_of(
            jumps, [&](const Capture::Gap& jump) { return jump.came <= frame && frame < jump.came + delay; });
    };
    std::int64_t right = 0;
    std::int64_t wrong = 0;
    for (auto frame = from; frame < to; ++frame) {
        const auto sample = capture.sample(channel, frame);
        if (sample && PositionCode{24}.frame_of(*sample) == frame - delay - start) {
            ++right;
        } else if (sample && !delayed_from_before(frame)) {
            ++wrong;
        }
    }
    return right > 0 ? wrong : std::max<std::int64_t>(to - from, 1);
}

Player::Player(const std::string& server, const std::string& name, std::vector<std::vector<float>> samples)
    : samples_{std::move(samples)}, probe_{server, name, 0, samples_.size(), [this](const JackProbe::Cycle& cycle) {
                                               play(cycle);
                                           }} {}

void Player::play(const JackProbe::Cycle& cycle) const {
    while (hanging_.load(std::memory_order_acquire)) {
        sched_yield();
    }
    const auto start = start_.load(std::memory_order_acquire);
    for (std::size_t channel = 0; channel < samples_.size(); ++channel) {
        const auto& source = samples_[channel];
        for (std::uint32_t k = 0; k < cycle.frames; ++k) {
            const auto now = cycle.frame + k;
            const bool sounding = now >= start && static_cast<std::uint64_t>(now - start) < source.size();
            cycle.outputs[channel][k] = sounding ? source[static_cast<std::size_t>(now - start)] : 0.0F;
        }
    }
}

IdleClient::IdleClient(const std::string& server, const std::string& name, std::size_t inputs, std::size_t outputs)
    : probe_{server, name, inputs, outputs, [](const JackProbe::Cycle&) {}} {}

}  // namespace crowdjack::test
