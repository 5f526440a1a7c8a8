// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/block_reader.hpp"

#include <algorithm>

namespace crowdjack {

void BlockReader::keep(std::int64_t begin, std::int64_t end) {
    if (end <= begin) {
        return;
    }
    if (ranges_.empty()) {
        raw_ = begin;
    }
    ranges_.push_back({begin, end, format_.frames});
    format_.frames += end - begin;
}

bool BlockReader::seek(std::int64_t frame) {
    if (frame < 0 || frame > format_.frames || ranges_.empty()) {
        return false;
    }
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), frame,
                                        [](std::int64_t wanted, const Range& range) { return wanted < range.heard; });
    range_ = static_cast<std::size_t>(after - ranges_.begin()) - 1;
    const std::int64_t raw = ranges_[range_].begin + (frame - ranges_[range_].heard);
    const auto channels = static_cast<std::size_t>(format_.channels);
    const auto block_end = block_begin_ + static_cast<std::int64_t>(block_.size() / channels);
    raw_ = raw;
    if (frame < format_.frames && (block_begin_ < 0 || raw < block_begin_ || raw > block_end)) {
        block_.clear();
        block_begin_ = go_to(raw);
    }
    return true;
}

std::size_t BlockReader::read(float* interleaved, std::size_t frames) {
    const auto channels = static_cast<std::size_t>(format_.channels);
    std::size_t done = 0;
    while (done < frames && range_ < ranges_.size()) {
        const Range& range = ranges_[range_];
        if (raw_ >= range.end) {
            ++range_;
            raw_ = range_ < ranges_.size() ? ranges_[range_].begin : raw_;
            continue;
        }
        const std::size_t there = block_at(raw_);
        if (there == 0) {
            break;
        }
        const std::size_t count = std::min({there, frames - done, static_cast<std::size_t>(range.end - raw_)});
        const auto from = static_cast<std::size_t>(raw_ - block_begin_) * channels;
        std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(from), count * channels,
                    interleaved + done * channels);
        done += count;
        raw_ += static_cast<std::int64_t>(count);
    }
    return done;
}

std::size_t BlockReader::block_at(std::int64_t raw) {
    const auto channels = static_cast<std::size_t>(format_.channels);
    if (block_begin_ < 0) {
        block_begin_ = go_to(raw);
    }
    while (true) {
        const auto count = static_cast<std::int64_t>(block_.size() / channels);
        if (raw < block_begin_ + count) {
            return static_cast<std::size_t>(block_begin_ + count - raw);
        }
        block_.clear();
        block_begin_ += count;
        if (!next_block(block_)) {
            return 0;
        }
    }
}

}  // namespace crowdjack
