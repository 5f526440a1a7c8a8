// SPDX-License-Identifier: GPL-3.0-or-later
// Ears that judge a whole night: what the mix is beside what the tracks in it are at the same places.
#pragma once

#include "struct-export/analysis/band_envelopes.hpp"
#include "struct-export/analysis/onsets.hpp"
#include "tests/session/setlist_ears.hpp"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace crowdjack::test {

inline constexpr std::size_t ear_hop = 4800;        ///< frames between two values of short_term()
inline constexpr std::size_t short_term_hops = 30;  ///< three seconds
inline constexpr double unheard_lufs = -40.0;       ///< a track quieter than that has left, or not yet come
inline constexpr float quiet_sample = 0.001F;       ///< -60 dB of full scale

inline std::vector<float> heard(const Capture& capture, std::size_t channel, std::int64_t from, std::int64_t until) {
    std::vector<float> samples = capture.samples(channel, from, until);
    std::replace_if(
        samples.begin(), samples.end(), [](float sample) { return std::isnan(sample); }, 0.0F);
    return samples;
}

/// Short-term loudness (EBU R 128: three seconds) every 100 ms; the first value is that of the first three seconds.
inline std::vector<double> short_term(const std::vector<float>& mono) {
    ebur128_state* meter = ebur128_init(1, static_cast<unsigned long>(set_rate), EBUR128_MODE_S);
    std::vector<double> result;
    for (std::size_t at = 0; at + ear_hop <= mono.size(); at += ear_hop) {
        ebur128_add_frames_float(meter, mono.data() + at, ear_hop);
        if (at >= (short_term_hops - 1) * ear_hop) {
            double lufs = 0.0;
            ebur128_loudness_shortterm(meter, &lufs);
            result.push_back(std::max(lufs, -100.0));
        }
    }
    ebur128_destroy(&meter);
    return result;
}

/// By how much the mix is quieter (below 0) or louder than both of the tracks in it at the same time, dB: an even
/// hand-over lies between them. One that is not heard says nothing.
inline double beyond_both(double mix, double outgoing, double incoming) {
    if (outgoing < unheard_lufs && incoming < unheard_lufs) {
        return 0.0;
    }
    const double low =
        std::min(outgoing, incoming) < unheard_lufs ? std::max(outgoing, incoming) : std::min(outgoing, incoming);
    const double high = std::max(outgoing, incoming);
    return mix - std::clamp(mix, low, high);
}

/// When kicks begin, in seconds.
inline std::vector<double> kicks_in(const std::vector<float>& mono) {
    BandEnvelopes envelopes{set_rate};
    envelopes.add(mono);
    TrackFeatures features;
    features.envelope_rate = envelopes.step_rate();
    features.envelope = envelopes.take();
    std::vector<double> result;
    for (const Onset& onset : find_onsets(onset_curves(features), 0.4)) {
        if (onset.band == Band::low) {
            result.push_back(onset.at_s);
        }
    }
    return result;
}

/// How far each kick of one track is from the nearest of the other, ms. Those without a partner within half a sixteenth
/// of fast music are left out: they are at other places of their bars.
/// @param lost  seconds at which the ears missed something: what seems to begin there does not
inline std::vector<double> kick_errors(const std::vector<float>& one, const std::vector<float>& other,
                                       const std::vector<double>& lost) {
    constexpr double partner_s = 0.05;
    const std::vector<double> theirs = kicks_in(other);
    std::vector<double> errors;
    for (const double kick : kicks_in(one)) {
        const bool doubtful =
            std::any_of(lost.begin(), lost.end(), [kick](double at) { return std::abs(at - kick) < 0.3; });
        if (doubtful) {
            continue;
        }
        double nearest = 1.0;
        for (const double each : theirs) {
            nearest = std::min(nearest, std::abs(each - kick));
        }
        if (nearest < partner_s) {
            errors.push_back(1000.0 * nearest);
        }
    }
    return errors;
}

/// The longest time without a sample above -60 dB, from the first that is on.
class QuietMeter {
public:
    explicit QuietMeter(double rate) : rate_{rate} {}
    void add(float sample) noexcept {
        if (std::isnan(sample)) {
            return;  // not heard
        }
        if (std::abs(sample) >= quiet_sample) {
            longest_ = begun_ ? std::max(longest_, quiet_) : 0;
            begun_ = true;
            quiet_ = 0;
        } else {
            ++quiet_;
        }
    }
    /// Until the last sample above it, seconds.
    [[nodiscard]] double longest_s() const noexcept { return static_cast<double>(longest_) / rate_; }
    /// The same, with the quiet after it.
    [[nodiscard]] double longest_to_the_end_s() const noexcept {
        return static_cast<double>(std::max(longest_, quiet_)) / rate_;
    }

private:
    double rate_;
    std::int64_t quiet_{0}, longest_{0};
    bool begun_{false};
};

}  // namespace crowdjack::test
