// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"

#include <chrono>

namespace crowdjack {

/// Tells when the master has been silent for long, and when it sounds again: /mixer/silent d:seconds,
/// /mixer/sounding d:seconds (of silence before it). A JACK server that is away is silence, too. Control thread.
class SilenceWatch {
public:
    struct Settings {
        double threshold_db{-60.0};  ///< peaks below it are silence
        double seconds{15.0};
    };

    explicit SilenceWatch(ClientShell& shell) : shell_{shell} {}

    /// From the next tick on.
    void set(const Settings& settings) noexcept { settings_ = settings; }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] bool silent() const noexcept { return told_; }

    /// What the meters read. @param peak_db  of the master since the last call
    void heard(double peak_db);
    /// A few times a second.
    void tick();

private:
    using Clock = std::chrono::steady_clock;
    [[nodiscard]] double silence_s() const;

    ClientShell& shell_;
    Settings settings_;
    Clock::time_point last_sound_{Clock::now()};
    bool told_{false};
};

}  // namespace crowdjack
