// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/choice.hpp"

#include "session/setlist/harmony.hpp"

#include <algorithm>
#include <array>
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
    : sections_{sections},
      settings_{settings},
      random_{settings.seed},
      fates_(sections.size(), settings.as_known ? Fate::unknown : Fate::fresh),
      order_(sections.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (!settings.as_known) {
        leave_out_short();
        return;
    }
    for (std::size_t i = order_.size(); i > 1 && !settings.in_order; --i) {
        std::swap(order_[i - 1], order_[random_() % i]);
    }
}

void TrackChooser::leave_out_short() {
    std::vector<double> lengths;
    lengths.reserve(sections_.size());
    for (const Section& section : sections_) {
        lengths.push_back(section.end_s);
    }
    const double shortest = sections_.empty() ? 0.0 : shortest_of_median * quantile(lengths, 0.5);
    std::vector<double> tempi;
    for (std::size_t i = 0; i < sections_.size(); ++i) {
        std::ostringstream why;
        why << std::fixed << std::setprecision(1);
        if (sections_[i].end_s < shortest) {
            why << sections_[i].end_s << " s long, shorter than " << shortest << " s (0.9 of the median)";
        } else if (sections_[i].begin_beats() < fewest_beats) {
            why << "its begin cue comes after " << sections_[i].begin_beats()
                << " beats: nothing to play before the next";
        } else {
            tempi.push_back(sections_[i].bpm);
            continue;
        }
        left_out_.emplace_back(i, why.str());
        exclude(i);
    }
    energetic_bpm_ = tempi.empty() ? 0.0 : quantile(tempi, energy_quantile);
}

void TrackChooser::known(std::size_t section) {
    fates_[section] = fates_[section] == Fate::unknown ? Fate::fresh : fates_[section];
}

std::vector<std::size_t> TrackChooser::considered() const {
    constexpr std::array<std::size_t, 5> sizes{1, 4, 8, 16, 24};
    const std::size_t size = settings_.as_known ? sizes[std::min(drawn_, sizes.size() - 1)] : order_.size();
    std::vector<std::size_t> result;
    for (const std::size_t section : order_) {
        if (result.size() == size) {
            break;
        }
        if (fates_[section] == Fate::fresh || fates_[section] == Fate::unknown) {
            result.push_back(section);
        }
    }
    return result;
}

bool TrackChooser::waits() const {
    const std::vector<std::size_t> among = considered();
    return std::any_of(among.begin(), among.end(), [this](std::size_t i) { return fates_[i] == Fate::unknown; });
}

bool TrackChooser::can_choose() const {
    const std::vector<std::size_t> among = considered();
    return std::any_of(among.begin(), among.end(), [this](std::size_t i) { return fates_[i] == Fate::fresh; });
}

std::optional<std::size_t> TrackChooser::first_unknown() const {
    const std::vector<std::size_t> among = considered();
    const auto found =
        std::find_if(among.begin(), among.end(), [this](std::size_t i) { return fates_[i] == Fate::unknown; });
    return found == among.end() ? std::nullopt : std::optional{*found};
}

double TrackChooser::energetic_bpm(const std::vector<std::size_t>& among) const {
    if (!settings_.as_known) {
        return energetic_bpm_;
    }
    std::vector<double> tempi;
    for (const std::size_t section : among) {
        if (fates_[section] == Fate::fresh && !sections_[section].by_time) {
            tempi.push_back(sections_[section].bpm);
        }
    }
    return tempi.empty() ? 0.0 : quantile(tempi, energy_quantile);
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
    ++drawn_;
    return drawn;
}

void TrackChooser::played(std::size_t section) {
    fates_[section] = fates_[section] == Fate::excluded ? Fate::excluded : Fate::played;
    last_ = section;
}

std::vector<std::size_t> TrackChooser::candidates(Trend trend) const {
    const std::vector<std::size_t> among = considered();
    const double energetic = energetic_bpm(among);
    // What can't be had is given up in this order: the fitting key, the right pool, then the other track.
    for (const bool other_track : {true, false}) {
        for (const bool right_pool : {true, false}) {
            for (const bool right_key : {true, false}) {
                if (right_key && !settings_.harmonic) {
                    continue;
                }
                std::vector<std::size_t> pool;
                for (const std::size_t i : among) {
                    if (fates_[i] == Fate::fresh && !(other_track && repeats(i)) &&
                        !(right_pool && !suits(i, trend, energetic)) && !(right_key && !goes_with_last(i))) {
                        pool.push_back(i);
                    }
                }
                if (!pool.empty()) {
                    return pool;
                }
            }
        }
    }
    return {};
}

bool TrackChooser::suits(std::size_t section, Trend trend, double energetic) const {
    if (settings_.in_order || trend == Trend::steady) {
        return true;
    }
    return (sections_[section].bpm > energetic) == (trend == Trend::rising);
}

bool TrackChooser::goes_with_last(std::size_t section) const {
    return !last_ || settings_.in_order || keys_go_together(sections_[*last_].key, sections_[section].key);
}

bool TrackChooser::repeats(std::size_t section) const {
    return last_ && sections_[*last_].path == sections_[section].path;
}

void TrackChooser::exclude(std::size_t section) { fates_[section] = Fate::excluded; }

void TrackChooser::begin_again() { std::replace(fates_.begin(), fates_.end(), Fate::played, Fate::fresh); }

}  // namespace crowdjack
