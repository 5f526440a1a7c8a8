// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>

namespace crowdjack::web {

/// So many things a second over time, so many at once. One thread.
class TokenBucket {
public:
    using Clock = std::chrono::steady_clock;

    TokenBucket(double per_second, double at_once) noexcept : per_second_{per_second}, most_{at_once}, left_{at_once} {}

    /// @returns whether one more is allowed now
    [[nodiscard]] bool take(Clock::time_point now = Clock::now()) noexcept {
        if (now > filled_) {
            left_ = std::min(most_, left_ + std::chrono::duration<double>(now - filled_).count() * per_second_);
            filled_ = now;
        }
        const bool allowed = left_ >= 1.0;
        left_ -= allowed ? 1.0 : 0.0;
        return allowed;
    }

private:
    double per_second_, most_, left_;
    Clock::time_point filled_{Clock::now()};
};

}  // namespace crowdjack::web
