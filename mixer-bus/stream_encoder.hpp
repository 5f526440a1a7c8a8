// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/cue_sheet.hpp"
#include "mixer-bus/stream_target.hpp"
#include "mixer-bus/vorbis_encoder.hpp"

#include <sndfile.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace crowdjack {

/// Stereo floats in, bytes of an endless Ogg or MP3 stream out. One thread (a worker's).
class StreamEncoder {
public:
    struct Settings {
        StreamFormat format{};
        int rate{48000};
        int bitrate{0};  ///< kbit/s; 0: about 190
        Title title;     ///< in the stream's own comments (not of MP3, which has none)
        std::string station;
    };
    /// @throws Failure when the rate can't be encoded (Opus: only 8, 12, 16, 24 and 48 kHz)
    explicit StreamEncoder(const Settings& settings);
    ~StreamEncoder();
    StreamEncoder(const StreamEncoder&) = delete;
    StreamEncoder& operator=(const StreamEncoder&) = delete;

    void write(std::span<const float> interleaved);
    /// No more to come: the last bytes appear.
    void finish();
    /// What came out since the last call.
    [[nodiscard]] std::vector<std::byte> take();

private:
    void open(const Settings& settings);

    std::vector<std::byte> out_;
    std::unique_ptr<VorbisEncoder> vorbis_;
    SNDFILE* file_{nullptr};  ///< the other formats
    sf_count_t end_{0};       ///< bytes ever written
    sf_count_t place_{0};     ///< where libsndfile means to write
};

}  // namespace crowdjack
