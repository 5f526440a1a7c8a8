// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/pulse_search.hpp"

#include "struct-export/analysis/padded_spectrum.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double coarse_rate = 200.0;                             ///< Hz of the curves that are transformed
constexpr std::array<double, band_count> weights{1.0, 0.8, 0.4};  ///< a hat says less of the tempo than a kick
constexpr double slowest_pulse = 0.8, fastest_pulse = 12.5;       ///< Hz
constexpr std::size_t peaks_looked_at = 10;
constexpr double same = 0.004;  ///< relative: two candidates nearer than that are one

std::size_t power_of_two(std::size_t least) {
    std::size_t size = 1;
    while (size < least) {
        size *= 2;
    }
    return size;
}

/// The curve at `coarse_rate`, its mean taken out.
std::vector<double> coarse(const LongCurve<float>& curve, double rate) {
    const double step = rate / coarse_rate;
    const auto count = static_cast<std::size_t>(static_cast<double>(curve.size()) / step);
    std::vector<double> result(count, 0.0);
    double mean = 0.0;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const auto place = static_cast<std::size_t>(static_cast<double>(i) / step);
        if (place < count) {
            result[place] += static_cast<double>(curve[i]);
            mean += static_cast<double>(curve[i]);
        }
    }
    mean /= static_cast<double>(std::max<std::size_t>(count, 1));
    for (std::size_t i = 0; i < count; ++i) {
        result[i] -= mean;
    }
    curve.give_back();
    return result;
}

}  // namespace

PulseSpectrum::PulseSpectrum(const OnsetCurves& curves) {
    const double seconds = curves.seconds();
    const auto count = static_cast<std::size_t>(seconds * coarse_rate) + 1;
    // Four values and more to each peak's half width.
    const std::size_t size = power_of_two(std::max<std::size_t>(count * 4, 4096));
    step_ = coarse_rate / static_cast<double>(size);
    width_ = 1.0 / std::max(seconds, 0.1);
    magnitude_.assign(static_cast<std::size_t>(fastest_pulse * 4.2 / step_) + 2, 0.0);
    magnitude_.resize(std::min(magnitude_.size(), size / 2));
    for (const Band band : all_bands) {
        const auto which = static_cast<std::size_t>(band);
        const std::vector<double> curve = coarse(curves.of(band), curves.rate);
        double power = 0.0;
        for (const double value : curve) {
            power += value * value;
        }
        if (power <= 0.0) {
            continue;
        }
        const double scale = weights[which] / std::sqrt(power * static_cast<double>(count));
        padded_spectrum(curve, size, magnitude_.size(),
                        [&](std::size_t i, double magnitude) { magnitude_[i] += scale * magnitude; });
    }
}

double PulseSpectrum::at(double hertz) const noexcept {
    const double place = hertz / step_;
    const auto below = static_cast<std::size_t>(std::max(place, 0.0));
    if (below + 1 >= magnitude_.size()) {
        return 0.0;
    }
    return std::lerp(magnitude_[below], magnitude_[below + 1], place - static_cast<double>(below));
}

double PulseSpectrum::of_beat(double hertz) const noexcept {
    return at(hertz) + at(2.0 * hertz) + 0.7 * at(3.0 * hertz) + at(4.0 * hertz);
}

double PulseSpectrum::sharpened(double hertz, double part) const noexcept {
    const double step = step_ / 16.0;
    double best = hertz;
    double most = -1.0;
    for (double f = hertz * (1.0 - part); f <= hertz * (1.0 + part); f += step) {
        const double value = of_beat(f);
        if (value > most) {
            most = value;
            best = f;
        }
    }
    const double before = of_beat(best - 4.0 * step);
    const double after = of_beat(best + 4.0 * step);
    const double bend = before - 2.0 * most + after;
    return bend < 0.0 ? best + std::clamp(0.5 * (before - after) / bend, -1.0, 1.0) * 4.0 * step : best;
}

std::vector<double> PulseSpectrum::peaks(double low, double high, std::size_t most) const {
    std::vector<std::pair<double, double>> found;
    const auto first = std::max<std::size_t>(static_cast<std::size_t>(low / step_), 1);
    const auto last = std::min(static_cast<std::size_t>(high / step_), magnitude_.size() - 2);
    for (std::size_t i = first; i <= last; ++i) {
        const double here = magnitude_[i];
        const double before = magnitude_[i - 1];
        const double after = magnitude_[i + 1];
        if (here > before && here >= after) {
            const double bend = before - 2.0 * here + after;
            const double shift = bend < 0.0 ? 0.5 * (before - after) / bend : 0.0;
            found.emplace_back(here, (static_cast<double>(i) + shift) * step_);
        }
    }
    std::sort(found.begin(), found.end(), std::greater{});
    std::vector<double> result;
    for (const auto& [strength, hertz] : found) {
        // The side lobes of a peak are no peaks of their own.
        const bool beside =
            std::any_of(result.begin(), result.end(), [&, hertz = hertz, strength = strength](double known) {
                return std::abs(known - hertz) < 6.0 * width_ && strength < 0.5 * at(known);
            });
        if (!beside) {
            result.push_back(hertz);
        }
        if (result.size() == most) {
            break;
        }
    }
    return result;
}

std::vector<double> candidate_periods(const PulseSpectrum& spectrum, double lowest_bpm, double highest_bpm,
                                      const std::vector<double>& extra) {
    std::vector<double> beats;
    const auto consider = [&](double hertz) {
        if (hertz < lowest_bpm / 60.0 * 0.999 || hertz > highest_bpm / 60.0 * 1.001) {
            return;
        }
        const double exact = spectrum.sharpened(hertz, std::min(0.5 * spectrum.width() / hertz, 0.02));
        const bool known =
            std::any_of(beats.begin(), beats.end(), [&](double beat) { return std::abs(beat / exact - 1.0) < same; });
        if (!known) {
            beats.push_back(exact);
        }
    };
    for (const double pulse : spectrum.peaks(slowest_pulse, fastest_pulse, peaks_looked_at)) {
        for (const double division : {1.0, 2.0, 0.5, 3.0, 4.0, 1.5, 0.75, 8.0, 6.0, 4.0 / 3.0, 2.0 / 3.0}) {
            consider(pulse / division);
        }
    }
    for (const double period : extra) {
        for (const double factor : {1.0, 2.0, 0.5}) {
            consider(factor / period);
        }
    }
    std::vector<double> periods;
    for (const double beat : beats) {
        periods.push_back(1.0 / beat);
    }
    return periods;
}

}  // namespace crowdjack
