// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/loudness.hpp"
#include "mixer-bus/mixer_control.hpp"
#include "mixer-bus/silence_watch.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace crowdjack {

/// Passes on what the audio thread reports: meters to subscribers, cleaned inputs to the log. Control thread.
class Reporter {
public:
    Reporter(ClientShell& shell, MixerControl& control, MixerProcess& process, LoudnessMeter& loudness,
             SilenceWatch& silence)
        : shell_{shell}, control_{control}, process_{process}, loudness_{loudness}, silence_{silence} {}

    static constexpr std::chrono::milliseconds metering{40};  ///< as often as the audio thread reports
    static constexpr std::chrono::milliseconds unheard{200};
    /// @returns after what time to come again
    std::chrono::milliseconds tick();
    /// Says where the tap's memory could not be locked, once per tap.
    void connected();

private:
    void report_cleaned();

    ClientShell& shell_;
    MixerControl& control_;
    MixerProcess& process_;
    LoudnessMeter& loudness_;
    SilenceWatch& silence_;
    std::array<std::uint64_t, max_strips> said_cleaned_{};
    std::chrono::steady_clock::time_point next_cleaned_report_{};
    std::shared_ptr<Tap> known_tap_;
};

}  // namespace crowdjack
