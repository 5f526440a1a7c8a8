// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/track_reader.hpp"

#include <cstdint>
#include <vector>

namespace crowdjack {

/// A compressed track: blocks that a codec decodes one after the other. Of the frames that come out (raw) some are no
/// music: an encoder's delay and padding.
class BlockReader : public TrackReader {
public:
    [[nodiscard]] const TrackFormat& format() const noexcept final { return format_; }
    bool seek(std::int64_t frame) final;
    std::size_t read(float* interleaved, std::size_t frames) final;

protected:
    /// Raw frames [begin, end) are heard, after those of the ranges before.
    void keep(std::int64_t begin, std::int64_t end);

    /// Prepares next_block() for a place so early that the raw frame `frame` comes out as it does when all before it is
    /// decoded. @returns the raw frame at which the next block begins: `frame` or before
    virtual std::int64_t go_to(std::int64_t frame) = 0;

    /// Decodes one block into `interleaved` (which is empty). @returns false after the last
    virtual bool next_block(std::vector<float>& interleaved) = 0;

    TrackFormat format_;  ///< the decoder fills in all but `frames`, which keep() counts

private:
    struct Range {
        std::int64_t begin, end;  ///< raw
        std::int64_t heard;       ///< frame of the track at which it begins
    };
    /// @returns frames of the current block from `raw` on; decodes on until there is one, 0 at the end
    std::size_t block_at(std::int64_t raw);

    std::vector<Range> ranges_;
    std::vector<float> block_;
    std::int64_t block_begin_{-1};  ///< raw frame; below 0 before the first block
    std::size_t range_{};           ///< in which the next read begins
    std::int64_t raw_{};            ///< the frame it begins at
};

}  // namespace crowdjack
