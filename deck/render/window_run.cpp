// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/window_run.hpp"

#include <algorithm>
#include <cstddef>

namespace crowdjack {

namespace {

/// Frames from `place` on that lie in one page and before the loop's end.
std::int64_t straight_run(std::int64_t place, const std::optional<FrameLoop>& loop) noexcept {
    const std::int64_t run = TrackPage::frames - place % TrackPage::frames;
    return loop ? std::min(run, loop->out - place) : run;
}

}  // namespace

SampleRun::Place WindowRun::place(std::int64_t first, std::size_t size) const noexcept {
    const std::int64_t begin = folded(first, loop_);
    const auto count = static_cast<std::int64_t>(size);
    if (begin < 0 || count > straight_run(begin, loop_) || begin + count > windows_->length()) {
        return {};
    }
    const TrackPage* const page = windows_->find(begin / TrackPage::frames);
    const auto inside = static_cast<std::size_t>(begin % TrackPage::frames);
    return page == nullptr ? Place{} : Place{page->left.data() + inside, page->right.data() + inside};
}

void WindowRun::gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept {
    const std::int64_t length = windows_->length();
    for (std::size_t done = 0; done < left.size();) {
        const std::int64_t frame = first + static_cast<std::int64_t>(done);
        const auto room = static_cast<std::int64_t>(left.size() - done);
        const std::int64_t place = folded(frame, loop_);
        std::int64_t run = room;
        const TrackPage* page = nullptr;
        if (place < 0) {
            run = std::min(room, -place);
        } else if (place >= length && loop_) {
            run = std::min(room, loop_->out - place);
        } else if (place < length) {
            run = std::min({room, straight_run(place, loop_), length - place});
            page = windows_->find(place / TrackPage::frames);
        }
        const auto count = static_cast<std::size_t>(run);
        const std::span<float> to_left = left.subspan(done, count);
        const std::span<float> to_right = right.subspan(done, count);
        if (page == nullptr) {
            std::fill(to_left.begin(), to_left.end(), 0.0F);
            std::fill(to_right.begin(), to_right.end(), 0.0F);
        } else {
            const auto inside = static_cast<std::size_t>(place % TrackPage::frames);
            std::copy_n(page->left.data() + inside, count, to_left.data());
            std::copy_n(page->right.data() + inside, count, to_right.data());
        }
        done += count;
    }
}

std::int64_t WindowRun::first_missing(std::int64_t first, std::int64_t end) const noexcept {
    const std::int64_t length = windows_->length();
    const bool lost = windows_->lost();
    // Once around the loop is all of it, however often a fast motion goes around.
    const std::int64_t last = loop_ && end > loop_->out && first < end - (loop_->out - loop_->in)
                                  ? std::max(first, loop_->in) + (loop_->out - loop_->in)
                                  : end;
    for (std::int64_t frame = first; frame < std::min(last, end);) {
        const std::int64_t place = folded(frame, loop_);
        if (place < 0) {
            frame = std::min(end, frame - place);
            continue;
        }
        if (place >= length) {
            return lost ? frame : end;
        }
        if (windows_->find(place / TrackPage::frames) == nullptr) {
            return frame;
        }
        frame += std::min(straight_run(place, loop_), length - place);
    }
    return end;
}

}  // namespace crowdjack
