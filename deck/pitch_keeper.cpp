// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/pitch_keeper.hpp"

#include "deck/mix_source.hpp"

#include <utility>

namespace crowdjack {

void PitchKeeper::connected(double server_rate, std::uint32_t period, int realtime_priority) {
    settings_ = {server_rate, period, realtime_priority};
    if (voice_ != nullptr) {
        outdated_ = std::move(voice_);
    }
    if (method_ != StretchMethod::rate) {
        make_voice();
    }
}

void PitchKeeper::use(StretchMethod method) {
    method_ = method;
    if (method == StretchMethod::rate) {
        desk_->send(UseStretch{nullptr});
        return;
    }
    if (voice_ == nullptr) {
        make_voice();
    } else {
        desk_->send(UseStretch{voice_.get()});
    }
}

void PitchKeeper::make_voice() {
    voice_ = std::make_unique<StretchVoice>(settings_);
    source_.reset();
    desk_->send(UseStretch{voice_.get()});
}

void PitchKeeper::follow(const MotionReport& motion) {
    outdated_.reset();  // a cycle ran since: it knows the new one
    if (method_ == StretchMethod::rate || voice_ == nullptr) {
        return;
    }
    if (motion.playing) {
        plan(motion);
    } else {
        voice_->stop(motion.from + to_frames(Seconds{0.01}, settings_.server_rate));
    }
    desk_->send(StretchPlanned{motion.number});
}

void PitchKeeper::plan(const MotionReport& motion) {
    auto source = std::make_shared<MixSource>(motion.mix, *streams_);
    if (source_ != nullptr && source->same_as(*source_)) {
        source = source_;  // the voice takes another source for a jump
    }
    source_ = source;
    voice_->play({method_, source, motion.mix.motion, motion.from, motion.number});
}

}  // namespace crowdjack
