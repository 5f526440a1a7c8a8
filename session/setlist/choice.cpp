// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/choice.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace crowdjack {

const char* trend_name(Trend trend) noexcept {
    switch (trend) {
    case Trend::rising:
        return "rising";
    case Trend::falling:
        return "falling";
    case Trend::steady:
        break;
    }
    return "steady";
}

void MovementTrend::add(double at_s, double movement) {
    if (!first_s_) {
        first_s_ = at_s;
    }
    if (at_s - *first_s_ <= baseline_s) {
        baseline_sum_ += movement;
        ++baseline_count_;
    }
    recent_.emplace_back(at_s, movement);
    while (recent_.front().first < at_s - recent_s) {
        recent_.pop_front();
    }
}

std::optional<double> MovementTrend::recent(double now_s) const {
    double sum = 0.0;
    std::size_t count = 0;
    for (const auto& [at_s, movement] : recent_) {
        if (at_s >= now_s - recent_s) {
            sum += movement;
            ++count;
        }
    }
    return count == 0 ? std::nullopt : std::optional{sum / static_cast<double>(count)};
}

std::optional<double> MovementTrend::baseline() const {
    return baseline_count_ == 0 ? std::nullopt : std::optional{baseline_sum_ / static_cast<double>(baseline_count_)};
}

Trend MovementTrend::at(double now_s) const {
    const auto now = recent(now_s);
    const auto base = baseline();
    if (!now || !base || std::abs(*now - *base) <= band) {
        return Trend::steady;
    }
    return *now > *base ? Trend::rising : Trend::falling;
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    const double place = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - static_cast<double>(below));
}

TrackChooser::TrackChooser(const std::vector<Section>& sections, Settings settings)
    : sections_{sections}, settings_{settings}, random_{settings.seed}, fates_(sections.size(), Fate::fresh) {
    std::vector<double> lengths;
    lengths.reserve(sections.size());
    for (const Section& section : sections) {
        lengths.push_back(section.end_s);
    }
    const double shortest = sections.empty() ? 0.0 : shortest_of_median * quantile(lengths, 0.5);
    std::vector<double> tempi;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        std::ostringstream why;
        why << std::fixed << std::setprecision(1);
        if (sections[i].end_s < shortest) {
            why << sections[i].end_s << " s long, shorter than " << shortest << " s (0.9 of the median)";
        } else if (sections[i].begin_beats() < fewest_beats) {
            why << "its begin cue comes after " << sections[i].begin_beats()
                << " beats: nothing to play before the next";
        } else {
            tempi.push_back(sections[i].bpm);
            continue;
        }
        left_out_.emplace_back(i, why.str());
        exclude(i);
    }
    energetic_bpm_ = tempi.empty() ? 0.0 : quantile(tempi, energy_quantile);
}

std::optional<std::size_t> TrackChooser::next(Trend trend) {
    std::vector<std::size_t> pool = candidates(trend);
    if (pool.empty() && settings_.loop) {
        begin_again();
        pool = candidates(trend);
    }
    if (pool.empty()) {
        return std::nullopt;
    }
    const std::size_t drawn = settings_.in_order ? pool.front() : pool[random_() % pool.size()];
    played(drawn);
    return drawn;
}

void TrackChooser::played(std::size_t section) {
    fates_[section] = fates_[section] == Fate::fresh ? Fate::played : fates_[section];
    last_ = section;
}

std::vector<std::size_t> TrackChooser::candidates(Trend trend) const {
    // What can't be had is given up in this order: the right pool, then the other track.
    for (const bool other_track : {true, false}) {
        for (const bool right_pool : {true, false}) {
            std::vector<std::size_t> pool;
            for (std::size_t i = 0; i < sections_.size(); ++i) {
                if (fates_[i] == Fate::fresh && !(other_track && repeats(i)) && !(right_pool && !suits(i, trend))) {
                    pool.push_back(i);
                }
            }
            if (!pool.empty()) {
                return pool;
            }
        }
    }
    return {};
}

bool TrackChooser::suits(std::size_t section, Trend trend) const {
    if (settings_.in_order || trend == Trend::steady) {
        return true;
    }
    return (sections_[section].bpm > energetic_bpm_) == (trend == Trend::rising);
}

bool TrackChooser::repeats(std::size_t section) const {
    return last_ && sections_[*last_].path == sections_[section].path;
}

void TrackChooser::exclude(std::size_t section) { fates_[section] = Fate::excluded; }

void TrackChooser::begin_again() { std::replace(fates_.begin(), fates_.end(), Fate::played, Fate::fresh); }

}  // namespace crowdjack
