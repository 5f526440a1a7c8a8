// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_subscribers.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr auto subscription = std::chrono::seconds{60};

}  // namespace

OscSubscribers::Added OscSubscribers::add(const OscEndpoint& endpoint) {
    (void)present();
    const auto until = Clock::now() + subscription;
    const auto known = std::find(endpoints_.begin(), endpoints_.end(), endpoint);
    if (known != endpoints_.end()) {
        until_[static_cast<std::size_t>(known - endpoints_.begin())] = until;
        return Added::again;
    }
    if (endpoints_.size() >= most) {
        return Added::full;
    }
    endpoints_.push_back(endpoint);
    until_.push_back(until);
    return Added::anew;
}

const std::vector<OscEndpoint>& OscSubscribers::present() {
    const auto now = Clock::now();
    for (std::size_t i = endpoints_.size(); i-- > 0;) {
        if (until_[i] <= now) {
            endpoints_.erase(endpoints_.begin() + static_cast<std::ptrdiff_t>(i));
            until_.erase(until_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    return endpoints_;
}

}  // namespace crowdjack
