// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/list_stretch.hpp"

#include "deck/render/read_head.hpp"
#include "deck/stretch/stretch_take.hpp"
#include "deck/stretch/thread_time.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>

namespace crowdjack {

namespace {

constexpr double measured_speed = 1.04;
constexpr double measured_s = 2.0;

/// Noise: what costs an engine most, and the same every time.
float noise_at(std::int64_t frame) noexcept {
    auto hash = static_cast<std::uint32_t>(frame) * 2654435761U;
    hash ^= hash >> 15U;
    hash *= 2246822519U;
    hash ^= hash >> 13U;
    return static_cast<float>(hash) / 8589934592.0F - 0.25F;
}

class NoiseSource final : public StretchSource {
public:
    void read(const Trajectory& /*motion*/, double position, double /*step*/, std::span<float> left,
              std::span<float> right) override {
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] = noise_at(static_cast<std::int64_t>(position) + static_cast<std::int64_t>(i));
            right[i] = -left[i];
        }
    }
};

class NoiseRun final : public SampleRun {
public:
    void gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept override {
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] = noise_at(first + static_cast<std::int64_t>(i));
            right[i] = -left[i];
        }
    }
};

Trajectory measured_motion(double rate) {
    Trajectory motion;
    motion.file_rate = motion.server_rate = rate;
    motion.rate = measured_speed;
    motion.follow = false;
    return motion;
}

StretchListing measure_engine(StretchMethod method, double rate) {
    StretchTake take{
        {method, std::make_shared<NoiseSource>(), measured_motion(rate), JackFrame{0}}, JackFrame{0}, rate};
    while (take.ring().end() == take.begin()) {
        take.advance();
    }
    const JackFrame from = take.ring().end();
    const JackFrame to = from + to_frames(Seconds{measured_s}, rate);
    const double start = thread_seconds();
    while (take.ring().end() < to) {
        take.advance();
    }
    const double spent = thread_seconds() - start;
    const double made = to_seconds(take.ring().end() - from, rate).value;
    return {method, stretch_library(method), 1000.0 * take.look_ahead() / rate, 100.0 * spent / made};
}

StretchListing measure_read_head(double rate) {
    constexpr std::size_t period = 256;
    ReadHead head{SincBank::shared()};
    const auto scratch = std::make_unique<ReadHead::Scratch>();
    NoiseRun run;
    std::array<float, period> left{};
    std::array<float, period> right{};
    const auto periods = static_cast<std::int64_t>(measured_s * rate) / static_cast<std::int64_t>(period);
    const double start = thread_seconds();
    for (std::int64_t i = 0; i < periods; ++i) {
        const double place = static_cast<double>(i) * static_cast<double>(period) * measured_speed;
        head.render({{place, measured_speed, 0.0}, left.size()}, 0, run, *scratch, left, right);
    }
    const double spent = thread_seconds() - start;
    return {StretchMethod::rate, stretch_library(StretchMethod::rate), 0.0, 100.0 * spent / measured_s};
}

}  // namespace

std::vector<StretchListing> list_stretch(double server_rate) {
    std::vector<StretchListing> listings;
    for (const StretchMethod method : stretch_methods) {
        listings.push_back(method == StretchMethod::rate ? measure_read_head(server_rate)
                                                         : measure_engine(method, server_rate));
    }
    return listings;
}

std::string format_stretch_list(const std::vector<StretchListing>& listings) {
    std::string table = "method            library               latency      cost here\n";
    for (const StretchListing& listing : listings) {
        std::array<char, 128> line{};
        std::snprintf(line.data(), line.size(), "%-17s %-21s %6.1f ms %6.2f %% of a core\n",
                      std::string{stretch_name(listing.method)}.c_str(), listing.library.c_str(), listing.latency_ms,
                      listing.cost_percent);
        table += line.data();
    }
    return table;
}

}  // namespace crowdjack
