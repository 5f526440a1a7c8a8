// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/stretch_voice.hpp"

#include "common/error.hpp"
#include "deck/stretch/stretch_worker.hpp"

#include <system_error>

namespace crowdjack {

std::string_view reserve_name(ReserveMode mode) noexcept {
    switch (mode) {
    case ReserveMode::relaxed:
        return "relaxed";
    case ReserveMode::normal:
        return "normal";
    case ReserveMode::urgent:
        return "urgent";
    case ReserveMode::emergency:
        return "emergency";
    }
    return "normal";
}

StretchVoice::StretchVoice(const Settings& settings) {
    try {
        worker_ = std::make_unique<StretchWorker>(settings);
    } catch (const std::system_error& error) {
        throw Failure{std::string{"no thread for the stretcher: "} + error.what()};
    }
}

StretchVoice::~StretchVoice() = default;

void StretchVoice::play(const StretchPlan& plan) { worker_->schedule(plan.from, plan); }

void StretchVoice::stop(JackFrame at) { worker_->schedule(at, std::nullopt); }

CROWDJACK_REALTIME std::uint32_t StretchVoice::read(JackFrame frame, std::span<float> left, std::span<float> right,
                                                    bool freewheeling) noexcept {
    return worker_->read(frame, left, right, freewheeling);
}

CROWDJACK_REALTIME StretchHeard StretchVoice::heard() const noexcept { return worker_->heard(); }

CROWDJACK_REALTIME bool StretchVoice::at_rest() const noexcept { return worker_->at_rest(); }

StretchHealth StretchVoice::health() const { return worker_->health(); }

}  // namespace crowdjack
