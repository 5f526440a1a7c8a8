// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/descriptor.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace crowdjack {

/// A file without a name, for what does not fit in memory: in $TMPDIR, else /var/tmp, else /tmp. It is gone with its
/// owner, however that ends.
class ScratchFile {
public:
    /// @returns whether all of it is there now; false when there is no place for it
    [[nodiscard]] bool write(std::size_t offset, const void* from, std::size_t bytes);
    /// @throws Failure when the disk does not give back what was written
    void read(std::size_t offset, void* to, std::size_t bytes) const;

private:
    Descriptor file_;
    bool tried_{false};
};

/// A long row of values, appended one by one and read mostly in order. However long it gets, about `room_bytes` of it
/// are in memory; the rest lies in a scratch file. Where no such file can be made or the disk is full, all of it stays
/// in memory. One thread at a time, also for reading.
template <typename Value>
class LongCurve {
public:
    static_assert(std::is_trivially_copyable_v<Value>);
    static constexpr std::size_t room_bytes = std::size_t{512} << 10U;

    void push_back(const Value& value) {
        if (begin_ + window_.size() != size_) {  // something else was read: all the rest is in the file
            begin_ = size_;
            window_.clear();
        } else if (window_.size() >= room && spills_) {
            (void)put_away();
        }
        window_.push_back(value);
        ++size_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// @param place  below size(). It costs little near the place asked for before, to either side. The value stays
    /// until the next call.
    [[nodiscard]] const Value& operator[](std::size_t place) const {
        if (place - begin_ >= window_.size()) {  // also true below begin_
            look_at(place);
        }
        return window_[place - begin_];
    }

    /// Of a long one, what is in memory is given back until it is asked for again.
    void give_back() const {
        if (size_ > room && (filed_ == size_ || put_away())) {
            begin_ = size_;
            std::vector<Value>{}.swap(window_);
        }
    }

private:
    static constexpr std::size_t room = room_bytes / sizeof(Value);
    static constexpr std::size_t kept_before = room / 4;  ///< of a place that is looked at

    /// What is in memory goes to the file, or all that is in the file comes back for good. @returns whether it went
    bool put_away() const {
        if (file_.write(begin_ * sizeof(Value), window_.data(), window_.size() * sizeof(Value))) {
            begin_ += window_.size();
            filed_ = begin_;
            window_.clear();
            return true;
        }
        spills_ = false;
        std::vector<Value> all(size_);
        file_.read(0, all.data(), begin_ * sizeof(Value));
        std::copy(window_.begin(), window_.end(), all.begin() + static_cast<std::ptrdiff_t>(begin_));
        window_ = std::move(all);
        begin_ = 0;
        return false;
    }

    void look_at(std::size_t place) const {
        if (filed_ < size_ && !put_away()) {
            return;
        }
        begin_ = place - std::min(place, kept_before);
        window_.resize(std::min(room, size_ - begin_));
        file_.read(begin_ * sizeof(Value), window_.data(), window_.size() * sizeof(Value));
    }

    mutable ScratchFile file_;
    mutable bool spills_{true};
    mutable std::size_t filed_{0};  ///< so many of the first values are in the file
    mutable std::size_t begin_{0};  ///< of the window
    mutable std::vector<Value> window_;
    std::size_t size_{0};
};

}  // namespace crowdjack
