// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_clock.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

constexpr std::size_t latest_answers = 8;

/// From 0 to period - 1.
std::int32_t modulo(std::int32_t difference, std::int32_t period) {
    const std::int32_t rest = difference % period;
    return rest < 0 ? rest + period : rest;
}

/// Whether one clock can have given both. Each leaves open what its way hides, and a cycle; the clocks may drift a
/// little, and be apart by some cycles that one side left out.
bool agree(const RemoteClock::Answer& one, const RemoteClock::Answer& other, double rate, int left_out) {
    constexpr double slack_s = 0.002;
    const double slack = slack_s * rate + (one.round_trip + other.round_trip) / 2.0 +
                         (1 + left_out) * std::max(one.period, other.period);
    return std::abs(static_cast<double>(one.ahead) - static_cast<double>(other.ahead)) <= slack;
}

}  // namespace

void RemoteClock::note(const Answer& answer, double rate) {
    const auto known = furthest();
    const int left_out = known && in_step() ? 1 : 0;  // more begin anew; one is found among the answers
    if (known && !agree(answer, *known, rate, left_out)) {
        // A deck whose server is away repeats its last frame: such answers contradict each other, too.
        if (!misfit_ || !agree(answer, *misfit_, rate, 0)) {
            misfit_ = answer;
            return;
        }
        answers_.assign(1, *misfit_);
    }
    misfit_.reset();
    doubted_ = false;
    // What was long under way may have passed for one of this clock; a quicker one shows that it was not.
    std::erase_if(answers_, [&](const Answer& earlier) { return !agree(earlier, answer, rate, left_out); });
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

bool RemoteClock::settled() const {
    const auto known = ahead();
    return known && (!in_step() || answers_.back().cycles == *known);
}

std::optional<std::int32_t> RemoteClock::ahead() const {
    if (answers_.size() < enough || misfit_ || doubted_) {
        return std::nullopt;
    }
    if (!in_step()) {
        return furthest()->ahead;
    }
    return best_cycle();
}

/// Of the cycles that the answers prove, the one that the fewest of the latest contradict, and the fewest of all where
/// those can't tell: one side may have left out a cycle since, and an answer may tell of a cycle that came late.
std::int32_t RemoteClock::best_cycle() const {
    const auto contradictions = [this](std::int32_t ahead) {
        int all = 0;
        int latest = 0;
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            const int wrong = admits(answers_[i], ahead) ? 0 : 1;
            all += wrong;
            latest += answers_.size() - i <= latest_answers ? wrong : 0;
        }
        return std::pair{latest, all};
    };
    std::int32_t best = first_cycle(answers_.front());
    for (const Answer& answer : answers_) {
        const std::int32_t candidate = first_cycle(answer);
        best = contradictions(candidate) < contradictions(best) ? candidate : best;
    }
    return best;
}

/// The first cycle there that is not before what the answer proves, however long it took: that is early by the way back
/// and by the way on which the cycles there wait, of which half the quickest way there and back is sure.
std::int32_t RemoteClock::first_cycle(const Answer& answer) const {
    const std::int32_t least = earliest(answer);
    return least + modulo(answers_.back().cycles - least, answer.period);
}

/// By the time and by the cycle in which the answer was read: none there is later than that one. Either may be late,
/// the time (JACK's estimate) after a cycle that was left out, the cycle where this program's audio thread is.
std::int32_t RemoteClock::earliest(const Answer& answer) const {
    const double proven = answer.ahead - answer.round_trip / 2.0 + quickest() / 2.0;
    const auto by_time =
        static_cast<std::int32_t>(std::lround(proven)) - answer.period / 4;  // should the way there be the longer one
    return std::min(by_time, answer.cycles);
}

/// An answer tells of the latest cycle there, so none is more than a period after it.
bool RemoteClock::admits(const Answer& answer, std::int32_t ahead) const {
    return earliest(answer) <= ahead && ahead <= answer.ahead + answer.round_trip / 2.0 + 1.25 * answer.period;
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
