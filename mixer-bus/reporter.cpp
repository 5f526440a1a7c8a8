// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/reporter.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr auto cleaned_report_period = std::chrono::seconds{2};

}  // namespace

std::chrono::milliseconds Reporter::tick() {
    const bool heard = shell_.osc().has_subscribers();
    while (control_.take_report()) {
        const auto peaks = control_.master_meter().peak_db;
        silence_.heard(static_cast<double>(std::max(peaks[0], peaks[1])));
        if (heard) {
            shell_.osc().publish(meters_message(control_, loudness_.momentary(process_.tap())));
        }
    }
    report_cleaned();
    return heard ? metering : unheard;
}

void Reporter::report_cleaned() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_cleaned_report_) {
        return;
    }
    for (std::size_t i = 0; i < control_.setup().strips.size(); ++i) {
        const std::uint64_t cleaned = control_.cleaned(i);
        if (cleaned == said_cleaned_[i]) {
            continue;
        }
        const std::uint64_t fresh = cleaned - said_cleaned_[i];
        said_cleaned_[i] = cleaned;
        next_cleaned_report_ = now + cleaned_report_period;
        log_event(
            LogLevel::warning, "input-cleaned",
            {{"strip", control_.setup().strips[i]}, {"samples", fresh}, {"why", "not finite or beyond +24 dBFS"}});
        shell_.osc().publish(
            OscMessage{"/mixer/cleaned"}.text(control_.setup().strips[i]).precise(static_cast<double>(fresh)));
    }
}

void Reporter::connected() {
    const auto& tap = process_.tap();
    if (tap == known_tap_) {
        return;
    }
    known_tap_ = tap;
    if (!tap->locked() || !process_.locked()) {
        log_event(LogLevel::warning, "tap-not-locked",
                  {{"why", tap->locked() ? "the limit" : errno_text(tap->lock_error())},
                   {"means", "under memory pressure a recording may hold up the mix"},
                   {"do", "raise the memlock limit (ulimit -l) to 16 MB"}});
    }
}

}  // namespace crowdjack
