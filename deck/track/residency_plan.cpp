// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/residency_plan.hpp"

#include "deck/track/track_windows.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr std::int64_t kernel_reach = 1024;  // source frames an interpolator may look at around a position

std::int64_t frames_of(double seconds, double rate) { return static_cast<std::int64_t>(seconds * rate) + 1; }

class PageList {
public:
    explicit PageList(std::int64_t length) : length_{length} {}

    /// Pages that hold frames [begin, end), in order.
    void add(std::int64_t begin, std::int64_t end) {
        const std::int64_t first = std::max<std::int64_t>(begin, 0) / TrackPage::frames;
        const std::int64_t last = std::min(end, length_);
        const std::int64_t past = std::max(first, (last + TrackPage::frames - 1) / TrackPage::frames);
        for (std::int64_t page = first; page < past; ++page) {
            if (!knows(page)) {
                pages_.push_back(page);
            }
        }
        known_.push_back({first, past});
    }

    [[nodiscard]] std::vector<std::int64_t> take() { return std::move(pages_); }

private:
    struct Range {
        std::int64_t first, past;
    };

    [[nodiscard]] bool knows(std::int64_t page) const {
        return std::any_of(known_.begin(), known_.end(),
                           [page](const Range& range) { return range.first <= page && page < range.past; });
    }

    std::int64_t length_;
    std::vector<Range> known_;  ///< pages added so far: a handful of ranges
    std::vector<std::int64_t> pages_;
};

void add_way_ahead(PageList& list, const ResidencyWants& wants, std::int64_t from, std::int64_t ahead) {
    const bool wraps = wants.loop && from < wants.loop->out && wants.loop->out - from < ahead;
    if (!wraps) {
        list.add(from - kernel_reach, from + ahead);
        return;
    }
    list.add(from - kernel_reach, wants.loop->out + kernel_reach);
    const std::int64_t rest = ahead - (wants.loop->out - from);
    list.add(wants.loop->in - kernel_reach, std::min(wants.loop->in + rest, wants.loop->out) + kernel_reach);
}

}  // namespace

std::vector<std::int64_t> point_pages(std::int64_t point, std::int64_t length, double rate) {
    PageList list{length};
    list.add(point - kernel_reach, point + frames_of(point_ahead_s, rate));
    return list.take();
}

std::vector<std::int64_t> wanted_pages(const ResidencyWants& wants) {
    PageList list{wants.length};
    const double stretch = std::clamp(wants.speed, 1.0, 4.0);
    const std::int64_t soon = frames_of(0.5 * stretch, wants.rate);
    const std::int64_t ahead = frames_of(window_ahead_s * stretch, wants.rate);
    if (wants.playhead) {
        add_way_ahead(list, wants, *wants.playhead, soon);
    }
    for (const std::int64_t point : wants.points) {
        list.add(point - kernel_reach, point + frames_of(point_ahead_s, wants.rate));
    }
    if (wants.playhead) {
        add_way_ahead(list, wants, *wants.playhead, ahead);
        list.add(*wants.playhead - frames_of(window_behind_s, wants.rate), *wants.playhead);
    }
    if (wants.loop) {
        list.add(wants.loop->in - kernel_reach, wants.loop->in + frames_of(point_ahead_s, wants.rate));
        list.add(wants.loop->out - kernel_reach, wants.loop->out + kernel_reach);
    }
    if (wants.armed) {
        add_way_ahead(list, wants, *wants.armed, frames_of(window_ahead_s, wants.rate));
    }
    return list.take();
}

}  // namespace crowdjack
