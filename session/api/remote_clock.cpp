// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_clock.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace crowdjack {

namespace {

/// From 0 to period - 1.
std::int32_t modulo(std::int32_t difference, std::int32_t period) {
    const std::int32_t rest = difference % period;
    return rest < 0 ? rest + period : rest;
}

/// Whether one clock can have given both. Each leaves open what its way hides, and a cycle; the clocks may drift a
/// little.
bool agree(const RemoteClock::Answer& one, const RemoteClock::Answer& other, double rate) {
    constexpr double slack_s = 0.002;
    const double slack =
        slack_s * rate + (one.round_trip + other.round_trip) / 2.0 + std::max(one.period, other.period);
    return std::abs(static_cast<double>(one.ahead) - static_cast<double>(other.ahead)) <= slack;
}

}  // namespace

void RemoteClock::note(const Answer& answer, double rate) {
    const auto known = furthest();
    if (known && !agree(answer, *known, rate)) {
        // A deck whose server is away repeats its last frame: such answers contradict each other, too.
        if (!misfit_ || !agree(answer, *misfit_, rate)) {
            misfit_ = answer;
            return;
        }
        answers_.assign(1, *misfit_);
    }
    misfit_.reset();
    doubted_ = false;
    // What was long under way may have passed for one of this clock; a quicker one shows that it was not.
    std::erase_if(answers_, [&](const Answer& earlier) { return !agree(earlier, answer, rate); });
    answers_.push_back(answer);
    if (answers_.size() > most_kept) {
        answers_.pop_front();
    }
}

void RemoteClock::forget() noexcept {
    answers_.clear();
    misfit_.reset();
    doubted_ = false;
}

std::optional<std::int32_t> RemoteClock::ahead() const {
    if (answers_.size() < enough || misfit_ || doubted_) {
        return std::nullopt;
    }
    if (!in_step()) {
        return furthest()->ahead;
    }
    // The first that is not before what an answer proves, however long it took. That is early by the way back and by
    // the way on which the cycles there wait, of which half the quickest way there and back is sure.
    const Answer& last = answers_.back();
    const auto proven = static_cast<std::int32_t>(std::lround(latest_proof() + quickest() / 2.0));
    const std::int32_t least = proven - last.period / 4;  // should the way there be longer than the one back
    return least + modulo(last.cycles - least, last.period);
}

/// Frames ahead at the moment that an answer came, which it has been under way to: of all the most.
double RemoteClock::latest_proof() const {
    const auto proof = [](const Answer& answer) { return answer.ahead - answer.round_trip / 2.0; };
    return proof(*std::ranges::max_element(answers_, {}, proof));
}

double RemoteClock::quickest() const { return std::ranges::min_element(answers_, {}, &Answer::round_trip)->round_trip; }

/// Whether cycles here and there are the same ones.
bool RemoteClock::in_step() const {
    const Answer& last = answers_.back();
    return last.period > 0 && std::all_of(answers_.begin(), answers_.end(), [&last](const Answer& answer) {
               return answer.period == last.period && modulo(answer.cycles - last.cycles, last.period) == 0;
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

}  // namespace crowdjack
