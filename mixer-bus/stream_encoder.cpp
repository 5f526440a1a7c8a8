// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/stream_encoder.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

constexpr double page_ms = 200.0;       ///< what Ogg adds to the listeners' delay
constexpr float vorbis_quality = 0.6F;  ///< about 190 kbit/s

Tags tags_of(const StreamEncoder::Settings& settings) {
    Tags tags;
    if (!settings.title.artist.empty()) {
        tags.emplace_back("ARTIST", settings.title.artist);
    }
    if (!settings.title.title.empty()) {
        tags.emplace_back("TITLE", settings.title.title);
    }
    if (!settings.station.empty()) {
        tags.emplace_back("ORGANIZATION", settings.station);
    }
    return tags;
}

/// libsndfile 1.2: opus has 6 to 256 kbit/s a channel, mp3 32 to 320 in all, both straight along the level.
void set_bitrate(SNDFILE* file, StreamFormat format, double kilobits) {
    if (format == StreamFormat::opus) {
        double page = page_ms;
        double level = std::clamp(1.0 - (kilobits / 2.0 - 6.0) / 250.0, 0.0, 1.0);
        sf_command(file, SFC_SET_OGG_PAGE_LATENCY_MS, &page, sizeof page);
        sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
        return;
    }
    double level = std::clamp((320.0 - kilobits) / 288.0, 0.0, 1.0);
    int constant = SF_BITRATE_MODE_CONSTANT;
    sf_command(file, SFC_SET_BITRATE_MODE, &constant, sizeof constant);
    sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
}

}  // namespace

StreamEncoder::StreamEncoder(const Settings& settings) {
    if (settings.format == StreamFormat::vorbis) {
        vorbis_ = std::make_unique<VorbisEncoder>(settings.rate,
                                                  VorbisEncoder::Settings{.quality = vorbis_quality,
                                                                          .bits_per_second = settings.bitrate * 1000L,
                                                                          .page = Seconds{page_ms / 1000.0},
                                                                          .tags = tags_of(settings)});
    } else {
        open(settings);
    }
}

void StreamEncoder::open(const Settings& settings) {
    const bool opus = settings.format == StreamFormat::opus;
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
    info.samplerate = settings.rate;
    info.channels = 2;
    info.format = opus ? SF_FORMAT_OGG | SF_FORMAT_OPUS : SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    file_ = sf_open_virtual(&io, SFM_WRITE, &info, this);
    if (file_ == nullptr) {
        throw Failure{std::string{name_of(settings.format)} + " can't be encoded at " + std::to_string(settings.rate) +
                      " Hz: stream as vorbis instead"};
    }
    Station station;
    station.bitrate = settings.bitrate;
    set_bitrate(file_, settings.format, static_cast<double>(station.bitrate_of(settings.format)));
    if (opus) {
        sf_set_string(file_, SF_STR_ARTIST, settings.title.artist.c_str());
        sf_set_string(file_, SF_STR_TITLE, settings.title.title.c_str());
        sf_set_string(file_, SF_STR_SOFTWARE, "crowdjack " CROWDJACK_VERSION);
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
