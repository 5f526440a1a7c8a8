// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/stretch_engine.hpp"

#include <SoundTouch.h>

#include <cstdint>
#include <vector>

namespace crowdjack {

/// SoundTouch: pieces of the source are laid over each other where they fit best, within a seek window.
///
/// Where a piece was really taken from the library does not tell, but the middle of a piece is a copy of its source,
/// bit by bit: found again, it says how far off the nominal place the piece lies. The mean of that is corrected.
class WsolaEngine final : public StretchEngine {
public:
    WsolaEngine(double rate, double ratio);

    [[nodiscard]] std::size_t prime_frames() const noexcept override;
    [[nodiscard]] double look_ahead() const noexcept override;
    [[nodiscard]] StretchPlace place() const noexcept override;
    void set_ratio(double ratio) override;
    [[nodiscard]] std::size_t wanted() const override;
    [[nodiscard]] std::size_t max_feed() const noexcept override;
    void feed(std::span<const float> left, std::span<const float> right) override;
    [[nodiscard]] std::size_t available() const override;
    [[nodiscard]] std::size_t max_step() const noexcept override;
    void retrieve(std::span<float> left, std::span<float> right) override;

private:
    void prewarm();
    void learn_offset();
    [[nodiscard]] bool matches(std::int64_t source, std::size_t output) const noexcept;

    mutable soundtouch::SoundTouch library_;  ///< its queries are not const
    std::int64_t piece_, seek_, overlap_;     ///< frames
    std::vector<float> interleaved_;          ///< scratch for both directions
    std::vector<float> history_;              ///< last source frames fed, interleaved ring
    std::int64_t needed_{0};                  ///< source frames the library must hold to make the coming piece
    std::int64_t fed_{0};                     ///< source frames
    std::int64_t made_{0};                    ///< output frames
    std::int64_t piece_begin_{0};             ///< source frame at which the seek window of the latest piece began
    double offset_{0.0};                      ///< frames; mean of where pieces lie against the middle of their window
};

}  // namespace crowdjack
