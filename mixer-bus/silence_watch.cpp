// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/silence_watch.hpp"

#include "common/log.hpp"

namespace crowdjack {

double SilenceWatch::silence_s() const { return std::chrono::duration<double>(Clock::now() - last_sound_).count(); }

void SilenceWatch::heard(double peak_db) {
    if (peak_db < settings_.threshold_db) {
        return;
    }
    if (told_) {
        told_ = false;
        log_event(LogLevel::info, "sounding", {{"after_s", silence_s()}});
        shell_.osc().publish(OscMessage{at::mixer_sounding}.precise(silence_s()));
    }
    last_sound_ = Clock::now();
}

void SilenceWatch::tick() {
    if (told_ || silence_s() < settings_.seconds) {
        return;
    }
    told_ = true;
    log_event(LogLevel::warning, "silent",
              {{"seconds", silence_s()}, {"below_db", settings_.threshold_db}, {"means", "the master gives nothing"}});
    shell_.osc().publish(OscMessage{at::mixer_silent}.precise(silence_s()));
}

}  // namespace crowdjack
