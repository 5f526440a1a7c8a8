// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "mixer-bus/limiter.hpp"
#include "mixer-bus/parameters.hpp"
#include "mixer-bus/strip.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crowdjack {

/// What does not change while a mixer runs.
struct MixerSetup {
    std::size_t strips{5};  ///< 1…max_strips
    bool has_eq{true};
    double low_crossover_hz{200.0}, high_crossover_hz{2000.0};
};

/// A stereo buffer to read, or to write: equally long spans.
struct StereoIn {
    std::span<const float> left, right;
};
struct StereoOut {
    std::span<float> left, right;
};

/// Levels since the last report and counts since the start, for each strip (before its fader) and the master (as it
/// leaves).
struct MeterReport {
    struct Channel {
        std::array<float, 2> peak{};  ///< linear
        std::array<float, 2> mean_square{};
        std::uint64_t clipped{};  ///< samples beyond full scale since the start: a report that gets lost loses none
        std::uint64_t cleaned{};  ///< samples that were no music since the start
    };
    std::array<Channel, max_strips> strips{};
    Channel master{};
    float lowest_limiter_gain{1.0F};
    std::uint32_t engaged_eqs{};  ///< strips whose isolator is running
    std::uint64_t serial{};       ///< reports so far
};

/// The whole mixer between its ports: strips, sum, master gain, limiter, phones.
///
/// With flat EQ, unit gains and nothing above the ceiling the master is bit for bit the float sum A + B + C + …, 64
/// frames later. master and phones are delayed alike. Set-up on the control thread while the audio thread doesn't run;
/// process() and what it says so of on the audio thread.
class Mixer {
public:
    explicit Mixer(const MixerSetup& setup);

    /// For a server of this rate: all sound and all frames of before are forgotten, targets are kept.
    void prepare(double rate);

    [[nodiscard]] const MixerSetup& setup() const noexcept { return setup_; }
    [[nodiscard]] double rate() const noexcept { return rate_; }
    /// Audio thread, or control while it doesn't run.
    [[nodiscard]] Parameters& parameters() noexcept { return parameters_; }

    /// Begins a move. @param now  first frame of the coming process(). @returns false when 16 are waiting already
    CROWDJACK_REALTIME bool move(ParameterId id, const Move& move, JackFrame now) noexcept;
    CROWDJACK_REALTIME void set_limiter(bool on, float ceiling) noexcept { limiter_.set(on, ceiling); }

    /// @param inputs  one per strip, each as long as the outputs
    /// @param inserts  one per strip, or none at all; each span is empty or as long as the outputs
    CROWDJACK_REALTIME void process(JackFrame frame, std::span<const StereoIn> inputs, StereoOut master,
                                    StereoOut phones, std::span<const StripInsert> inserts = {}) noexcept;
    /// The strips, the one memory that this object has elsewhere.
    [[nodiscard]] std::span<Strip> strips() noexcept { return strips_; }

    /// Levels since the last call.
    [[nodiscard]] CROWDJACK_REALTIME MeterReport take_meters() noexcept;

    /// The shortest ramp: anything quicker would click.
    [[nodiscard]] static constexpr Seconds least_ramp() noexcept { return {0.005}; }

private:
    CROWDJACK_REALTIME void process_chunk(JackFrame frame, std::span<const StereoIn> inputs, StereoOut master,
                                          StereoOut phones, std::span<const StripInsert> inserts) noexcept;
    CROWDJACK_REALTIME void gather_counts() noexcept;
    CROWDJACK_REALTIME void run_isolators(JackFrame frame) noexcept;
    CROWDJACK_REALTIME void finish_master(JackFrame frame, StereoOut master) noexcept;
    CROWDJACK_REALTIME void finish_phones(JackFrame frame, StereoOut master, StereoOut phones) noexcept;

    MixerSetup setup_;
    double rate_{48000.0};
    Parameters parameters_;
    std::vector<Strip> strips_;
    IsolatorCoefficients isolator_;
    Limiter limiter_;
    std::array<std::array<float, Limiter::delay + chunk_frames>, 2>
        pfl_line_{};  ///< delays the PFL sum like the limiter
    Chunk gains_{}, cue_gains_{};
    Levels master_left_{}, master_right_{};
    MeterReport totals_{};  ///< the counts of what was gathered so far
};

}  // namespace crowdjack
