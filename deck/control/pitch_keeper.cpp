// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/pitch_keeper.hpp"

#include "common/log.hpp"
#include "deck/engine/mix_source.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr Seconds fade_allowance{0.01};

}  // namespace

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
        sender_->send(UseStretch{nullptr});
        return;
    }
    if (voice_ == nullptr) {
        make_voice();
    } else {
        sender_->send(UseStretch{voice_.get()});
    }
}

void PitchKeeper::make_voice() {
    voice_ = std::make_unique<StretchVoice>(settings_);
    source_.reset();
    planned_ = false;
    told_mode_ = ReserveMode::normal;
    told_underruns_ = 0;
    sender_->send(UseStretch{voice_.get()});
}

void PitchKeeper::follow(const MotionReport& motion) {
    outdated_.reset();  // a cycle ran since: it knows the new one
    if (voice_ == nullptr) {
        return;
    }
    if (method_ == StretchMethod::rate) {
        // Nobody reads on once it has faded: a take without an end would be found dry at its next use.
        stop(motion.from);
        return;
    }
    if (motion.playing) {
        plan(motion);
    } else {
        stop(motion.from);
    }
    sender_->send(StretchPlanned{motion.number});
}

void PitchKeeper::stop(JackFrame from) {
    source_.reset();  // it holds the track
    if (std::exchange(planned_, false)) {
        voice_->stop(from + to_frames(fade_allowance, settings_.server_rate));
    }
}

void PitchKeeper::tell(double now_s) {
    constexpr double least_s = 2.0;
    if (voice() == nullptr || now_s - told_s_ < least_s) {
        return;
    }
    const StretchHealth health = voice_->health();
    const bool dried_up = health.underruns > told_underruns_;
    if (health.mode == told_mode_ && !dried_up) {
        return;
    }
    log_event(dried_up ? LogLevel::warning : LogLevel::info, dried_up ? "stretch-underrun" : "stretch-reserve",
              {{"method", stretch_name(method_)},
               {"mode", reserve_name(health.mode)},
               {"reserve-frames", health.reserve_frames},
               {"target-frames", health.target_frames},
               {"underruns", health.underruns},
               {"missing-frames", health.missing_frames}});
    told_s_ = now_s;
    told_mode_ = health.mode;
    told_underruns_ = health.underruns;
}

void PitchKeeper::plan(const MotionReport& motion) {
    auto source = std::make_shared<MixSource>(motion.mix, *streams_);
    if (source_ != nullptr && source->same_as(*source_)) {
        source = source_;  // the voice takes another source for a jump
    }
    source_ = source;
    planned_ = true;
    voice_->play({method_, source, motion.mix.motion, motion.from, motion.number});
}

}  // namespace crowdjack
