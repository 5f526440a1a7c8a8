// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/track_opener.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr auto replace_patience = std::chrono::milliseconds{300};  ///< with what something newer waits for
constexpr int most_inside = 8;                                     ///< openings that hang

/// Counts a worker while it opens.
class Inside {
public:
    explicit Inside(std::shared_ptr<std::atomic<int>> count) : count_{std::move(count)} {
        count_->fetch_add(1, std::memory_order_relaxed);
    }
    ~Inside() { count_->fetch_sub(1, std::memory_order_relaxed); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    std::shared_ptr<std::atomic<int>> count_;
};

}  // namespace

void TrackOpener::open(Wish wish) {
    if (current_ == nullptr) {
        begin(std::move(wish));
        return;
    }
    overtake(*current_);
    if (next_ && next_->overtaken) {
        next_->overtaken();
    }
    next_ = std::move(wish);
}

void TrackOpener::cancel() {
    if (current_ != nullptr) {
        overtake(*current_);
    }
    if (const auto next = std::exchange(next_, std::nullopt); next && next->overtaken) {
        next->overtaken();
    }
}

void TrackOpener::overtake(Attempt& attempt) {
    if (std::exchange(attempt.wanted, false) && attempt.wish.overtaken) {
        attempt.wish.overtaken();
    }
}

void TrackOpener::begin(Wish wish) {
    const auto attempt = std::make_shared<Attempt>();
    attempt->wish = std::move(wish);
    current_ = attempt;
    const auto found = std::make_shared<std::optional<FoundGrid>>();
    const auto open = [file = attempt->wish.file, lookup = attempt->wish.lookup, found, inside = inside_,
                       memory = memory_] {
        const Inside opening{inside};
        if (lookup) {
            *found = lookup(file);
        }
        return open_sample_source(file, memory);
    };
    const auto opened = [this, attempt, found](std::optional<std::string> failure) {
        loop_.post([this, attempt, found, failure = std::move(failure)] {
            attempt->result.failure = failure;
            attempt->result.grid = *found;
            finished(attempt);
        });
    };
    attempt->result.stream = std::make_shared<TrackStream>(open, attempt->wish.start_s, epoch_, opened);
    loop_.after(replace_patience, [this, attempt] { leave_behind(attempt); });
}

void TrackOpener::finished(const std::shared_ptr<Attempt>& attempt) {
    if (current_ != attempt) {
        return;
    }
    current_.reset();
    const Result result = std::move(attempt->result);
    const Wish wish = std::move(attempt->wish);
    if (next_) {
        begin(*std::exchange(next_, std::nullopt));
    }
    if (attempt->wanted) {
        wish.opened(result);
    }
}

void TrackOpener::leave_behind(const std::shared_ptr<Attempt>& attempt) {
    if (current_ != attempt) {
        return;
    }
    if (next_ && inside_->load(std::memory_order_relaxed) < most_inside) {
        current_.reset();
        attempt->result.stream.reset();  // what hangs owns itself, and ends by itself
        begin(*std::exchange(next_, std::nullopt));
    } else {
        loop_.after(replace_patience, [this, attempt] { leave_behind(attempt); });
    }
}

}  // namespace crowdjack
