// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "mixer-bus/automation.hpp"
#include "mixer-bus/isolator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace crowdjack {

/// Most strips of one mixer; JACK's process limits a client to 64 ports here.
inline constexpr std::size_t max_strips = 16;

/// What a strip can have moved.
enum class StripParameter : std::uint8_t { trim, low, mid, high, fader, mute, pfl, pan, solo };
inline constexpr std::size_t strip_parameter_count = 9;

/// What the mixer as a whole can have moved. `mute`, `pfl` and `solo` above are gains of 0 or 1, so that switching is a
/// short fade: `solo` is 0 while other strips are soloed. `pan` is -1 (left) … 1 (right).
enum class MixerParameter : std::uint8_t { master, phones, cue_mix };
inline constexpr std::size_t mixer_parameter_count = 3;

[[nodiscard]] constexpr StripParameter parameter_of(Band band) noexcept {
    return static_cast<StripParameter>(static_cast<std::size_t>(StripParameter::low) + static_cast<std::size_t>(band));
}

/// Names one automated parameter.
class ParameterId {
public:
    constexpr ParameterId() noexcept = default;
    constexpr ParameterId(std::size_t strip, StripParameter parameter) noexcept
        : index_{static_cast<std::uint16_t>(strip * strip_parameter_count + static_cast<std::size_t>(parameter))} {}
    constexpr explicit ParameterId(MixerParameter parameter) noexcept
        : index_{static_cast<std::uint16_t>(max_strips * strip_parameter_count + static_cast<std::size_t>(parameter))} {
    }

    [[nodiscard]] constexpr std::size_t index() const noexcept { return index_; }
    friend constexpr bool operator==(ParameterId, ParameterId) = default;

    static constexpr std::size_t count = max_strips * strip_parameter_count + mixer_parameter_count;

private:
    std::uint16_t index_{};
};

/// Every parameter's automation. The audio thread has one; the control thread keeps a second, fed with the same moves,
/// to answer questions without asking the audio thread.
class Parameters {
public:
    /// All at their defaults: unity, flat, not muted, no PFL, no solo, pan in the middle, cue mix 0 (PFL only).
    Parameters() noexcept {
        for (std::size_t strip = 0; strip < max_strips; ++strip) {
            (*this)[{strip, StripParameter::pfl}].reset(0.0F);
            (*this)[{strip, StripParameter::pan}].reset(0.0F);
        }
        (*this)[ParameterId{MixerParameter::cue_mix}].reset(0.0F);
    }

    [[nodiscard]] Automation& operator[](ParameterId id) noexcept { return all_[id.index()]; }
    [[nodiscard]] const Automation& operator[](ParameterId id) const noexcept { return all_[id.index()]; }

    /// Moves in progress are at their end, waiting ones are void: what a new server run does to frames of the old one.
    void forget_frames() noexcept {
        for (auto& automation : all_) {
            automation.reset(automation.target());
        }
    }

    /// Forgets what is scheduled on a strip to begin after `now`.
    CROWDJACK_REALTIME void forget_waiting(std::size_t strip, JackFrame now) noexcept {
        for (std::size_t i = 0; i < strip_parameter_count; ++i) {
            (*this)[{strip, static_cast<StripParameter>(i)}].forget_waiting(now);
        }
    }

private:
    std::array<Automation, ParameterId::count> all_{};
};

}  // namespace crowdjack
