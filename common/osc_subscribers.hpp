// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_endpoint.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace crowdjack {

/// Who hears events: each until 60 s after it asked last. Control thread only.
class OscSubscribers {
public:
    static constexpr std::size_t most = 32;

    enum class Added { anew, again, full };
    Added add(const OscEndpoint& endpoint);

    /// Those of now.
    [[nodiscard]] const std::vector<OscEndpoint>& present();
    [[nodiscard]] bool empty() const noexcept { return endpoints_.empty(); }

private:
    using Clock = std::chrono::steady_clock;

    std::vector<OscEndpoint> endpoints_;
    std::vector<Clock::time_point> until_;  ///< of each
};

}  // namespace crowdjack
