// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/control/command_sender.hpp"
#include "deck/control/stream_book.hpp"
#include "deck/stretch/stretch_voice.hpp"

#include <cstdint>
#include <limits>
#include <memory>

namespace crowdjack {

class MixSource;

/// Keeps the deck's stretch voice in step with the motions that the audio thread reports. Control thread.
class PitchKeeper {
public:
    PitchKeeper(CommandSender& sender, const StreamBook& streams) noexcept : sender_{&sender}, streams_{&streams} {}

    /// A server came: its rate and period. The voice is made anew; to be called while no cycle runs or before use().
    void connected(double server_rate, std::uint32_t period, int realtime_priority);

    void use(StretchMethod method);
    [[nodiscard]] StretchMethod method() const noexcept { return method_; }

    /// The motion in force or to come, each once, in order.
    void follow(const MotionReport& motion);

    /// Logs, at most every 2 s, that the reserve ran dry or got another mode.
    void tell(double now_s);

    /// Nothing while the method is `rate`.
    [[nodiscard]] const StretchVoice* voice() const noexcept {
        return method_ == StretchMethod::rate ? nullptr : voice_.get();
    }

private:
    void plan(const MotionReport& motion);
    void stop(JackFrame from);
    void make_voice();

    CommandSender* sender_;
    const StreamBook* streams_;
    StretchMethod method_{StretchMethod::rate};
    StretchVoice::Settings settings_;
    std::unique_ptr<StretchVoice> voice_;
    double told_s_{-std::numeric_limits<double>::infinity()};
    ReserveMode told_mode_{ReserveMode::normal};
    std::uint64_t told_underruns_{0};
    bool planned_{false};                     ///< the voice has a plan without an end
    std::shared_ptr<MixSource> source_;       ///< of the latest plan
    std::unique_ptr<StretchVoice> outdated_;  ///< of another server; the audio thread may know it until told otherwise
};

}  // namespace crowdjack
