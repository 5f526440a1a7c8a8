// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "deck/render/ramp.hpp"
#include "deck/stretch/stretch_voice.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// The keep-pitch half of a deck's sound and how much of it is heard: it takes over from the read head once its voice
/// delivers the motion in force, so a start or a switch never waits for an engine to fill. Audio thread.
class StretchBlend {
public:
    CROWDJACK_REALTIME void use(StretchVoice* voice) noexcept {
        voice_ = voice;
        planned_ = 0;
        level_.jump(0.0F);
    }
    [[nodiscard]] StretchVoice* voice() const noexcept { return voice_; }

    /// The voice knows the motion of this number.
    CROWDJACK_REALTIME void planned(std::uint64_t motion) noexcept { planned_ = motion; }
    [[nodiscard]] std::uint64_t planned() const noexcept { return planned_; }

    /// Fetches the cycle's frames; first thing in each cycle.
    CROWDJACK_REALTIME void read(JackFrame frame, std::size_t frames, bool freewheeling) noexcept {
        if (voice_ != nullptr) {
            voice_->read(frame, {left_.data(), frames}, {right_.data(), frames}, freewheeling);
            whole_ = voice_->heard().frames == frames;
        }
    }

    /// All frames of this cycle are there, and of the motion of this number: silence before an engine is primed, and
    /// what it still plays of an earlier motion, are not.
    [[nodiscard]] bool ready(std::uint64_t motion) const noexcept {
        return voice_ != nullptr && whole_ && planned_ == motion && voice_->heard().serial == motion;
    }

    [[nodiscard]] bool active() const noexcept { return level_.target() != 0.0F; }
    [[nodiscard]] Ramp& level() noexcept { return level_; }

    /// Adds the cycle's frames as far as they are to be heard.
    CROWDJACK_REALTIME void add(std::span<float> left, std::span<float> right) noexcept {
        if (voice_ == nullptr || level_.silent()) {
            return;
        }
        level_.apply({left_.data(), left.size()}, {right_.data(), right.size()});
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] += left_[i];
            right[i] += right_[i];
        }
    }

private:
    StretchVoice* voice_{nullptr};
    std::uint64_t planned_{0};
    bool whole_{false};
    Ramp level_{0.0F};
    alignas(64) std::array<float, 8192> left_{}, right_{};
};

}  // namespace crowdjack
