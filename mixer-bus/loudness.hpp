// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/tap.hpp"

#include <ebur128.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace crowdjack {

/// Momentary loudness (EBU R 128: 400 ms, K-weighted) of what is in a tap, measured only when somebody asks. One
/// thread.
class LoudnessMeter {
public:
    /// LUFS of the 400 ms up to now; -infinity for silence or before there is any sound.
    [[nodiscard]] double momentary(const std::shared_ptr<Tap>& tap);

    /// Frames measured so far, in all.
    [[nodiscard]] std::int64_t measured() const noexcept { return measured_; }
    /// True while somebody keeps asking: frames that went by unasked are of no interest, and no lag.
    [[nodiscard]] bool busy() const noexcept;
    /// The place of the reader, for reports.
    [[nodiscard]] const TapReader* reader() const noexcept { return reader_.get(); }

private:
    struct Free {
        void operator()(ebur128_state* state) const noexcept { ebur128_destroy(&state); }
    };

    std::shared_ptr<Tap> tap_;
    std::unique_ptr<TapReader> reader_;
    std::unique_ptr<ebur128_state, Free> state_;
    std::vector<float> buffer_;
    std::int64_t measured_{0};
};

}  // namespace crowdjack
