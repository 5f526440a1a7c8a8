// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_clock.hpp"

#include <algorithm>
#include <vector>

namespace crowdjack {

void RemoteClock::note(const Answer& answer, double rate) {
    if (!fits(answer, rate)) {
        if (!misfit_) {
            misfit_ = answer;
            return;
        }
        answers_.assign(1, *misfit_);
    }
    misfit_.reset();
    answers_.push_back(answer);
    if (answers_.size() > most_kept) {
        answers_.pop_front();
    }
}

std::optional<std::int32_t> RemoteClock::ahead() const { return answers_.size() < enough ? std::nullopt : furthest(); }

/// Of the quicker half of the answers: half its way there and back is what an answer may be wrong by.
std::optional<std::int32_t> RemoteClock::furthest() const {
    if (answers_.empty()) {
        return std::nullopt;
    }
    std::vector<Answer> quick{answers_.begin(), answers_.end()};
    const auto middle = quick.begin() + static_cast<std::ptrdiff_t>((quick.size() + 1) / 2);
    std::sort(quick.begin(), quick.end(), [](const Answer& a, const Answer& b) { return a.round_trip < b.round_trip; });
    return std::max_element(quick.begin(), middle, [](const Answer& a, const Answer& b) { return a.ahead < b.ahead; })
        ->ahead;
}

/// Behind the furthest by no more than a cycle and what the way may hide.
bool RemoteClock::fits(const Answer& answer, double rate) const {
    const auto known = furthest();
    if (!known) {
        return true;
    }
    constexpr double slack_s = 0.002;
    const double slack = slack_s * rate + answer.round_trip;
    const double off = static_cast<double>(answer.ahead) - static_cast<double>(*known);
    return off <= slack && off >= -slack - static_cast<double>(answer.period);
}

}  // namespace crowdjack
