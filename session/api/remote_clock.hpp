// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of a JACK server on another machine, from what a deck there answers. Pure: fed with answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace crowdjack {

/// How many frames the server there is ahead of the one here, as its sound has it.
///
/// Both count in the same rhythm while JACK's network driver leads one from the other, from different beginnings. A
/// deck answers with the first frame of its latest cycle. Where a cycle there belongs to each cycle here, the number is
/// the exact one at which both begin. It falls where the server here leaves out a cycle. It rises where packets came
/// out of order and the driver there ran a cycle more for them; but from then on the link holds the sound of one cycle
/// more, so that each frame there is heard on the same frame here as before.
///
/// Elsewhere each answer lies behind by up to a period, and by half the way there and back at most in either direction;
/// the furthest of many quick answers is behind by a fraction of a millisecond.
class RemoteClock {
public:
    struct Answer {
        std::int32_t ahead{};        ///< its frame less JackClient::frame_now() halfway between question and answer
        double round_trip{};         ///< frames here
        std::int32_t period{};       ///< of the cycles, frames
        std::int32_t asked_in{};     ///< its frame less the first one of the cycle here in which it was asked
        std::int32_t read_in{};      ///< its frame less the first one of the cycle here in which it was read
        std::int32_t since_cycle{};  ///< frames from that cycle's beginning until it was asked
    };

    static constexpr std::size_t enough = 12;  ///< answers
    static constexpr std::size_t most_kept = 64;

    /// @param rate  Hz; two in a row that contradict all before and agree begin anew: a clock there or here was reset
    void note(const Answer& answer, double rate);
    void forget() noexcept;
    /// A question was not answered, so the server there may have begun anew: the next answer shows.
    void doubt() noexcept { doubted_ = true; }

    /// Whether the latest answer tells what is known already. While it does not, more answers are wanted soon.
    [[nodiscard]] bool settled() const;

    /// Frames there less frames here, for what is to be heard; nothing until enough is known, nor while it is doubted
    /// or the latest answer contradicts the rest.
    [[nodiscard]] std::optional<std::int32_t> ahead() const;

private:
    [[nodiscard]] std::optional<Answer> furthest(std::size_t latest) const;
    [[nodiscard]] bool in_step() const;
    void follow_cycle();
    [[nodiscard]] bool fell() const;
    [[nodiscard]] std::int32_t best_cycle() const;
    [[nodiscard]] static int contradiction_of(const Answer& answer, std::int32_t ahead, double usual_round_trip);
    [[nodiscard]] static bool admits(const Answer& answer, std::int32_t ahead);
    [[nodiscard]] double usual_round_trip() const;

    std::deque<Answer> answers_;
    std::optional<Answer> misfit_;
    bool doubted_{false};
    std::optional<std::int32_t> cycle_;  ///< where in step: frames there less frames here
    std::int32_t link_grew_{0};          ///< frames that the link holds more than at first
    std::size_t unchanged_for_{0};       ///< answers since cycle_ was found
};

}  // namespace crowdjack
