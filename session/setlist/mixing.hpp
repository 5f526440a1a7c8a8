// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/orchestra.hpp"
#include "session/setlist/timeline.hpp"

#include <array>
#include <optional>
#include <vector>

namespace crowdjack {

/// Keeps the mixer's strips doing what the set wants of them: a hand-over's ramps are scheduled at once and ahead, and
/// again whenever the tempo line moves them or the mixer comes back.
class Mixing {
public:
    Mixing(const Timeline& timeline, Orchestra& orchestra) noexcept : timeline_{timeline}, orchestra_{orchestra} {}

    struct Handover {
        char outgoing{}, incoming{};
        SetTime begin, end;
        bool plain{false};  ///< one fades in while the other fades out, the EQs stay flat
    };

    /// The strip plays alone: up and flat. @param seconds  of the way there
    void open(char strip, double seconds);
    /// Out of the mix and flat again, for the next to come.
    void rest(char strip);
    /// As a mixer is found: up, flat, untrimmed.
    void release(char strip);
    void trim(char strip, float gain);
    void fade_out(char strip, double seconds);

    /// Readies the incoming strip (silent, only its lows open) and schedules all ramps.
    void plan(const Handover& handover, const Now& now);
    /// Re-schedules what the tempo line moved by more than a millisecond.
    void follow_line(const Now& now);
    /// The same hand-over at other moments.
    void retime(SetTime begin, SetTime end, const Now& now);
    void finish() noexcept { handover_.reset(); }
    [[nodiscard]] const std::optional<Handover>& handover() const noexcept { return handover_; }

    /// The mixer is another process than before: puts the strips in use where they should be by now.
    void mixer_returned(const Now& now, std::optional<char> alone);

private:
    struct Span {
        JackFrame from, until;
    };

    [[nodiscard]] Span span_of(const HandoverRamp& ramp) const noexcept;
    [[nodiscard]] char strip_of(Side side) const noexcept;
    void schedule(const Now& now);
    void set(char strip, const StripSetting& setting, double seconds);
    void send_trim(char strip);

    const Timeline& timeline_;
    Orchestra& orchestra_;
    std::optional<Handover> handover_;
    std::vector<Span> sent_;
    std::array<float, 26> trims_{};  ///< by letter; 0: never set
};

}  // namespace crowdjack
