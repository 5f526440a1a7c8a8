// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <vorbis/codec.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// Name and value, as in ARTIST, TITLE.
using Tags = std::vector<std::pair<std::string, std::string>>;

/// Stereo floats in, Ogg Vorbis out, with a page at least every `page` of sound: libsndfile's writer waits for 4 KB,
/// which in a quiet passage is seconds that a crash would take and a listener would wait. One thread (a worker's).
class VorbisEncoder {
public:
    struct Settings {
        float quality{0.6F};      ///< 0…1, as oggenc's -q divided by ten
        long bits_per_second{0};  ///< on average, instead of a quality; 0: none
        Seconds page{0.2};        ///< a page at least this often
        Tags tags;                ///< UTF-8
    };
    /// @throws Failure when libvorbis can't encode this rate
    VorbisEncoder(int rate, const Settings& settings);
    ~VorbisEncoder();
    VorbisEncoder(const VorbisEncoder&) = delete;
    VorbisEncoder& operator=(const VorbisEncoder&) = delete;

    /// @param out  what came out is appended to it
    void write(std::span<const float> interleaved, std::vector<std::byte>& out);
    /// The end of the stream; nothing can be written after.
    void finish(std::vector<std::byte>& out);

private:
    void begin();
    void drain(std::vector<std::byte>& out);

    std::int64_t page_frames_;
    std::int64_t paged_{0};  ///< frames in pages that are out
    bool finished_{false};
    bool header_out_{false};
    vorbis_info info_{};
    vorbis_comment comment_{};
    vorbis_dsp_state dsp_{};
    vorbis_block block_{};
    ogg_stream_state stream_{};
};

}  // namespace crowdjack
