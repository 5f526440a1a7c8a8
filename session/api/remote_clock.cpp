// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_clock.hpp"

#include <algorithm>
#include <vector>

namespace crowdjack {

namespace {

/// From -period / 2 to period / 2.
std::int32_t remainder(std::int32_t difference, std::int32_t period) {
    const std::int64_t half = period / 2;
    const std::int64_t up = (static_cast<std::int64_t>(difference) + half) % period;
    return static_cast<std::int32_t>((up < 0 ? up + period : up) - half);
}

}  // namespace

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

std::optional<std::int32_t> RemoteClock::ahead() const {
    if (answers_.size() < enough) {
        return std::nullopt;
    }
    const Answer known = *furthest();
    if (!in_step()) {
        return known.ahead;
    }
    // Behind by the way to it, on which its cycles wait, too, and by what is left of one.
    const auto meant = known.ahead + static_cast<std::int32_t>(known.round_trip / 2.0) + known.period / 8;
    return meant - remainder(meant - answers_.back().cycles, known.period);
}

/// Whether cycles here and there are the same ones.
bool RemoteClock::in_step() const {
    const Answer& last = answers_.back();
    return last.period > 0 && std::all_of(answers_.begin(), answers_.end(), [&last](const Answer& answer) {
               return answer.period == last.period && remainder(answer.cycles - last.cycles, last.period) == 0;
           });
}

/// Of the quicker half of the answers: half its way there and back is what an answer may be wrong by.
std::optional<RemoteClock::Answer> RemoteClock::furthest() const {
    if (answers_.empty()) {
        return std::nullopt;
    }
    std::vector<Answer> quick{answers_.begin(), answers_.end()};
    const auto middle = quick.begin() + static_cast<std::ptrdiff_t>((quick.size() + 1) / 2);
    std::sort(quick.begin(), quick.end(), [](const Answer& a, const Answer& b) { return a.round_trip < b.round_trip; });
    return *std::max_element(quick.begin(), middle, [](const Answer& a, const Answer& b) { return a.ahead < b.ahead; });
}

/// Behind the furthest by no more than a cycle and what the way may hide.
bool RemoteClock::fits(const Answer& answer, double rate) const {
    const auto known = furthest();
    if (!known) {
        return true;
    }
    constexpr double slack_s = 0.002;
    const double slack = slack_s * rate + answer.round_trip;
    const double off = static_cast<double>(answer.ahead) - static_cast<double>(known->ahead);
    return off <= slack && off >= -slack - static_cast<double>(answer.period);
}

}  // namespace crowdjack
