// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/loudness.hpp"

#include <cmath>
#include <limits>

namespace crowdjack {

namespace {

constexpr Seconds run_in{1.0};  ///< what a fresh meter hears first: 400 ms to measure, the rest settles its filter
constexpr std::size_t buffer_frames = 4096;

}  // namespace

bool LoudnessMeter::busy() const noexcept { return reader_ && reader_->lag() <= to_frames(run_in, tap_->rate()).value; }

double LoudnessMeter::momentary(const std::shared_ptr<Tap>& tap) {
    constexpr double silence = -std::numeric_limits<double>::infinity();
    if (!tap || tap->written() == 0) {
        return silence;
    }
    const Frames history = to_frames(run_in, tap->rate());
    if (tap != tap_ || !busy()) {
        tap_ = tap;
        reader_ =
            std::make_unique<TapReader>(tap, tap->frame_at(std::max<std::int64_t>(0, tap->written() - history.value)));
        state_.reset(ebur128_init(2, static_cast<unsigned long>(std::lround(tap->rate())), EBUR128_MODE_M));
        buffer_.resize(2 * buffer_frames);
    }
    for (auto part = reader_->read(buffer_); part.frames > 0; part = reader_->read(buffer_)) {
        ebur128_add_frames_float(state_.get(), buffer_.data(), part.frames);
        measured_ += static_cast<std::int64_t>(part.frames);
    }
    double loudness = silence;
    if (ebur128_loudness_momentary(state_.get(), &loudness) != EBUR128_SUCCESS) {
        return silence;
    }
    return loudness;
}

}  // namespace crowdjack
