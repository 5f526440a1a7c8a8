// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/bars.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace crowdjack {

namespace {

constexpr double drums_say = 1.0, harmony_says = 2.0, bass_says = 1.0, sections_say = 0.7;
constexpr double enough_bars = 8.0;
constexpr std::size_t least_compared = 4;  ///< beats
constexpr double as_good_as_same = 0.97;
constexpr double clearly_three = 0.06;
constexpr float silence_db = -90.0F;

/// In parts of the track's usual full sound, so that what little sounds between chords stays little.
void scale_to_usual(std::vector<std::array<float, 12>>& all) {
    std::vector<float> sums;
    for (const std::array<float, 12>& each : all) {
        sums.push_back(std::accumulate(each.begin(), each.end(), 0.0F));
    }
    if (sums.empty()) {
        return;
    }
    const auto usual = sums.begin() + static_cast<std::ptrdiff_t>(0.8 * static_cast<double>(sums.size() - 1));
    std::nth_element(sums.begin(), usual, sums.end());
    for (std::array<float, 12>& each : all) {
        for (float& value : each) {
            value = *usual > 1e-9F ? value / *usual : 0.0F;
        }
    }
}

/// The mean of a few beats' vectors.
template <std::size_t size>
std::array<double, size> mean_of(const std::vector<std::array<float, size>>& all, std::ptrdiff_t from,
                                 std::ptrdiff_t until) {
    std::array<double, size> result{};
    from = std::max<std::ptrdiff_t>(from, 0);
    until = std::min(until, static_cast<std::ptrdiff_t>(all.size()));
    for (std::ptrdiff_t i = from; i < until; ++i) {
        for (std::size_t k = 0; k < size; ++k) {
            result[k] += static_cast<double>(all[static_cast<std::size_t>(i)][k]) / static_cast<double>(until - from);
        }
    }
    return result;
}

template <std::size_t size>
double distance(const std::array<double, size>& a, const std::array<double, size>& b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < size; ++k) {
        sum += std::abs(a[k] - b[k]);
    }
    return sum;
}

/// How much the beats before and after each beat differ, `reach` beats either way.
template <std::size_t size>
std::vector<double> changes(const std::vector<std::array<float, size>>& all, std::ptrdiff_t reach) {
    std::vector<double> result(all.size(), 0.0);
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        if (at >= reach && at + reach <= static_cast<std::ptrdiff_t>(all.size())) {
            result[i] = distance(mean_of(all, at - reach, at), mean_of(all, at, at + reach));
        }
    }
    return result;
}

/// Only what stands out of its neighbours counts: the beat at which a change is greatest.
std::vector<double> summits(std::vector<double> values) {
    std::vector<double> result(values.size(), 0.0);
    for (std::size_t i = 1; i + 1 < values.size(); ++i) {
        if (values[i] >= values[i - 1] && values[i] > values[i + 1]) {
            result[i] = values[i];
        }
    }
    return result;
}

/// The sum of each beat of the bar, in parts of all; 1/n each where nothing is said.
std::vector<double> shares(const std::vector<double>& values, int beats_per_bar) {
    const auto n = static_cast<std::size_t>(beats_per_bar);
    std::vector<double> sums(n, 0.0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        sums[i % n] += values[i];
    }
    const double all = std::accumulate(sums.begin(), sums.end(), 0.0);
    for (double& sum : sums) {
        sum = all > 1e-9 ? sum / all : 1.0 / static_cast<double>(n);
    }
    return sums;
}

double likeness(const BeatSounds& sounds, std::size_t lag) {
    if (sounds.rhythm.size() < lag + least_compared) {
        return 0.0;
    }
    double unlike = 0.0;
    double usual = 0.0;
    for (std::size_t i = 0; i + lag < sounds.rhythm.size(); ++i) {
        for (std::size_t k = 0; k < sounds.rhythm[i].size(); ++k) {
            const double a = static_cast<double>(sounds.rhythm[i][k]);
            const double b = static_cast<double>(sounds.rhythm[i + lag][k]);
            unlike += std::abs(a - b);
            usual += a + b;
        }
    }
    return usual > 1e-6 ? 1.0 - unlike / usual : 0.0;
}

}  // namespace

BeatSounds sounds_by_beat(const TrackFeatures& features, const OnsetCurves& curves, const std::vector<double>& beats) {
    BeatSounds sounds;
    for (std::size_t i = 0; i < beats.size(); ++i) {
        const double from = beats[i];
        const double until = i + 1 < beats.size() ? beats[i + 1] : (i > 0 ? 2.0 * beats[i] - beats[i - 1] : from + 0.5);
        std::array<float, 12> chroma{};
        std::array<float, 12> bass{};
        const auto frame_at = [&](double at) {
            return std::clamp<double>((at - features.first_frame_s) * features.frame_rate, 0.0,
                                      static_cast<double>(features.frames.size()));
        };
        const auto first = static_cast<std::size_t>(std::lround(frame_at(from)));
        const auto last = std::max(static_cast<std::size_t>(std::lround(frame_at(until))), first + 1);
        for (std::size_t f = first; f < std::min(last, features.frames.size()); ++f) {
            const SpectrumFrame& frame = features.frames[f];
            for (std::size_t k = 0; k < 12; ++k) {
                chroma[k] += frame.chroma[k] / static_cast<float>(last - first);
                bass[k] += frame.bass[k] / static_cast<float>(last - first);
            }
        }
        sounds.chroma.push_back(chroma);
        sounds.bass.push_back(bass);
        std::array<float, band_count> level{};
        for (std::size_t band = 0; band < band_count; ++band) {
            const LongCurve<float>& envelope = features.envelope[band];
            const auto a = static_cast<std::size_t>(std::max(from * features.envelope_rate, 0.0));
            const auto b =
                std::min(static_cast<std::size_t>(std::max(until * features.envelope_rate, 0.0)), envelope.size());
            double mean = 0.0;
            for (std::size_t at = a; at < b; ++at) {
                mean += static_cast<double>(envelope[at] * envelope[at]) / static_cast<double>(b - a);
            }
            level[band] = std::max(static_cast<float>(10.0 * std::log10(mean + 1e-12)), silence_db);
        }
        sounds.level_db.push_back(level);
        std::array<float, band_count * 4> rhythm{};
        const double step = (until - from) / 4.0;
        for (std::size_t band = 0; band < band_count; ++band) {
            const LongCurve<float>& curve = curves.strength[band];
            for (std::size_t part = 0; part < 4; ++part) {
                const double begin = from + (static_cast<double>(part) - 0.5) * step;
                const auto a = static_cast<std::size_t>(std::max(begin * curves.rate, 0.0));
                const auto b =
                    std::min(static_cast<std::size_t>(std::max((begin + step) * curves.rate, 0.0)), curve.size());
                for (std::size_t at = a; at < b; ++at) {
                    rhythm[band * 4 + part] = std::max(rhythm[band * 4 + part], curve[at]);
                }
            }
        }
        sounds.rhythm.push_back(rhythm);
    }
    scale_to_usual(sounds.chroma);
    scale_to_usual(sounds.bass);
    return sounds;
}

int find_metre(const BeatSounds& sounds) {
    // A track is the less like itself the further one looks; it is more so than to either side after whole bars.
    const auto stands_out = [&](std::size_t lag) {
        return likeness(sounds, lag) - 0.5 * (likeness(sounds, lag - 1) + likeness(sounds, lag + 1));
    };
    double three = 0.0;
    for (const std::size_t bars : {std::size_t{1}, std::size_t{2}}) {
        const bool enough = sounds.rhythm.size() >= 4 * bars + 1 + least_compared;
        three += enough ? stands_out(3 * bars) - stands_out(4 * bars) : 0.0;
    }
    return three > clearly_three ? 3 : 4;
}

bool is_repeated_loop(const BeatSounds& sounds, int beats_per_bar) {
    const auto bar = static_cast<std::size_t>(beats_per_bar);
    const std::array lags{bar, 2 * bar, 4 * bar, 8 * bar};
    return std::any_of(lags.begin(), lags.end(), [&](std::size_t lag) {
        return sounds.rhythm.size() >= 3 * lag && likeness(sounds, lag) > as_good_as_same;
    });
}

BarPhase find_bars(const BeatSounds& sounds, int beats_per_bar, const std::vector<double>& drums, double start_says) {
    const auto n = static_cast<std::size_t>(beats_per_bar);
    std::vector<double> votes(n, 0.0);
    const auto add = [&](const std::vector<double>& said, double weight) {
        for (std::size_t k = 0; k < n; ++k) {
            votes[k] += weight * said[k];
        }
    };
    // What changes in a bar or two proves nothing.
    const double proof =
        std::min(static_cast<double>(sounds.chroma.size()) / static_cast<double>(n) / enough_bars, 1.0);
    const double all_drums = *std::max_element(drums.begin(), drums.end());
    for (std::size_t k = 0; k < n; ++k) {
        votes[k] += drums_say * std::max(drums[k] - all_drums, -2.0) / 4.0;
    }
    add(shares(summits(changes(sounds.chroma, 2)), beats_per_bar), proof * harmony_says);
    add(shares(summits(changes(sounds.bass, 2)), beats_per_bar), proof * bass_says);
    // Whole parts of the sound come and go where bars begin: the greatest changes count far more than many small ones.
    std::vector<double> sections = summits(changes(sounds.level_db, static_cast<std::ptrdiff_t>(2 * n)));
    for (double& value : sections) {
        value = std::pow(value, 3.0);
    }
    add(shares(sections, beats_per_bar), proof * sections_say);
    for (std::size_t i = 0; i < sounds.level_db.size(); ++i) {
        if (sounds.level_db[i][1] > -50.0F || sounds.level_db[i][0] > -40.0F) {
            votes[i % n] += start_says;
            break;
        }
    }
    const auto best = static_cast<std::size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
    double second = -1e9;
    for (std::size_t k = 0; k < n; ++k) {
        second = k == best ? second : std::max(second, votes[k]);
    }
    return {static_cast<int>(best), std::clamp((votes[best] - second) / 1.5, 0.0, 1.0)};
}

}  // namespace crowdjack
