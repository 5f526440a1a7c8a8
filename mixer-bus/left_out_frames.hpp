// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "mixer-bus/tap.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace crowdjack {

/// Counts what JACK left out of a recording, by the jumps of its clock.
///
/// PipeWire may say one cycle's frame too early or too late and put it right with a later one: a step back and a step
/// forward by the same. Nothing is missing then, so steps back of a cycle at most count against the steps forward,
/// those before and those of the same look.
class LeftOutFrames {
public:
    /// What was left out since the last look.
    struct Sum {
        std::int64_t cycles{};  ///< in which frames were left out
        Frames frames{};
        std::int64_t position{};  ///< in the tap: of the first frame after the first of them
    };

    /// False when frames are counted anew there: how many were left out nobody can tell.
    bool add(const Tap::Jump& jump) {
        const Frames missed = jump.came - jump.expected;
        if (jump.new_clock || missed < Frames{-longest_cycle}) {
            balance_ = {};
            return false;
        }
        balance_ = balance_ + missed;
        if (balance_ > Frames{0}) {
            sum_.position = sum_.cycles == 0 ? jump.position : sum_.position;
            ++sum_.cycles;
            sum_.frames = sum_.frames + balance_;
            balance_ = {};
        }
        return true;
    }
    Sum take() {
        Sum sum = std::exchange(sum_, {});
        const Frames put_right = std::min(sum.frames, Frames{} - balance_);  // the step back came after
        sum.frames = sum.frames - put_right;
        balance_ = balance_ + put_right;
        return sum.frames > Frames{0} ? sum : Sum{};
    }

private:
    static constexpr std::int64_t longest_cycle = 8192;
    Sum sum_;
    Frames balance_{};  ///< 0 or less: steps back that no step forward has put right yet
};

}  // namespace crowdjack
