// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/remote_clock.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

constexpr std::size_t latest_answers = 8;
constexpr std::ptrdiff_t most_of_them = 5;
constexpr std::size_t well_known = 16;  ///< answers after which a cycle more is no correction, but an event

/// From 0 to period - 1.
std::int32_t modulo(std::int32_t difference, std::int32_t period) {
    const std::int32_t rest = difference % period;
    return rest < 0 ? rest + period : rest;
}

/// How far two answers of one clock may be apart, besides what each leaves open. More is another clock.
constexpr double drift_s = 0.002;
constexpr double left_out_s = 0.1;  ///< cycles that one side alone left out, where each belongs to one of the other's

/// Whether one clock can have given both. Each leaves open what its way hides, and a cycle.
bool agree(const RemoteClock::Answer& one, const RemoteClock::Answer& other, double apart) {
    const double open = (one.round_trip + other.round_trip) / 2.0 + std::max(one.period, other.period);
    return std::abs(static_cast<double>(one.ahead) - static_cast<double>(other.ahead)) <= apart + open;
}

}  // namespace

void RemoteClock::note(const Answer& answer, double rate) {
    const bool stepwise = !answers_.empty() && in_step();
    const auto known = furthest(stepwise ? latest_answers : most_kept);
    const double apart = rate * (stepwise ? left_out_s : drift_s);
    if (known && !agree(answer, *known, apart)) {
        // A deck whose server is away repeats its last frame: such answers contradict each other, too.
        if (!misfit_ || !agree(answer, *misfit_, rate * drift_s)) {
            misfit_ = answer;
            return;
        }
        answers_.assign(1, *misfit_);
        cycle_.reset();
    }
    misfit_.reset();
    doubted_ = false;
    // What was long under way may have passed for one of this clock; a quicker one shows that it was not.
    std::erase_if(answers_, [&](const Answer& earlier) { return !agree(earlier, answer, apart); });
    answers_.push_back(answer);
    if (answers_.size() > most_kept) {
        answers_.pop_front();
    }
    if (answers_.size() >= enough && in_step()) {
        follow_cycle();
    }
}

void RemoteClock::follow_cycle() {
    if (!cycle_) {
        cycle_ = best_cycle();
        link_grew_ = 0;
        unchanged_for_ = 0;
        return;
    }
    ++unchanged_for_;
    if (const std::int32_t more = answers_.back().read_in - *cycle_; more > 0) {
        const bool known = unchanged_for_ > well_known;
        link_grew_ += known ? more : 0;
        unchanged_for_ = known ? unchanged_for_ : 0;
        cycle_ = *cycle_ + more;
    } else if (fell()) {
        cycle_ = std::min(best_cycle(), *cycle_);
        unchanged_for_ = 0;
    }
}

/// Whether the latest answers all may tell of a cycle before the known one, and most must.
bool RemoteClock::fell() const {
    const auto latest = answers_.end() - static_cast<std::ptrdiff_t>(std::min(latest_answers, answers_.size()));
    return std::all_of(latest, answers_.end(), [this](const Answer& answer) { return answer.read_in < *cycle_; }) &&
           std::count_if(latest, answers_.end(), [this](const Answer& answer) { return !admits(answer, *cycle_); }) >=
               most_of_them;
}

void RemoteClock::forget() noexcept {
    answers_.clear();
    cycle_.reset();
    misfit_.reset();
    doubted_ = false;
}

bool RemoteClock::settled() const {
    const auto known = ahead();
    return known && (!in_step() || admits(answers_.back(), *cycle_));
}

std::optional<std::int32_t> RemoteClock::ahead() const {
    if (answers_.size() < enough || misfit_ || doubted_) {
        return std::nullopt;
    }
    if (!in_step() || !cycle_) {
        return furthest(most_kept)->ahead;
    }
    return *cycle_ - link_grew_;
}

/// Of the cycles in which the latest answers were asked and read, the one that contradicts them least, and all where
/// that can't tell: one side may have left out a cycle since.
std::int32_t RemoteClock::best_cycle() const {
    const auto latest = answers_.end() - static_cast<std::ptrdiff_t>(std::min(latest_answers, answers_.size()));
    const auto contradictions = [this, latest, usual = usual_round_trip()](std::int32_t ahead) {
        int of_all = 0;
        int of_latest = 0;
        for (auto answer = answers_.begin(); answer != answers_.end(); ++answer) {
            const int contradiction = contradiction_of(*answer, ahead, usual);
            of_all += contradiction;
            of_latest += answer < latest ? 0 : contradiction;
        }
        return std::pair{of_latest, of_all};
    };
    std::int32_t best = answers_.back().asked_in;
    for (auto answer = latest; answer != answers_.end(); ++answer) {
        for (const std::int32_t candidate : {answer->asked_in, answer->read_in}) {
            best = contradictions(candidate) < contradictions(best) ? candidate : best;
        }
    }
    return best;
}

/// How badly an answer fits. The packet with the cycle's sound goes the same way before the question, so most that were
/// not held up tell of the cycle in which they were asked. None tells of a later one than that in which it was read.
int RemoteClock::contradiction_of(const Answer& answer, std::int32_t ahead, double usual_round_trip) {
    const bool another = answer.asked_in != ahead && answer.round_trip <= usual_round_trip;
    return (admits(answer, ahead) ? 0 : 2) + (another ? 1 : 0);
}

bool RemoteClock::admits(const Answer& answer, std::int32_t ahead) {
    const bool maybe_before_its_packet = answer.since_cycle < answer.period / 4;
    return answer.read_in <= ahead && ahead <= answer.asked_in + (maybe_before_its_packet ? answer.period : 0);
}

/// The median.
double RemoteClock::usual_round_trip() const {
    std::vector<double> all;
    std::ranges::transform(answers_, std::back_inserter(all), &Answer::round_trip);
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return *middle;
}

/// Whether cycles here and there are the same ones.
bool RemoteClock::in_step() const {
    const Answer& last = answers_.back();
    return last.period > 0 && std::all_of(answers_.begin(), answers_.end(), [&last](const Answer& answer) {
               return answer.period == last.period && modulo(answer.read_in - last.read_in, last.period) == 0;
           });
}

/// Of the quicker half of the latest answers: half its way there and back is what an answer may be wrong by.
std::optional<RemoteClock::Answer> RemoteClock::furthest(std::size_t latest) const {
    if (answers_.empty()) {
        return std::nullopt;
    }
    const auto count = static_cast<std::ptrdiff_t>(std::min(latest, answers_.size()));
    std::vector<Answer> quick{answers_.end() - count, answers_.end()};
    const auto middle = quick.begin() + static_cast<std::ptrdiff_t>((quick.size() + 1) / 2);
    std::sort(quick.begin(), quick.end(), [](const Answer& a, const Answer& b) { return a.round_trip < b.round_trip; });
    return *std::max_element(quick.begin(), middle, [](const Answer& a, const Answer& b) { return a.ahead < b.ahead; });
}

}  // namespace crowdjack
