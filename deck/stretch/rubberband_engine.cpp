// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/rubberband_engine.hpp"

#include <algorithm>
#include <array>

namespace crowdjack {

namespace {

using RubberBand::RubberBandStretcher;

constexpr double least_ratio = 0.1;
constexpr double greatest_ratio = 10.0;

// An onset keeps its distance to the centre of the window that catches it, so stretching around the centre would put it
// off by that distance times the change of speed. Windows catch onsets this long before their centre: measured as the
// slope of the onsets' mean offset over the speed, 0.9…1.1.
constexpr double finer_onset_lead_s = 0.003;
constexpr double faster_onset_lead_s = 0.0237;

// R2 takes a change of its input stride for a change of frequency: every frame of it shifts the sound by about a frame.
// The stride creeps with the ratio, and leaps by 86 frames or more where the ratio crosses 1.
constexpr std::size_t worn_by_stride = 30;

int options(RubberBandEngine::Engine engine) {
    constexpr int common = RubberBandStretcher::OptionProcessRealTime | RubberBandStretcher::OptionThreadingNever;
    if (engine == RubberBandEngine::Engine::finer) {
        return common | RubberBandStretcher::OptionEngineFiner;
    }
    // R2's own transients fire on steady tones as well, each detuning them by up to 1 % for a moment, and laminar
    // phases pull onsets up to 9 ms apart at 0.95. Without either, tones are true and onsets within 0.5 ms of each
    // other.
    return common | RubberBandStretcher::OptionEngineFaster | RubberBandStretcher::OptionTransientsSmooth |
           RubberBandStretcher::OptionPhaseIndependent;
}

}  // namespace

RubberBandEngine::RubberBandEngine(Engine engine, double rate, double ratio)
    : stretcher_{static_cast<std::size_t>(rate), 2, options(engine)},
      half_window_{static_cast<double>(stretcher_.getStartDelay())},
      onset_lead_{rate * (engine == Engine::finer ? finer_onset_lead_s : faster_onset_lead_s)} {
    stretcher_.setMaxProcessSize(max_feed());
    // R2 allocates at each new greatest ratio: have that over before playing.
    stretcher_.setTimeRatio(greatest_ratio);
    stretcher_.setTimeRatio(1.0);
    set_ratio(ratio);
    first_stride_ = stretcher_.getInputIncrement();
}

std::size_t RubberBandEngine::prime_frames() const noexcept { return static_cast<std::size_t>(2.0 * half_window_); }

double RubberBandEngine::look_ahead() const noexcept { return 2.0 * half_window_; }

StretchPlace RubberBandEngine::place() const noexcept {
    const auto fed = static_cast<double>(fed_) + static_cast<double>(stretcher_.getSamplesRequired());
    return {fed - half_window_ + onset_lead_, static_cast<double>(made_) + half_window_ + onset_lead_};
}

void RubberBandEngine::set_ratio(double ratio) {
    stretcher_.setTimeRatio(std::clamp(ratio, least_ratio, greatest_ratio));
}

bool RubberBandEngine::worn() const {
    const std::size_t stride = stretcher_.getInputIncrement();
    return stretcher_.getEngineVersion() == 2 &&
           std::max(stride, first_stride_) - std::min(stride, first_stride_) > worn_by_stride;
}

std::size_t RubberBandEngine::wanted() const {
    return std::clamp<std::size_t>(stretcher_.getSamplesRequired(), 1, max_feed());
}

std::size_t RubberBandEngine::max_feed() const noexcept { return static_cast<std::size_t>(2.0 * half_window_); }

void RubberBandEngine::feed(std::span<const float> left, std::span<const float> right) {
    const std::array<const float*, 2> input{left.data(), right.data()};
    stretcher_.process(input.data(), left.size(), false);
    fed_ += static_cast<std::int64_t>(left.size());
}

std::size_t RubberBandEngine::available() const {
    return std::min(static_cast<std::size_t>(std::max(stretcher_.available(), 0)), max_step());
}

std::size_t RubberBandEngine::max_step() const noexcept { return static_cast<std::size_t>(4.0 * half_window_); }

void RubberBandEngine::retrieve(std::span<float> left, std::span<float> right) {
    const std::array<float*, 2> output{left.data(), right.data()};
    made_ += static_cast<std::int64_t>(stretcher_.retrieve(output.data(), left.size()));
}

}  // namespace crowdjack
