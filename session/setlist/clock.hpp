// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <optional>

namespace crowdjack {

/// What frame it is on the server's clock, for a process that is no JACK client: from the frames that others report,
/// good to about a period plus the network's delay. Only what lies ahead is decided by it; what happens on a frame is
/// the business of those who hear it.
class SetClock {
public:
    enum class Heard { fine, restarted };

    /// @param hz  of the server
    void rate(double hz) noexcept { rate_ = hz; }

    /// A frame that was the latest one at `seconds`. A clock that stands more than half a second before what was heard
    /// last is another run's. One that is only late stood still with its server, and is followed.
    Heard hear(WireFrame frame, double seconds) noexcept {
        if (!frame_) {
            frame_ = JackFrame{static_cast<std::int64_t>(frame)};
            seconds_ = seconds;
            return Heard::fine;
        }
        const JackFrame heard = unwrap(frame, at(seconds));
        const bool back = (*frame_ - heard) > to_frames({0.5}, rate_);
        frame_ = back ? JackFrame{static_cast<std::int64_t>(frame)} : heard;
        seconds_ = seconds;
        return back ? Heard::restarted : Heard::fine;
    }

    [[nodiscard]] bool known() const noexcept { return frame_.has_value(); }
    /// Precondition: known().
    [[nodiscard]] JackFrame at(double seconds) const noexcept {
        return *frame_ + to_frames({seconds - seconds_}, rate_);
    }
    [[nodiscard]] JackFrame unwrapped(WireFrame frame, double seconds) const noexcept {
        return unwrap(frame, at(seconds));
    }

private:
    double rate_{48000.0};
    std::optional<JackFrame> frame_;
    double seconds_{0.0};
};

}  // namespace crowdjack
