// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/hands.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace crowdjack::test::soak {

namespace {

constexpr double track_every_s = 15.0;  ///< a new track on one of three decks

std::vector<std::array<double, 6>> rows_of(const std::filesystem::path& csv) {
    std::ifstream file{csv};
    std::vector<std::array<double, 6>> rows;
    for (std::string line; std::getline(file, line);) {
        std::istringstream cells{line};
        std::array<double, 6> row{};
        std::size_t count = 0;
        for (std::string cell; count < row.size() && std::getline(cells, cell, ',');) {
            std::istringstream number{cell};
            if (!(number >> row.at(count))) {
                break;
            }
            ++count;
        }
        if (count == row.size()) {
            rows.push_back(row);
        }
    }
    if (rows.empty()) {
        throw std::runtime_error{"no dance in " + csv.string()};
    }
    return rows;
}

}  // namespace

Hands::Hands(Stage& stage, std::uint32_t seed, const std::filesystem::path& dance, double seconds)
    : stage_{stage}, random_{seed}, seconds_{seconds}, dance_{rows_of(dance)} {}

float Hands::between(double least, double most) {
    return static_cast<float>(least + (most - least) * static_cast<double>(random_() % 1000) / 999.0);
}

std::string Hands::strip() { return letters.substr(random_() % letters.size(), 1); }

void Hands::work(double at) {
    // What a busy machine was late for is made up for, so that the same seed does the same.
    while (next_act_ <= at) {
        act();
        next_act_ += static_cast<double>(between(0.25, 1.0));
    }
    while (next_track_ <= at) {
        next_track();
        next_track_ += at < seconds_ / 10.0 ? std::clamp(seconds_ / 100.0, 1.0, track_every_s) : track_every_s;
    }
    while (next_report_ <= at) {
        report();
        next_report_ += std::min(1.0, seconds_ / static_cast<double>(dance_.size()));  // danced one a second
    }
}

void Hands::act() {
    static const std::array<std::string, 3> bands{"low", "mid", "high"};
    const std::string where = strip();
    const std::string& band = bands.at(random_() % bands.size());
    const auto ramp = static_cast<double>(between(0.0, 3.0));
    switch (random_() % 10) {
    case 0:
    case 1:
        ++deeds_["band moved"];
        stage_.done(at::mixer_eq, {where, band, between(0.0, 50.0), ramp});
        break;
    case 2:
    case 3:
        ++deeds_["band killed"];
        stage_.done(at::mixer_eq, {where, band, 0.0F});
        break;
    case 4:
    case 5:
        ++deeds_["EQ flat"];
        stage_.done(at::mixer_eq_all, {where, 50.0F, 50.0F, 50.0F, ramp});
        break;
    case 6:
        ++deeds_["filter"];
        stage_.done(at::mixer_filter, {where, band, between(0.0, 1.0)});
        break;
    case 7:
        ++deeds_["fader"];
        stage_.done(at::mixer_gain, {where, between(0.0, 0.8), ramp});
        break;
    case 8: {
        ++deeds_["crossfade"];
        const float level = between(0.0, 0.8);
        stage_.done(at::crossfade_levels, {level, 0.8F - level});
        break;
    }
    default:
        ++deeds_["trim"];
        stage_.done(at::mixer_trim, {where, between(0.5, 1.0), ramp});
        break;
    }
}

/// As a set does before a track ends. Deck A keeps its slopes.
void Hands::next_track() {
    const std::string deck = letters.substr(static_cast<std::size_t>(1 + tracks_ % 3), 1);
    stage_.done(at::cue, {deck, stage_.music(static_cast<int>(random_() % 5))});
    stage_.done(at::start_group, {0.2F, deck});
    ++tracks_;
    ++deeds_["track"];
}

void Hands::report() {
    const auto& row = dance_[report_];
    report_ = (report_ + 1) % dance_.size();
    detector_.send(door, at::dance_total_movement, {static_cast<float>(row[1])});
    detector_.send(door, at::dance_arms, {static_cast<float>(row[2])});
    detector_.send(door, at::dance_legs, {static_cast<float>(row[3])});
    detector_.send(door, at::dance_head, {static_cast<float>(row[4])});
    detector_.send(door, at::dance_person_count, {static_cast<std::int32_t>(row[5])});
    ++reports_;
}

}  // namespace crowdjack::test::soak
