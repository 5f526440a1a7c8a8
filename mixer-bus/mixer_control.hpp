// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/eq_curve.hpp"
#include "mixer-bus/mixer_process.hpp"
#include "mixer-bus/parameters.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// What the command line settles.
struct ControlSetup {
    std::vector<std::string> strips{"A", "B", "C", "D", "mic"};
    EqCurve curve;
    MixerSetup mixer;
};

/// The control thread's side of the mixer: the strips' names, every parameter as it was last told, what the meters
/// said.
///
/// Moves go to the audio thread and into a copy of all automations, so that questions are answered at once.
class MixerControl {
public:
    /// @param now  the JACK frame of the latest cycle
    MixerControl(ControlSetup setup, MixerProcess& process, std::function<JackFrame()> now);

    [[nodiscard]] const ControlSetup& setup() const noexcept { return setup_; }
    /// The strip of that name, in any case; nothing when there is none.
    [[nodiscard]] std::optional<std::size_t> strip(std::string_view name) const;
    [[nodiscard]] std::string strip_names() const;  ///< "A, B, C, D, mic"

    enum class Sent { yes, too_many_waiting, audio_hangs };
    /// Begins or schedules a move of a parameter.
    Sent move(ParameterId id, const Move& move);
    /// True when move() would find room among the parameter's waiting moves.
    [[nodiscard]] bool has_room(ParameterId id, const Move& move);
    /// Solos a strip in place, or no more: while any strip is soloed, the others give nothing to the master.
    /// @param timing  start, length and shape of the moves that this takes; all of them or none are made
    Sent solo(std::size_t strip, bool on, Move timing);
    [[nodiscard]] bool soloed(std::size_t strip) const noexcept { return soloed_[strip]; }
    /// The same before the audio thread runs.
    void preset_solo(const std::array<bool, max_strips>& soloed);
    /// Forgets what is scheduled on a strip and has not begun.
    Sent forget_waiting(std::size_t strip);
    Sent set_limiter(LimiterCommand limiter);
    [[nodiscard]] LimiterCommand limiter() const noexcept { return limiter_; }

    /// A parameter as of now: where it is, and where it is going.
    [[nodiscard]] const Automation& parameter(ParameterId id);
    [[nodiscard]] float current(ParameterId id) { return parameter(id).value_at(now_()); }
    [[nodiscard]] float target(ParameterId id) { return parameter(id).target(); }
    /// Where everything scheduled leads: what is worth keeping in a state file.
    [[nodiscard]] float final_target(ParameterId id) { return parameter(id).final_target(); }

    /// Sets a parameter before the audio thread runs.
    void preset(ParameterId id, float value);
    void preset(LimiterCommand limiter);
    /// The server went away: scheduled frames are void.
    void forget_frames() noexcept { mirror_.forget_frames(); }

    /// Takes the next of what the audio thread measured. @returns false when there is nothing new
    bool take_report();
    struct Meter {
        std::array<float, 2> peak_db{}, rms_db{};  ///< dBFS, at least -120
        std::uint64_t clipped{};                   ///< since the start
    };
    /// Peak of the last 40 ms, RMS of the last 320 ms.
    [[nodiscard]] Meter strip_meter(std::size_t strip) const;
    [[nodiscard]] Meter master_meter() const;
    /// Samples of a strip's input that were no music, since the start.
    [[nodiscard]] std::uint64_t cleaned(std::size_t strip) const noexcept {
        return reports_.back().strips[strip].cleaned;
    }
    [[nodiscard]] const MeterReport& latest_report() const noexcept { return reports_.back(); }

private:
    using Channel = MeterReport::Channel;
    [[nodiscard]] Meter meter(const std::function<const Channel&(const MeterReport&)>& channel) const;
    [[nodiscard]] float solo_gain(std::size_t strip, const std::array<bool, max_strips>& soloed) const;

    ControlSetup setup_;
    MixerProcess& process_;
    std::function<JackFrame()> now_;
    Parameters mirror_;
    LimiterCommand limiter_;
    std::deque<MeterReport> reports_{MeterReport{}};
    std::array<bool, max_strips> soloed_{};
};

}  // namespace crowdjack
