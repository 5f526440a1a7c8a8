// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/bench/soak/stage.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace crowdjack::test::soak {

/// The hands of a DJ at the front door, and the detector that watches the crowd. The same seed does the same.
class Hands {
public:
    /// @param dance  a CSV with time, value, arms, legs, head, people
    /// @param seconds  for which they will work: a shorter time sees all of the dance, too, only quicker; and in its
    /// first tenth each deck changes its track several times, so that what a change takes once is taken by then
    Hands(Stage& stage, std::uint32_t seed, const std::filesystem::path& dance, double seconds);

    /// Does what is due `at` seconds after the begin. @throws std::runtime_error when it is refused
    void work(double at);

    /// What was done, and how often.
    [[nodiscard]] const std::map<std::string, int>& deeds() const noexcept { return deeds_; }
    [[nodiscard]] int reports() const noexcept { return reports_; }

private:
    void act();
    void next_track();
    void report();
    [[nodiscard]] std::string strip();
    [[nodiscard]] float between(double least, double most);

    Stage& stage_;
    std::mt19937 random_;
    double seconds_;
    std::vector<std::array<double, 6>> dance_;
    double next_act_{0.0}, next_track_{1.0}, next_report_{0.0};
    std::size_t report_{0};
    int reports_{0}, tracks_{0};
    std::map<std::string, int> deeds_;
    OscClient detector_;
};

}  // namespace crowdjack::test::soak
