// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/section_beats.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace crowdjack {

namespace {

constexpr std::size_t fewest_beats = 8;
constexpr double doubled_s = 0.05;
constexpr double irregular = 0.2;       ///< beats that a gap may be from a whole number of them
constexpr double most_irregular = 0.1;  ///< part of all gaps
constexpr double on_the_beat = 0.25;    ///< ini counts as the beat that is so near, in beats

using Beat = SectionBeats::Beat;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Those from a beat before the section to one after it, without doubles.
std::vector<double> beats_around(std::vector<double> beats, const Cues& cues, double beat_s) {
    std::ranges::sort(beats);
    const auto doubled = std::unique(beats.begin(), beats.end(), [](double a, double b) { return b - a < doubled_s; });
    beats.erase(doubled, beats.end());
    std::erase_if(beats, [&](double beat) {
        return beat < cues.ini.value - 1.5 * beat_s || beat > cues.end.value + 1.5 * beat_s;
    });
    return beats;
}

double median_gap(std::vector<double> beats) {
    std::ranges::sort(beats);
    std::vector<double> gaps;
    for (std::size_t i = 1; i < beats.size(); ++i) {
        if (beats[i] - beats[i - 1] >= doubled_s) {
            gaps.push_back(beats[i] - beats[i - 1]);
        }
    }
    return gaps.empty() ? 0.0 : median(std::move(gaps));
}

/// Counts through gaps: one of two beats counts as two. A tempo that wanders is followed.
/// @returns empty when they can't be counted
std::vector<Beat> counted(const std::vector<double>& times, double first_gap) {
    std::vector<Beat> beats{{times.front(), 0.0}};
    double gap = first_gap;
    std::size_t wrong = 0;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const double distance = (times[i] - times[i - 1]) / gap;
        const double steps = std::round(distance);
        const bool good = steps >= 1.0 && std::abs(distance - steps) <= irregular * std::max(1.0, steps);
        wrong += good ? 0U : 1U;
        if (steps < 1.0) {
            continue;  // a stray beat between two others
        }
        beats.push_back({times[i], beats.back().number + steps});
        gap = good ? 0.9 * gap + 0.1 * (times[i] - times[i - 1]) / steps : gap;
    }
    return static_cast<double>(wrong) <= most_irregular * static_cast<double>(times.size()) ? beats
                                                                                            : std::vector<Beat>{};
}

double between(const Beat& a, const Beat& b, double seconds) noexcept {
    return a.number + (b.number - a.number) * (seconds - a.seconds) / (b.seconds - a.seconds);
}

double number_at(const std::vector<Beat>& beats, double seconds) noexcept {
    auto after = std::ranges::upper_bound(beats, seconds, {}, &Beat::seconds);
    after = std::clamp(after, beats.begin() + 1, beats.end() - 1);
    return between(*(after - 1), *after, seconds);
}

/// The slope of the straight line through the section's beginning that comes nearest to all beats, in seconds a beat.
/// Strays count less and less (Tukey's biweight).
double seconds_per_beat(const std::vector<Beat>& beats, double ini) {
    double slope = (beats.back().seconds - ini) / beats.back().number;
    for (int round = 0; round < 10; ++round) {
        std::vector<double> sizes;
        for (const Beat& beat : beats) {
            sizes.push_back(std::abs(beat.seconds - ini - slope * beat.number));
        }
        const double reach = 4.685 * std::max(1.4826 * median(sizes), 0.005);
        double above = 0.0;
        double below = 0.0;
        for (std::size_t i = 0; i < beats.size(); ++i) {
            const double u = std::min(sizes[i] / reach, 1.0);
            const double weight = (1.0 - u * u) * (1.0 - u * u);
            above += weight * beats[i].number * (beats[i].seconds - ini);
            below += weight * beats[i].number * beats[i].number;
        }
        slope = below > 0.0 ? above / below : slope;
    }
    return slope;
}

}  // namespace

std::optional<SectionBeats> SectionBeats::of(const std::vector<double>& beats, const Cues& cues) {
    const double gap = median_gap(beats);
    const auto times = gap > 0.0 ? beats_around(beats, cues, gap) : std::vector<double>{};
    if (times.size() < fewest_beats || times.front() > cues.ini.value + 2.0 * gap ||
        times.back() < cues.end.value - 2.5 * gap) {
        return std::nullopt;
    }
    auto all = counted(times, gap);
    if (all.size() < fewest_beats) {
        return std::nullopt;
    }
    // Count from ini: from the beat it stands on, or else from where it stands between two.
    double zero = number_at(all, cues.ini.value);
    if (std::abs(zero - std::round(zero)) <= on_the_beat) {
        zero = std::round(zero);
    }
    SectionBeats section;
    section.cues_ = cues;
    section.beats_ = {{cues.ini.value, 0.0}};
    for (const Beat& beat : all) {
        const Beat here{beat.seconds, beat.number - zero};
        if (here.number >= 0.5 && here.seconds > cues.ini.value + doubled_s && here.seconds < cues.end.value - 1e-6) {
            section.beats_.push_back(here);
        }
    }
    const double last = number_at(all, cues.end.value) - zero;
    const bool room = cues.end.value - section.beats_.back().seconds > doubled_s;
    if (room && last > section.beats_.back().number) {
        section.beats_.push_back({cues.end.value, last});
    }
    if (section.beats_.size() < fewest_beats) {
        return std::nullopt;
    }
    section.bpm_ = std::round(60.0e4 / seconds_per_beat(section.beats_, cues.ini.value)) / 1.0e4;
    return section;
}

double SectionBeats::beat_at(double seconds) const noexcept { return number_at(beats_, seconds); }

SectionBeats::Phase SectionBeats::phase(double bpm) const {
    // A BPM of twice these beats counts each of them twice.
    const double octave = std::exp2(std::round(std::log2(bpm / bpm_)));
    const auto off = [&](double seconds) {
        return (seconds - cues_.ini.value) * bpm / 60.0 - octave * beat_at(seconds);
    };
    Phase phase{off(cues_.begin.value), off(cues_.end.value)};
    for (const Beat& beat : beats_) {
        if (beat.seconds >= cues_.begin.value && std::abs(off(beat.seconds)) > std::abs(phase.worst)) {
            phase.worst = off(beat.seconds);
        }
    }
    phase.worst = std::abs(phase.at_begin) > std::abs(phase.worst) ? phase.at_begin : phase.worst;
    return phase;
}

double SectionBeats::furthest(double bpm) const noexcept {
    const double octave = std::exp2(std::round(std::log2(bpm / bpm_)));
    double furthest = 0.0;
    for (const Beat& beat : beats_) {
        const double off = (beat.seconds - cues_.ini.value) * bpm / 60.0 - octave * beat.number;
        furthest = std::max(furthest, std::abs(off));
    }
    return furthest;
}

}  // namespace crowdjack
