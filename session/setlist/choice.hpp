// SPDX-License-Identifier: GPL-3.0-or-later
// What is played next: a seeded draw that follows the way the crowd's movement goes.
#pragma once

#include "session/setlist/sections.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

enum class Trend { steady, rising, falling };

[[nodiscard]] const char* trend_name(Trend trend) noexcept;

/// Compares how much the crowd moves now (mean of the last 10 s) with how much it did in the set's first minute.
class MovementTrend {
public:
    static constexpr double baseline_s = 60.0, recent_s = 10.0, band = 0.02;

    /// @param at_s  seconds on any clock that only grows; @param movement  0…1
    void add(double at_s, double movement);

    /// Within ±0.02 of the baseline, or without reports in the last 10 s: steady. While the first minute runs, the
    /// baseline is the mean so far.
    [[nodiscard]] Trend at(double now_s) const;

    /// The mean of the last 10 s, if anything was reported in them.
    [[nodiscard]] std::optional<double> recent(double now_s) const;
    [[nodiscard]] std::optional<double> baseline() const;

private:
    std::deque<std::pair<double, double>> recent_;  ///< (time, movement) of the last 10 s
    std::optional<double> first_s_;
    double baseline_sum_{0.0};
    std::size_t baseline_count_{0};
};

/// The q-quantile (0…1) of `values`, interpolated between neighbours. Precondition: not empty.
[[nodiscard]] double quantile(std::vector<double> values, double q);

/// Draws the order of a set.
///
/// Rising movement draws from the high-energy pool (tracks above the 70th percentile of BPM), falling movement from the
/// rest, steady movement from all. Each section is played once; then the set is over, or begins again when it loops.
/// The same track never follows itself while there is another. The same seed and the same trends give the same set.
class TrackChooser {
public:
    struct Settings {
        std::uint64_t seed{1};
        bool loop{false};
        bool in_order{false};  ///< as listed, whatever the movement
        bool harmonic{false};  ///< prefer keys that go with the one before
        /// The sections are whole tracks that become known while the set plays (known()). So that the same seed gives
        /// the same set however fast that goes, a choice is made among the first few of a shuffled order and waits for
        /// those: one for the first track, then 4, 8, 16, and 24 from the fifth on.
        bool as_known{false};
    };

    static constexpr double energy_quantile = 0.7;     ///< above it: the high-energy pool
    static constexpr double shortest_of_median = 0.9;  ///< shorter sections are left out
    static constexpr double fewest_beats = 4.0;        ///< before the begin cue, or the set would run through itself

    TrackChooser(const std::vector<Section>& sections, Settings settings);

    /// The next section's index, or nothing when the set is over.
    [[nodiscard]] std::optional<std::size_t> next(Trend trend);

    /// This section's tempo, key and cues are known by now. With `as_known` only.
    void known(std::size_t section);
    /// Some of those that the next choice is made among are not known yet.
    [[nodiscard]] bool waits() const;
    /// Of those, at least one is.
    [[nodiscard]] bool can_choose() const;
    /// The first of those it would choose from that is not known yet.
    [[nodiscard]] std::optional<std::size_t> first_unknown() const;
    /// In this order it is best to get to know them.
    [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }

    /// This section can't be played (missing, unreadable): never drawn again.
    void exclude(std::size_t section);

    /// `section` is playing though it was not drawn (taken over from an earlier run).
    void played(std::size_t section);

    /// Sections left out from the start, and why.
    [[nodiscard]] const std::vector<std::pair<std::size_t, std::string>>& left_out() const noexcept {
        return left_out_;
    }

private:
    enum class Fate { unknown, fresh, played, excluded };

    [[nodiscard]] std::vector<std::size_t> candidates(Trend trend) const;
    [[nodiscard]] bool suits(std::size_t section, Trend trend, double energetic_bpm) const;
    [[nodiscard]] bool goes_with_last(std::size_t section) const;
    [[nodiscard]] std::vector<std::size_t> considered() const;
    [[nodiscard]] double energetic_bpm(const std::vector<std::size_t>& among) const;
    void leave_out_short();
    [[nodiscard]] bool repeats(std::size_t section) const;
    void begin_again();

    const std::vector<Section>& sections_;
    Settings settings_;
    std::mt19937_64 random_;
    std::vector<Fate> fates_;
    std::vector<std::pair<std::size_t, std::string>> left_out_;
    double energetic_bpm_{0.0};       ///< of a set that is known from the start
    std::vector<std::size_t> order_;  ///< of getting to know
    std::size_t drawn_{0};
    std::optional<std::size_t> last_;
};

}  // namespace crowdjack
