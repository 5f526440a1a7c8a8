// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ebur128.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace crowdjack {

/// Integrated loudness and true peak of what goes by (EBU R 128, through libebur128).
class LoudnessMeter {
public:
    LoudnessMeter(std::size_t channels, double rate);

    void add(std::span<const float> interleaved);
    [[nodiscard]] std::optional<double> lufs() const;          ///< nothing for silence
    [[nodiscard]] std::optional<double> true_peak_db() const;  ///< dBTP of the loudest channel; nothing for silence

private:
    struct Free {
        void operator()(ebur128_state* state) const noexcept { ebur128_destroy(&state); }
    };
    std::size_t channels_;
    std::unique_ptr<ebur128_state, Free> state_;
};

}  // namespace crowdjack
