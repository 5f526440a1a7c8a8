// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/vorbis_encoder.hpp"

#include "common/error.hpp"

#include <vorbis/vorbisenc.h>

#include <algorithm>
#include <random>
#include <string>

namespace crowdjack {

namespace {

constexpr std::size_t most_at_once = 1024;  ///< frames; libvorbis' buffers grow with it

void append(const ogg_page& page, std::vector<std::byte>& out) {
    const auto* header = reinterpret_cast<const std::byte*>(page.header);
    const auto* body = reinterpret_cast<const std::byte*>(page.body);
    out.insert(out.end(), header, header + page.header_len);
    out.insert(out.end(), body, body + page.body_len);
}

}  // namespace

VorbisEncoder::VorbisEncoder(int rate, const Settings& settings) : page_frames_{to_frames(settings.page, rate).value} {
    vorbis_info_init(&info_);
    const int failed = settings.bits_per_second > 0
                           ? vorbis_encode_init(&info_, 2, rate, -1, settings.bits_per_second, -1)
                           : vorbis_encode_init_vbr(&info_, 2, rate, settings.quality);
    if (failed != 0) {
        vorbis_info_clear(&info_);
        throw Failure{"vorbis can't be encoded at " + std::to_string(rate) + " Hz" +
                      (settings.bits_per_second > 0
                           ? " and " + std::to_string(settings.bits_per_second / 1000) + " kbit/s"
                           : "")};
    }
    vorbis_comment_init(&comment_);
    vorbis_comment_add_tag(&comment_, "ENCODER", "crowdjack " CROWDJACK_VERSION);
    for (const auto& [name, value] : settings.tags) {
        vorbis_comment_add_tag(&comment_, name.c_str(), value.c_str());
    }
    vorbis_analysis_init(&dsp_, &info_);
    vorbis_block_init(&dsp_, &block_);
    ogg_stream_init(&stream_, static_cast<int>(std::random_device{}() & 0x7FFFFFFFU));
    begin();
}

VorbisEncoder::~VorbisEncoder() {
    ogg_stream_clear(&stream_);
    vorbis_block_clear(&block_);
    vorbis_dsp_clear(&dsp_);
    vorbis_comment_clear(&comment_);
    vorbis_info_clear(&info_);
}

void VorbisEncoder::begin() {
    ogg_packet identification{};
    ogg_packet comments{};
    ogg_packet codebooks{};
    vorbis_analysis_headerout(&dsp_, &comment_, &identification, &comments, &codebooks);
    for (auto* packet : {&identification, &comments, &codebooks}) {
        ogg_stream_packetin(&stream_, packet);
    }
}

void VorbisEncoder::write(std::span<const float> interleaved, std::vector<std::byte>& out) {
    while (!interleaved.empty()) {
        const std::size_t frames = std::min(most_at_once, interleaved.size() / 2);
        float** const channels = vorbis_analysis_buffer(&dsp_, static_cast<int>(frames));
        for (std::size_t i = 0; i < frames; ++i) {
            channels[0][i] = interleaved[2 * i];
            channels[1][i] = interleaved[2 * i + 1];
        }
        vorbis_analysis_wrote(&dsp_, static_cast<int>(frames));
        drain(out);
        interleaved = interleaved.subspan(2 * frames);
    }
}

void VorbisEncoder::drain(std::vector<std::byte>& out) {
    ogg_page page{};
    while (!header_out_ && ogg_stream_flush(&stream_, &page) != 0) {
        append(page, out);  // the header has its pages to itself
    }
    header_out_ = true;
    ogg_packet packet{};
    while (vorbis_analysis_blockout(&dsp_, &block_) == 1) {
        vorbis_analysis(&block_, nullptr);
        vorbis_bitrate_addblock(&block_);
        while (vorbis_bitrate_flushpacket(&dsp_, &packet) != 0) {
            ogg_stream_packetin(&stream_, &packet);
            const bool due = packet.granulepos - paged_ >= page_frames_;
            while ((due ? ogg_stream_flush(&stream_, &page) : ogg_stream_pageout(&stream_, &page)) != 0) {
                append(page, out);
                paged_ = std::max<std::int64_t>(paged_, ogg_page_granulepos(&page));
            }
        }
    }
}

void VorbisEncoder::finish(std::vector<std::byte>& out) {
    if (finished_) {
        return;
    }
    finished_ = true;
    vorbis_analysis_wrote(&dsp_, 0);
    drain(out);
    ogg_page page{};
    while (ogg_stream_flush(&stream_, &page) != 0) {
        append(page, out);
    }
}

}  // namespace crowdjack
