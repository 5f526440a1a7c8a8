// SPDX-License-Identifier: GPL-3.0-or-later
// What an analysis keeps of a track's sound: a few slow curves instead of the samples.
#pragma once

#include "struct-export/analysis/long_curve.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace crowdjack {

/// Where drums live: kicks, snares and voices, hats.
enum class Band { low, mid, high };
constexpr std::array all_bands{Band::low, Band::mid, Band::high};
constexpr std::size_t band_count = all_bands.size();

/// One look at the spectrum, about 0.37 s long, every 93 ms.
struct SpectrumFrame {
    std::array<float, 12> chroma{};  ///< energy by pitch class from C on, 65…2000 Hz
    std::array<float, 12> bass{};    ///< the same below 260 Hz
};

struct TrackFeatures {
    double rate{};      ///< of the file, Hz
    double length_s{};  ///< of the whole file
    double heard_s{};   ///< of the part the curves cover: at most `longest_s`

    double envelope_rate{};  ///< Hz, about 1000
    /// Peak amplitude of each band, held for a while so that a low wave doesn't show; filters' delays taken out.
    std::array<LongCurve<float>, band_count> envelope;

    double onset_rate{};       ///< Hz, about 86
    LongCurve<double> onsets;  ///< qm-dsp's complex-domain detection function

    double frame_rate{};  ///< Hz, about 10.8
    LongCurve<SpectrumFrame> frames;
    double first_frame_s{};  ///< the middle of frames[0]

    /// While something else needs the memory.
    void give_back() const {
        for (const LongCurve<float>& each : envelope) {
            each.give_back();
        }
        onsets.give_back();
        frames.give_back();
    }

    std::vector<double> key_strengths;  ///< 12 major from C on, 12 minor: mean of GetKeyMode's; empty: too short
};

/// Makes the features of one track from its samples as they come, in memory that does not grow after `longest_s`.
class FeatureExtractor {
public:
    /// A mix of an hour is no track: beyond this nothing is kept.
    static constexpr double longest_s = 1200.0;

    /// @param rate  of the samples, Hz
    explicit FeatureExtractor(double rate);
    ~FeatureExtractor();
    FeatureExtractor(const FeatureExtractor&) = delete;
    FeatureExtractor& operator=(const FeatureExtractor&) = delete;

    /// More samples, one channel, finite.
    void add(std::span<const float> mono);
    /// Nothing may be added after it.
    [[nodiscard]] TrackFeatures finish();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace crowdjack
