// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/render_ahead.hpp"

#include "common/locked_memory.hpp"

#include <algorithm>

namespace crowdjack {

CROWDJACK_EVERY_CYCLE bool RenderAhead::give(JackFrame frame, std::span<float> left,
                                             std::span<float> right) const noexcept {
    if (frame < begin_ || end_ < frame + Frames{static_cast<std::int64_t>(left.size())}) {
        return false;
    }
    const auto at = static_cast<std::size_t>((frame - begin_).value);
    std::copy_n(held_->left.data() + at, left.size(), left.data());
    std::copy_n(held_->right.data() + at, right.size(), right.data());
    return true;
}

bool RenderAhead::make_resident() noexcept { return lock_and_touch(held_.get(), sizeof *held_); }

void RenderAhead::forget(DeckMix& mix, JackFrame frame) noexcept {
    if (frame < end_ && begin_ < end_) {
        mix.settle_heads(place(std::max(frame, begin_)).speed);
    }
    begin_ = end_ = JackFrame{};  // also for a server whose clock begins anew
}

bool RenderAhead::render(DeckMix& mix, JackFrame frame, std::size_t size, RenderScratch& scratch) noexcept {
    forget(mix, frame);
    const JackFrame last = frame + Frames{static_cast<std::int64_t>(size) - 1};
    const JackFrame line = DeckMix::grid_before(last, block_frames) + Frames{block_frames};
    const JackFrame to = std::min(line, mix.motion.straight_around(frame).end);
    const auto count = static_cast<std::size_t>((to - frame).value);
    if (size >= static_cast<std::size_t>(block_frames) || count < size || !mix.all_there(frame, count)) {
        return false;
    }
    const std::span<float> left{held_->left.data(), count};
    const std::span<float> right{held_->right.data(), count};
    mix.render(frame, scratch, left, right);
    curve_ = mix.curve_over(static_cast<double>(frame.value), static_cast<double>(count));
    begin_ = frame;
    end_ = to;
    return true;
}

}  // namespace crowdjack
