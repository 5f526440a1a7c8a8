// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/grid_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>

namespace crowdjack {

namespace {

constexpr int steps_a_beat = 4, steps_a_bar = 16;
constexpr double least_scale_s = 0.0015;
constexpr double on_grid_s = 0.015, steady_s = 0.012;
constexpr double least_near = 0.45;  ///< of the hits of a stretch that follows the grid
constexpr double vague = 0.01;       ///< relative error of a period that the hits say nothing about
constexpr double click_early_s = 0.03, click_late_s = 0.005;  ///< against the low end of a kick
constexpr double have_click = 0.6;                            ///< part of the kicks
constexpr std::int64_t beats_a_stretch = 8;

double median(std::vector<double> values) {
    if (values.empty()) {
        return 0.0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// A hit and where it falls.
struct Placed {
    std::int64_t step{};
    double off_s{};  ///< from the grid, then from its place's usual deviation
    double weight{};
    Band band{};
};

class Fitting {
public:
    Fitting(const std::vector<Onset>& onsets, double period_s, double first_s)
        : onsets_{onsets}, step_s_{period_s / steps_a_beat}, first_s_{first_s} {}

    GridFit fit() {
        // From the middle outwards: a small error of the first guess must not count a step too many at the ends.
        const double begin = onsets_.empty() ? 0.0 : onsets_.front().at_s;
        const double end = onsets_.empty() ? 0.0 : onsets_.back().at_s;
        const double middle = (begin + end) / 2.0;
        for (double reach = 8.0;; reach *= 2.0) {
            const bool all = middle - reach <= begin && middle + reach >= end;
            for (int round = 0; round < (all ? 6 : 3); ++round) {
                place(middle - reach, middle + reach);
                regress();
            }
            if (all) {
                break;
            }
        }
        place(begin, end);
        return result();
    }

    GridFit fit_phase_only() {
        place(onsets_.empty() ? 0.0 : onsets_.front().at_s, onsets_.empty() ? 0.0 : onsets_.back().at_s);
        return result();
    }

private:
    void place(double from, double until) {
        placed_.clear();
        for (const Onset& onset : onsets_) {
            if (onset.at_s < from || onset.at_s > until) {
                continue;
            }
            const auto step = std::llround((onset.at_s - first_s_) / step_s_);
            const double off = onset.at_s - first_s_ - static_cast<double>(step) * step_s_;
            placed_.push_back({step, off, onset.strength, onset.band});
        }
        take_out_usual();
    }

    [[nodiscard]] static int place_of(const Placed& hit) {
        const auto in_bar = ((hit.step % steps_a_bar) + steps_a_bar) % steps_a_bar;
        return static_cast<int>(in_bar) * static_cast<int>(band_count) + static_cast<int>(hit.band);
    }

    void take_out_usual() {
        std::map<int, std::vector<double>> by_place;
        for (const Placed& hit : placed_) {
            by_place[place_of(hit)].push_back(hit.off_s);
        }
        usual_.clear();
        std::map<int, std::size_t> by_place_count;
        for (const auto& [place, offs] : by_place) {
            by_place_count[place] = offs.size();
        }
        for (auto& [place, offs] : by_place) {
            usual_[place] = median(std::move(offs));
        }
        // A place that is hit once or twice has no usual deviation: its hits would agree with any tempo.
        for (Placed& hit : placed_) {
            hit.off_s -= usual_[place_of(hit)];
            hit.weight = by_place_count[place_of(hit)] >= 3 ? hit.weight : 0.0;
        }
    }

    [[nodiscard]] double scale() const {
        std::vector<double> sizes;
        sizes.reserve(placed_.size());
        for (const Placed& hit : placed_) {
            if (hit.weight > 0.0) {
                sizes.push_back(std::abs(hit.off_s));
            }
        }
        return std::max(1.4826 * median(std::move(sizes)), least_scale_s);
    }

    void regress() {
        const double reach = 4.685 * scale();
        double w = 0.0;
        double wn = 0.0;
        double wy = 0.0;
        for (Placed& hit : placed_) {
            const double u = std::min(std::abs(hit.off_s) / reach, 1.0);
            hit.weight *= (1.0 - u * u) * (1.0 - u * u);
            w += hit.weight;
            wn += hit.weight * static_cast<double>(hit.step);
            wy += hit.weight * hit.off_s;
        }
        double nn = 0.0;
        double ny = 0.0;
        double yy = 0.0;
        for (const Placed& hit : placed_) {
            const double n = static_cast<double>(hit.step) - wn / w;
            const double y = hit.off_s - wy / w;
            nn += hit.weight * n * n;
            ny += hit.weight * n * y;
            yy += hit.weight * y * y;
        }
        if (w <= 0.0 || nn <= 0.0) {
            return;
        }
        const double slope = ny / nn;
        told_ = true;
        // The line turns about the middle of the hits, not about its first beat.
        first_s_ -= slope * wn / w;
        step_s_ += slope;
        const auto used =
            std::count_if(placed_.begin(), placed_.end(), [](const Placed& hit) { return hit.weight > 0.0; });
        const double hits = std::max(static_cast<double>(used) - static_cast<double>(usual_.size()) - 2.0, 1.0);
        if (hits < 4.0) {
            return;  // too little to tell: the first guess stays
        }
        sigma_step_s_ = std::sqrt(std::max(yy - slope * ny, 0.0) / w / hits) / std::sqrt(nn / w);
    }

    [[nodiscard]] std::map<std::int64_t, double> offs_on_beats(Band band) const {
        std::map<std::int64_t, double> offs;
        for (const Placed& hit : placed_) {
            if (hit.band == band && hit.step % steps_a_beat == 0) {
                offs.try_emplace(hit.step, hit.off_s + usual_.at(place_of(hit)));
            }
        }
        return offs;
    }

    /// Where beats really sound: where kicks begin, if there are some on beats, else snares, else anything. A kick
    /// begins with its click, if it has one, and its low end may come later.
    [[nodiscard]] double phase() const {
        std::map<std::int64_t, double> all;
        for (const Band band : {Band::low, Band::mid, Band::high}) {
            const auto offs = offs_on_beats(band);
            all.insert(offs.begin(), offs.end());
            if (band != Band::high && (offs.size() < 4 || offs.size() * 40 < placed_.size())) {
                continue;
            }
            const double found = median(values_of(band == Band::high ? all : offs));
            return band == Band::low ? std::min(found, click_of(offs).value_or(found)) : found;
        }
        return 0.0;
    }

    [[nodiscard]] std::optional<double> click_of(const std::map<std::int64_t, double>& kicks) const {
        const auto clicks = offs_on_beats(Band::mid);
        std::vector<double> found;
        for (const auto& [step, off] : kicks) {
            const auto click = clicks.find(step);
            if (click != clicks.end() && click->second < off + click_late_s && click->second > off - click_early_s) {
                found.push_back(click->second);
            }
        }
        const bool most = static_cast<double>(found.size()) >= have_click * static_cast<double>(kicks.size());
        return most ? std::optional{median(std::move(found))} : std::nullopt;
    }

    [[nodiscard]] static std::vector<double> values_of(const std::map<std::int64_t, double>& offs) {
        std::vector<double> values;
        for (const auto& [step, off] : offs) {
            values.push_back(off);
        }
        return values;
    }

    [[nodiscard]] GridFit result() const {
        GridFit fit;
        fit.period_s = step_s_ * steps_a_beat;
        fit.first_beat_s = first_s_ + phase();
        fit.sigma_s = told_ ? sigma_step_s_ * steps_a_beat : vague * fit.period_s;
        fit.scatter_s = scale();
        fit.hits = placed_.size();
        std::size_t on_grid = 0;
        std::map<std::int64_t, std::vector<double>> stretches;
        for (const Placed& hit : placed_) {
            on_grid += std::abs(hit.off_s) <= on_grid_s ? 1U : 0U;
            stretches[hit.step / (steps_a_beat * beats_a_stretch)].push_back(hit.off_s);
        }
        std::size_t steady = 0;
        std::size_t judged = 0;
        for (auto& [stretch, offs] : stretches) {
            if (offs.size() >= 4) {
                ++judged;
                // The median alone is small by chance where hits fall anywhere, as under another tempo.
                const auto near = static_cast<std::size_t>(
                    std::count_if(offs.begin(), offs.end(), [](double off) { return std::abs(off) <= on_grid_s; }));
                const bool follows = static_cast<double>(near) >= least_near * static_cast<double>(offs.size());
                steady += follows && std::abs(median(std::move(offs))) <= steady_s ? 1U : 0U;
            }
        }
        fit.on_grid = placed_.empty() ? 0.0 : static_cast<double>(on_grid) / static_cast<double>(placed_.size());
        fit.steady = judged == 0 ? 0.0 : static_cast<double>(steady) / static_cast<double>(judged);
        return fit;
    }

    const std::vector<Onset>& onsets_;
    double step_s_, first_s_;
    double sigma_step_s_{0.0};
    bool told_{false};
    std::vector<Placed> placed_;
    std::map<int, double> usual_;
};

}  // namespace

GridFit fit_grid(const std::vector<Onset>& onsets, double period_s, double first_beat_s) {
    return Fitting{onsets, period_s, first_beat_s}.fit();
}

GridFit fit_phase(const std::vector<Onset>& onsets, double period_s, double first_beat_s) {
    return Fitting{onsets, period_s, first_beat_s}.fit_phase_only();
}

}  // namespace crowdjack
