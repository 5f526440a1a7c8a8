// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/features.hpp"

#include "struct-export/analysis/band_envelopes.hpp"

#include <dsp/keydetection/GetKeyMode.h>
#include <dsp/onsets/DetectionFunction.h>
#include <dsp/rateconversion/Decimator.h>
#include <dsp/transforms/FFT.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace crowdjack {

namespace {

constexpr double onset_step_s = 0.01161;  ///< what TempoTrackV2 is made for: 512 frames at 44.1 kHz
constexpr double onset_bin_hz = 50.0;     ///< widest bin of the detection function's spectrum
constexpr std::size_t spectrum_size = 4096, spectrum_hop = 1024;
constexpr double spectrum_rate = 11025.0;
constexpr double lowest_tone = 65.0, highest_tone = 2000.0, highest_bass = 260.0;
constexpr std::size_t tone_reach = 10;   ///< bins either way
constexpr double tone_stands_out = 4.0;  ///< times the mean power around it
constexpr double concert_a = 440.0;
constexpr double key_average = 10.0;  ///< frames, as Mixxx and the Vamp plugin have it

/// Collects samples into overlapping frames of one size.
class Framer {
public:
    Framer(std::size_t size, std::size_t hop) : size_{size}, hop_{hop} {}

    template <typename Sink>
    void add(std::span<const float> samples, const Sink& sink) {
        for (const float sample : samples) {
            pending_.push_back(static_cast<double>(sample));
            if (pending_.size() == size_) {
                sink(pending_.data());
                pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(hop_));
            }
        }
    }

private:
    std::size_t size_, hop_;
    std::vector<double> pending_;
};

DFConfig detection(double rate) {
    DFConfig config{};
    config.DFType = DF_COMPLEXSD;
    config.stepSize = static_cast<unsigned>(rate * onset_step_s);
    unsigned length = 64;
    while (length < rate / onset_bin_hz) {
        length *= 2;
    }
    config.frameLength = length;
    config.dbRise = 3;
    config.adaptiveWhitening = false;
    config.whiteningRelaxCoeff = -1;
    config.whiteningFloor = -1;
    return config;
}

/// The power of two that brings a rate nearest to `spectrum_rate`, at most 8.
unsigned decimation(double rate) {
    unsigned factor = 1;
    while (factor < 8 && rate / factor > 1.5 * spectrum_rate) {
        factor *= 2;
    }
    return factor;
}

int pitch_class(double hertz) {
    const auto note = static_cast<int>(std::lround(69.0 + 12.0 * std::log2(hertz / concert_a)));
    return ((note % 12) + 12) % 12;
}

}  // namespace

struct FeatureExtractor::Parts {
    explicit Parts(double sample_rate)
        : rate{sample_rate},
          envelopes{rate},
          detector_config{detection(rate)},
          detector{detector_config},
          detector_frames{detector_config.frameLength, detector_config.stepSize},
          factor{decimation(rate)},
          decimator{block, factor},
          fft{spectrum_size},
          key_mode{static_cast<int>(std::lround(rate)), static_cast<float>(concert_a), key_average, key_average},
          key_frames{key_mode.getBlockSize(), key_mode.getHopSize()},
          key_strengths(24, 0.0) {
        const double bin = rate / factor / spectrum_size;
        for (std::size_t i = 0; i < spectrum_size; ++i) {
            window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / spectrum_size);
        }
        for (auto i = static_cast<std::size_t>(std::ceil(lowest_tone / bin)); i < spectrum_size / 2; ++i) {
            const double hertz = static_cast<double>(i) * bin;
            if (hertz > highest_tone) {
                break;
            }
            bins.push_back({i, static_cast<std::size_t>(pitch_class(hertz)), hertz < highest_bass});
        }
    }

    void block_done() {
        envelopes.add(pending);
        detector_frames.add(pending, [this](const double* window_samples) {
            onsets.push_back(detector.processTimeDomain(window_samples));
        });
        key_frames.add(pending, [this](double* window_samples) {
            (void)key_mode.process(window_samples);
            const double* strengths = key_mode.getKeyStrengths();
            for (std::size_t key = 0; key < 24; ++key) {
                key_strengths[key] += strengths[key];
            }
            ++key_count;
        });
        std::vector<float> slow(block / factor);
        decimator.process(pending.data(), slow.data());
        for (const float sample : slow) {
            spectrum_pending.push_back(static_cast<double>(sample));
            if (spectrum_pending.size() == spectrum_size) {
                look();
                spectrum_pending.erase(spectrum_pending.begin(),
                                       spectrum_pending.begin() + static_cast<std::ptrdiff_t>(spectrum_hop));
            }
        }
        pending.clear();
    }

    void look() {
        std::array<double, spectrum_size> windowed{};
        for (std::size_t i = 0; i < spectrum_size; ++i) {
            windowed[i] = spectrum_pending[i] * window[i];
        }
        fft.forward(windowed.data(), real.data(), imaginary.data());
        SpectrumFrame frame;
        for (std::size_t i = 0; i < power.size(); ++i) {
            power[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
        }
        // Tones are peaks that stand out of what is around them; drums and noise are no tones.
        for (const Bin& bin : bins) {
            const double here = power[bin.index];
            if (here <= power[bin.index - 1] || here < power[bin.index + 1]) {
                continue;
            }
            double around = 0.0;
            for (std::size_t k = bin.index - tone_reach; k <= bin.index + tone_reach; ++k) {
                around += power[k];
            }
            if (here * (2 * tone_reach + 1) > tone_stands_out * around) {
                // Amplitudes, so that one loud voice does not hide the rest of a chord.
                const auto amplitude = static_cast<float>(std::sqrt(here));
                (bin.low ? frame.bass : frame.chroma)[bin.pitch] += amplitude;
            }
        }
        frames.push_back(frame);
    }

    static constexpr std::size_t block = 4096;
    struct Bin {
        std::size_t index, pitch;
        bool low;
    };

    const double rate;
    std::vector<float> pending;
    std::size_t samples{0}, used{0};

    BandEnvelopes envelopes;
    DFConfig detector_config;
    DetectionFunction detector;
    Framer detector_frames;
    LongCurve<double> onsets;

    unsigned factor;
    Decimator decimator;
    FFTReal fft;
    std::array<double, spectrum_size> window{}, real{}, imaginary{};
    std::array<double, spectrum_size / 2> power{};
    std::vector<Bin> bins;
    std::vector<double> spectrum_pending;
    LongCurve<SpectrumFrame> frames;

    GetKeyMode key_mode;
    Framer key_frames;
    std::vector<double> key_strengths;
    std::size_t key_count{0};
};

FeatureExtractor::FeatureExtractor(double rate) : parts_{std::make_unique<Parts>(rate)} {
    parts_->pending.reserve(Parts::block);
}

FeatureExtractor::~FeatureExtractor() = default;

void FeatureExtractor::add(std::span<const float> mono) {
    Parts& p = *parts_;
    p.samples += mono.size();
    const auto most = static_cast<std::size_t>(longest_s * p.rate);
    mono = mono.first(std::min(mono.size(), most - std::min(most, p.used)));
    p.used += mono.size();
    while (!mono.empty()) {
        const std::size_t count = std::min(mono.size(), Parts::block - p.pending.size());
        p.pending.insert(p.pending.end(), mono.begin(), mono.begin() + static_cast<std::ptrdiff_t>(count));
        mono = mono.subspan(count);
        if (p.pending.size() == Parts::block) {
            p.block_done();
        }
    }
}

TrackFeatures FeatureExtractor::finish() {
    Parts& p = *parts_;
    if (!p.pending.empty()) {
        p.pending.resize(Parts::block, 0.0F);
        p.block_done();
    }
    TrackFeatures features;
    features.rate = p.rate;
    features.length_s = static_cast<double>(p.samples) / p.rate;
    features.heard_s = static_cast<double>(p.used) / p.rate;
    features.envelope_rate = p.envelopes.step_rate();
    features.envelope = p.envelopes.take();
    features.onset_rate = p.rate / p.detector_config.stepSize;
    features.onsets = std::move(p.onsets);
    features.frame_rate = p.rate / p.factor / spectrum_hop;
    features.frames = std::move(p.frames);
    features.first_frame_s = spectrum_size / 2.0 / (p.rate / p.factor);
    if (p.key_count > 0) {
        for (double& strength : p.key_strengths) {
            strength /= static_cast<double>(p.key_count);
        }
        features.key_strengths = std::move(p.key_strengths);
    }
    return features;
}

}  // namespace crowdjack
