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
/// forward by the same. Nothing is missing then, so steps back of a cycle at most count against the steps forward:
/// those before, those of the same look and those of the look before, which therefore waits for the next one.
class LeftOutFrames {
public:
    /// What was left out in one look.
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
            latest_.position = latest_.cycles == 0 ? jump.position : latest_.position;
            ++latest_.cycles;
            latest_.frames = latest_.frames + balance_;
            balance_ = {};
        }
        return true;
    }
    /// Ends a look. @returns the one before
    Sum take() {
        put_right(latest_);
        put_right(earlier_);
        const Sum sum = std::exchange(earlier_, std::exchange(latest_, {}));
        return sum.frames > Frames{0} ? sum : Sum{};
    }

private:
    static constexpr std::int64_t longest_cycle = 8192;
    /// A step back that came after.
    void put_right(Sum& sum) {
        const Frames frames = std::min(sum.frames, Frames{} - balance_);
        sum.frames = sum.frames - frames;
        balance_ = balance_ + frames;
    }

    Sum latest_, earlier_;
    Frames balance_{};  ///< 0 or less: steps back that no step forward has put right yet
};

}  // namespace crowdjack
