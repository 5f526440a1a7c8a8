// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/stretch_engine.hpp"

#include <rubberband/RubberBandStretcher.h>

#include <cstdint>

namespace crowdjack {

/// Rubber Band in real-time mode: a phase vocoder whose window `k` is centred on a source frame and an output frame
/// that both follow from what was fed and made so far.
class RubberBandEngine final : public StretchEngine {
public:
    enum class Engine { finer, faster };

    RubberBandEngine(Engine engine, double rate, double ratio);

    [[nodiscard]] std::size_t prime_frames() const noexcept override;
    [[nodiscard]] double look_ahead() const noexcept override;
    [[nodiscard]] StretchPlace place() const noexcept override;
    void set_ratio(double ratio) override;
    [[nodiscard]] bool worn() const override;
    [[nodiscard]] std::size_t wanted() const override;
    [[nodiscard]] std::size_t max_feed() const noexcept override;
    void feed(std::span<const float> left, std::span<const float> right) override;
    [[nodiscard]] std::size_t available() const override;
    [[nodiscard]] std::size_t max_step() const noexcept override;
    void retrieve(std::span<float> left, std::span<float> right) override;

private:
    RubberBand::RubberBandStretcher stretcher_;
    double half_window_;           ///< frames
    double onset_lead_;            ///< frames; see the constant in the source
    std::size_t first_stride_{0};  ///< source frames per step, when fresh
    std::int64_t fed_{0};          ///< source frames
    std::int64_t made_{0};         ///< output frames
};

}  // namespace crowdjack
