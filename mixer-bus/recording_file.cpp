// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_file.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::int64_t flac_block = 4096;     ///< frames libsndfile's encoder gathers before it writes any
constexpr Seconds longest_page{0.4};          ///< a page at least this often: what a crash can take of an .ogg or .opus
constexpr float ogg_quality = 0.8F;           ///< about 256 kbit/s
constexpr double recording_kilobits = 256.0;  ///< of .opus and .mp3, a second

int sndfile_format(RecordingFormat format, SampleWidth width) {
    const int samples = width == SampleWidth::s16   ? SF_FORMAT_PCM_16
                        : width == SampleWidth::s24 ? SF_FORMAT_PCM_24
                                                    : SF_FORMAT_FLOAT;
    switch (format) {
    case RecordingFormat::wav:
    case RecordingFormat::rf64:
        return SF_FORMAT_RF64 | samples;
    case RecordingFormat::flac:
        return SF_FORMAT_FLAC | samples;
    case RecordingFormat::ogg:
        return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    case RecordingFormat::opus:
        return SF_FORMAT_OGG | SF_FORMAT_OPUS;
    case RecordingFormat::mp3:
        return SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    }
    return 0;
}

/// libsndfile 1.2: opus has 6 to 256 kbit/s a channel, mp3 32 to 320 in all, both straight along the level.
void set_up_encoder(SNDFILE* file, RecordingFormat format) {
    if (format == RecordingFormat::opus) {
        double page_ms = longest_page.value * 1000.0;
        double level = 1.0 - (recording_kilobits / 2.0 - 6.0) / 250.0;
        sf_command(file, SFC_SET_OGG_PAGE_LATENCY_MS, &page_ms, sizeof page_ms);
        sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    } else if (format == RecordingFormat::mp3) {
        int constant = SF_BITRATE_MODE_CONSTANT;
        double level = (320.0 - recording_kilobits) / 288.0;
        sf_command(file, SFC_SET_BITRATE_MODE, &constant, sizeof constant);
        sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    }
}

}  // namespace

SF_VIRTUAL_IO RecordingFile::virtual_io() noexcept {
    SF_VIRTUAL_IO io{};
    io.get_filelen = [](void* user) -> sf_count_t { return static_cast<RecordingFile*>(user)->sink_->size(); };
    io.seek = [](sf_count_t offset, int whence, void* user) -> sf_count_t {
        auto& file = *static_cast<RecordingFile*>(user);
        const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.offset_ : file.sink_->size();
        return file.offset_ = base + offset;
    };
    io.read = [](void*, sf_count_t, void*) -> sf_count_t { return 0; };
    io.write = [](const void* data, sf_count_t count, void* user) -> sf_count_t {
        auto& file = *static_cast<RecordingFile*>(user);
        const auto written =
            file.sink_->write_at(file.offset_, {static_cast<const std::byte*>(data), static_cast<std::size_t>(count)});
        file.offset_ += written;
        return written;
    };
    io.tell = [](void* user) -> sf_count_t { return static_cast<RecordingFile*>(user)->offset_; };
    return io;
}

RecordingFile::RecordingFile(std::unique_ptr<ByteSink> sink, const Settings& settings)
    : sink_{std::move(sink)}, format_{settings.format}, width_{sample_width(settings.format, settings.width)} {
    if (format_ == RecordingFormat::ogg) {
        Tags tags;
        if (!settings.title.empty()) {
            tags.emplace_back("TITLE", settings.title);
        }
        if (!settings.date.empty()) {
            tags.emplace_back("DATE", settings.date);
        }
        vorbis_ = std::make_unique<VorbisEncoder>(settings.rate, VorbisEncoder::Settings{.quality = ogg_quality,
                                                                                         .bits_per_second = 0,
                                                                                         .page = longest_page,
                                                                                         .tags = std::move(tags)});
        return;
    }
    open_sndfile(settings);
    make_valid();
    if (sink_->error() != 0) {
        const std::string why = error();
        sf_close(std::exchange(file_, nullptr));
        throw Failure{"cannot write the recording's header: " + why};
    }
}

void RecordingFile::open_sndfile(const Settings& settings) {
    SF_INFO info{};
    info.samplerate = settings.rate;
    info.channels = 2;
    info.format = sndfile_format(format_, width_);
    SF_VIRTUAL_IO io = virtual_io();
    file_ = sf_open_virtual(&io, SFM_WRITE, &info, this);
    if (file_ == nullptr) {
        throw Failure{"cannot set up the recording at " + std::to_string(settings.rate) +
                      " Hz: " + sf_strerror(nullptr) + ": record to .flac instead"};
    }
    sf_command(file_, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    sf_command(file_, SFC_SET_CLIPPING, nullptr, SF_TRUE);  // whole numbers can't hold what the limiter didn't catch
    if (format_ == RecordingFormat::wav) {
        sf_command(file_, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
    }
    set_up_encoder(file_, format_);
    sf_set_string(file_, SF_STR_SOFTWARE, "crowdjack " CROWDJACK_VERSION);
    // Longer than the 30 characters of ID3v1: then an .mp3 has its tags at its beginning.
    sf_set_string(file_, SF_STR_COMMENT, "recorded by crowdjack from the mixer's master");
    if (!settings.title.empty()) {
        sf_set_string(file_, SF_STR_TITLE, settings.title.c_str());
    }
    if (!settings.date.empty()) {
        sf_set_string(file_, SF_STR_DATE, settings.date.c_str());
    }
}

bool RecordingFile::is_plain() const noexcept {
    return format_ == RecordingFormat::wav || format_ == RecordingFormat::rf64;
}

RecordingFile::~RecordingFile() { close(); }

std::size_t RecordingFile::write(std::span<const float> interleaved) {
    const auto wanted = static_cast<sf_count_t>(interleaved.size() / 2);
    if (vorbis_) {
        vorbis_->write(interleaved, encoded_);
        frames_ += flush_vorbis() ? wanted : 0;
        return sink_->error() == 0 ? static_cast<std::size_t>(wanted) : 0;
    }
    const sf_count_t accepted = std::max<sf_count_t>(0, sf_writef_float(file_, interleaved.data(), wanted));
    frames_ += accepted;
    // The FLAC encoder buffers and takes everything: only the medium knows that it didn't fit.
    return sink_->error() != 0 && accepted == wanted ? 0 : static_cast<std::size_t>(accepted);
}

bool RecordingFile::flush_vorbis() {
    const auto written = sink_->write_at(offset_, encoded_);
    offset_ += written;
    return std::exchange(encoded_, {}).size() == static_cast<std::size_t>(written);
}

void RecordingFile::make_valid() {
    if (is_plain()) {
        sf_command(file_, SFC_UPDATE_HEADER_NOW, nullptr, 0);
    }
    if (format_ == RecordingFormat::flac && frames_ > 0) {
        patch_flac_length((frames_ - 1) / flac_block * flac_block);
    }
}

/// A FLAC stream's length stands in its STREAMINFO, which the encoder fills in only at the end: 36 bits, of which the
/// upper four share byte 13 of the block with the lower four bits of (bits per sample - 1); the block begins 8 bytes
/// into the file (RFC 9639, section 8.2).
void RecordingFile::patch_flac_length(std::int64_t frames) {
    constexpr std::int64_t length_offset = 8 + 13;
    const auto whole = static_cast<std::uint64_t>(frames);
    const unsigned width_bits = width_ == SampleWidth::s16 ? 15 : 23;
    const auto low = static_cast<std::uint32_t>(whole);
    const std::array<std::byte, 5> bytes{std::byte((width_bits & 15U) << 4U | (whole >> 32U & 15U)),
                                         std::byte(low >> 24U), std::byte(low >> 16U), std::byte(low >> 8U),
                                         std::byte(low)};
    sink_->write_at(length_offset, bytes);
}

void RecordingFile::cut_to(std::int64_t frames) {
    if (!is_plain() || sink_->error() != 0 || frames >= frames_) {
        return;
    }
    // It places itself and counts anew; the bytes, which it can't reach through virtual IO, are cut here.
    sf_count_t length = frames;
    sf_command(file_, SFC_FILE_TRUNCATE, &length, sizeof length);
    if (sink_->truncate(offset_)) {
        frames_ = frames;
    }
}

bool RecordingFile::close() {
    if (std::exchange(closed_, true)) {
        return sink_->error() == 0;
    }
    const bool whole = sink_->error() == 0;
    if (vorbis_ && whole) {
        vorbis_->finish(encoded_);
        flush_vorbis();
    }
    if (file_ != nullptr) {
        sf_close(std::exchange(file_, nullptr));
    }
    if (!whole && format_ == RecordingFormat::flac && frames_ > 0) {
        patch_flac_length((frames_ - 1) / flac_block * flac_block);
    }
    return sink_->sync() && sink_->error() == 0;
}

std::string RecordingFile::error() const { return sink_->error() == 0 ? "" : errno_text(sink_->error()); }

}  // namespace crowdjack
