// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "mixer-bus/tap.hpp"

#include <algorithm>

namespace crowdjack {

TapReader::TapReader(std::shared_ptr<Tap> tap, JackFrame from, bool keeps_all)
    : tap_{std::move(tap)}, seat_{nullptr}, from_{from} {
    for (auto& seat : tap_->seats_) {
        if (!seat.taken.exchange(true, std::memory_order_acq_rel)) {
            seat_ = &seat;
            break;
        }
    }
    if (seat_ == nullptr) {
        throw Failure{"the tap has 16 readers already: stop a recording or a stream first"};
    }
    if (!attach()) {
        position_ = tap_->written();
    }
    seat_->position.store(position_, std::memory_order_release);
    seat_->keeps_all.store(keeps_all, std::memory_order_release);
}

TapReader::~TapReader() {
    seat_->keeps_all.store(false, std::memory_order_release);
    seat_->taken.store(false, std::memory_order_release);
}

/// A frame still to come has no fixed place (the clock may jump before it): it is looked up until it was written. But
/// the very next one has: whatever frame the clock gives it.
bool TapReader::attach() noexcept {
    if (attached_) {
        return true;
    }
    const std::int64_t written = tap_->written();
    if (written == 0) {
        return false;
    }
    const std::int64_t position = tap_->position_of(from_);
    if (position > written) {
        advance_to(written);
        return false;
    }
    advance_to(std::max<std::int64_t>({position, written - tap_->capacity(), 0}));
    from_ = tap_->frame_at(position_);
    attached_ = true;
    return true;
}

void TapReader::advance_to(std::int64_t position) noexcept {
    position_ = position;
    seat_->position.store(position, std::memory_order_release);
}

std::int64_t TapReader::skip_ahead() noexcept {
    const std::int64_t oldest = tap_->oldest_safe();
    if (position_ >= oldest) {
        return 0;
    }
    const std::int64_t to = std::min(oldest + tap_->capacity() / 8, tap_->written());
    const std::int64_t lost = to - position_;
    advance_to(to);
    return lost;
}

std::int64_t TapReader::end_position() const noexcept {
    const std::int64_t written = tap_->written();
    return has_end_ ? std::min(written, tap_->position_of(end_frame_)) : written;
}

TapReader::Part TapReader::read(std::span<float> interleaved) {
    if (!attach()) {
        return {};
    }
    Part part;
    part.lost = skip_ahead();
    const std::int64_t ready = std::max<std::int64_t>(0, end_position() - position_);
    part.frames = static_cast<std::size_t>(std::min(ready, static_cast<std::int64_t>(interleaved.size() / 2)));
    tap_->copy(position_, interleaved.first(2 * part.frames));
    // Overtaken while copying: the front of what was copied may be new already.
    const std::int64_t torn =
        std::clamp<std::int64_t>(tap_->oldest_safe() - position_, 0, static_cast<std::int64_t>(part.frames));
    if (torn > 0) {
        std::copy(interleaved.begin() + 2 * torn, interleaved.begin() + 2 * static_cast<std::ptrdiff_t>(part.frames),
                  interleaved.begin());
        part.frames -= static_cast<std::size_t>(torn);
        part.lost += torn;
    }
    advance_to(position_ + torn + static_cast<std::int64_t>(part.frames));
    if (part.lost > 0) {
        lost_ += part.lost;
        ++dropouts_;
    }
    return part;
}

void TapReader::end_at(JackFrame frame) noexcept {
    end_frame_ = frame;
    has_end_ = true;
}

bool TapReader::at_end() const noexcept {
    if (!has_end_ || tap_->written() == 0) {
        return false;
    }
    const std::int64_t end = tap_->position_of(end_frame_);
    return end <= tap_->written() && (position_ >= end || (!attached_ && end_frame_ <= from_));
}

std::int64_t TapReader::read_too_much() const noexcept {
    return has_end_ && attached_ ? std::max<std::int64_t>(0, position_ - tap_->position_of(end_frame_)) : 0;
}

JackFrame TapReader::next_frame() const noexcept { return attached_ ? tap_->frame_at(position_) : from_; }

std::int64_t TapReader::lag() const noexcept {
    const std::int64_t written = tap_->written();
    return attached_ || written == 0 ? written - position_
                                     : std::max<std::int64_t>(0, written - tap_->position_of(from_));
}

}  // namespace crowdjack
