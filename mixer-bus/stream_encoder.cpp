// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/stream_encoder.hpp"

#include "common/error.hpp"

#include <cstdio>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

constexpr double page_ms = 200.0;        ///< what Ogg adds to the listeners' delay
constexpr float vorbis_quality = 0.6F;   ///< about 190 kbit/s
constexpr double opus_quality = 0.35;    ///< about 190 kbit/s
constexpr double mp3_compression = 0.4;  ///< about 192 kbit/s

}  // namespace

StreamEncoder::StreamEncoder(StreamFormat format, int rate) {
    if (format == StreamFormat::vorbis) {
        vorbis_ = std::make_unique<VorbisEncoder>(rate, vorbis_quality, Seconds{page_ms / 1000.0});
    } else {
        open(format, rate);
    }
}

void StreamEncoder::open(StreamFormat format, int rate) {
    const bool opus = format == StreamFormat::opus;
    SF_VIRTUAL_IO io{};
    io.get_filelen = [](void* user) { return static_cast<StreamEncoder*>(user)->end_; };
    io.tell = [](void* user) { return static_cast<StreamEncoder*>(user)->place_; };
    io.seek = [](sf_count_t offset, int whence, void* user) -> sf_count_t {
        auto& encoder = *static_cast<StreamEncoder*>(user);
        const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? encoder.place_ : encoder.end_;
        return encoder.place_ = base + offset;
    };
    io.read = [](void*, sf_count_t, void*) -> sf_count_t { return 0; };
    io.write = [](const void* data, sf_count_t count, void* user) {
        auto& encoder = *static_cast<StreamEncoder*>(user);
        if (encoder.place_ == encoder.end_) {  // what is patched later has long been sent
            const auto* bytes = static_cast<const std::byte*>(data);
            encoder.out_.insert(encoder.out_.end(), bytes, bytes + count);
            encoder.end_ += count;
        }
        encoder.place_ += count;
        return count;
    };
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = 2;
    info.format = opus ? SF_FORMAT_OGG | SF_FORMAT_OPUS : SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    file_ = sf_open_virtual(&io, SFM_WRITE, &info, this);
    if (file_ == nullptr) {
        throw Failure{std::string{name_of(format)} + " can't be encoded at " + std::to_string(rate) +
                      " Hz: stream as vorbis instead"};
    }
    double page = page_ms;
    double quality = opus_quality;
    double compression = mp3_compression;
    int constant = SF_BITRATE_MODE_CONSTANT;
    if (opus) {
        sf_command(file_, SFC_SET_OGG_PAGE_LATENCY_MS, &page, sizeof page);
        sf_command(file_, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
    } else {
        sf_command(file_, SFC_SET_BITRATE_MODE, &constant, sizeof constant);
        sf_command(file_, SFC_SET_COMPRESSION_LEVEL, &compression, sizeof compression);
    }
    sf_command(file_, SFC_SET_CLIPPING, nullptr, SF_TRUE);
}

StreamEncoder::~StreamEncoder() { finish(); }

void StreamEncoder::write(std::span<const float> interleaved) {
    if (vorbis_) {
        vorbis_->write(interleaved, out_);
    } else {
        sf_writef_float(file_, interleaved.data(), static_cast<sf_count_t>(interleaved.size() / 2));
    }
}

void StreamEncoder::finish() {
    if (vorbis_) {
        vorbis_->finish(out_);
    } else if (file_ != nullptr) {
        sf_close(std::exchange(file_, nullptr));
    }
}

std::vector<std::byte> StreamEncoder::take() { return std::exchange(out_, {}); }

}  // namespace crowdjack
