// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/place_seeker.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr auto seek_patience = std::chrono::seconds{5};

}  // namespace

void PlaceSeeker::seek(StreamBook::Owned stream, std::int64_t frame, Ready ready, Failed failed) {
    Wish wish{std::move(stream), frame, std::move(ready), std::move(failed)};
    if (current_ == nullptr) {
        begin(std::move(wish));
        return;
    }
    const std::string why = "another " + command_ + " came before the place was in memory";
    refuse(*current_, why);
    if (next_) {
        next_->failed(why);
    }
    next_ = std::move(wish);
}

void PlaceSeeker::cancel(const std::string& why) {
    if (const auto current = std::exchange(current_, nullptr)) {
        refuse(*current, why);
    }
    if (const auto next = std::exchange(next_, std::nullopt)) {
        next->failed(why);
    }
}

void PlaceSeeker::refuse(Attempt& attempt, const std::string& why) {
    if (std::exchange(attempt.wanted, false)) {
        attempt.wish.failed(why);
    }
}

void PlaceSeeker::begin(Wish wish) {
    const auto attempt = std::make_shared<Attempt>();
    attempt->wish = std::move(wish);
    current_ = attempt;
    // The stream's worker may outlive the stream's end here: it holds the attempt weakly.
    attempt->wish.stream->seek_ahead(attempt->wish.frame, [this, weak = std::weak_ptr{attempt}, loop = &loop_] {
        loop->post([this, weak] {
            if (const auto sought = weak.lock()) {
                finished(sought, true);
            }
        });
    });
    loop_.after(seek_patience, [this, weak = std::weak_ptr{attempt}] {
        if (const auto sought = weak.lock()) {
            finished(sought, false);
        }
    });
}

void PlaceSeeker::finished(const std::shared_ptr<Attempt>& attempt, bool ready) {
    if (current_ != attempt) {
        return;
    }
    current_.reset();
    if (next_) {
        begin(*std::exchange(next_, std::nullopt));
    }
    if (!ready) {
        refuse(*attempt, "the place did not come from the storage within 5 s: is the disk there?");
    } else if (attempt->wanted) {
        attempt->wish.ready();
    }
}

}  // namespace crowdjack
