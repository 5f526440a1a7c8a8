// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_file.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::int64_t flac_block = 4096;  ///< frames libsndfile's encoder gathers before it writes any
constexpr Seconds ogg_page{0.4};           ///< a page at least this often: what a crash can take of an .ogg
constexpr float ogg_quality = 0.8F;        ///< about 256 kbit/s

int sndfile_format(RecordingFormat format) {
    switch (format) {
    case RecordingFormat::wav:
    case RecordingFormat::rf64:
        return SF_FORMAT_RF64 | SF_FORMAT_FLOAT;
    case RecordingFormat::flac:
        return SF_FORMAT_FLAC | SF_FORMAT_PCM_24;
    case RecordingFormat::ogg:
        return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    }
    return 0;
}

}  // namespace

std::optional<RecordingFormat> recording_format(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<std::pair<std::string_view, RecordingFormat>, 4> known{{{".wav", RecordingFormat::wav},
                                                                                 {".rf64", RecordingFormat::rf64},
                                                                                 {".flac", RecordingFormat::flac},
                                                                                 {".ogg", RecordingFormat::ogg}}};
    for (const auto& [name, format] : known) {
        if (extension == name) {
            return format;
        }
    }
    return {};
}

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

RecordingFile::RecordingFile(std::unique_ptr<ByteSink> sink, RecordingFormat format, int rate)
    : sink_{std::move(sink)}, format_{format} {
    if (format == RecordingFormat::ogg) {
        vorbis_ = std::make_unique<VorbisEncoder>(rate, ogg_quality, ogg_page);
        return;
    }
    open_sndfile(rate);
    make_valid();
    if (sink_->error() != 0) {
        const std::string why = error();
        sf_close(std::exchange(file_, nullptr));
        throw Failure{"cannot write the recording's header: " + why};
    }
}

void RecordingFile::open_sndfile(int rate) {
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = 2;
    info.format = sndfile_format(format_);
    SF_VIRTUAL_IO io = virtual_io();
    file_ = sf_open_virtual(&io, SFM_WRITE, &info, this);
    if (file_ == nullptr) {
        throw Failure{std::string{"cannot set up the recording: "} + sf_strerror(nullptr)};
    }
    sf_command(file_, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    sf_command(file_, SFC_SET_CLIPPING, nullptr, SF_TRUE);  // 24 bit can't hold what the limiter didn't catch
    if (format_ == RecordingFormat::wav) {
        sf_command(file_, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
    }
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
    if (format_ == RecordingFormat::wav || format_ == RecordingFormat::rf64) {
        sf_command(file_, SFC_UPDATE_HEADER_NOW, nullptr, 0);
    }
    if (format_ == RecordingFormat::flac && frames_ > 0) {
        patch_flac_length((frames_ - 1) / flac_block * flac_block);
    }
}

/// A FLAC stream's length stands in its STREAMINFO, which the encoder fills in only at the end: 36 bits at byte 13 of
/// the block, which begins 8 bytes into the file (RFC 9639, section 8.2).
void RecordingFile::patch_flac_length(std::int64_t frames) {
    constexpr std::int64_t length_offset = 8 + 14;  // the 32 low bits; a set within 24 h never needs the upper four
    const auto low = static_cast<std::uint32_t>(frames);
    const std::array<std::byte, 4> bytes{std::byte(low >> 24U), std::byte(low >> 16U), std::byte(low >> 8U),
                                         std::byte(low)};
    sink_->write_at(length_offset, bytes);
}

void RecordingFile::cut_to(std::int64_t frames) {
    const bool plain = format_ == RecordingFormat::wav || format_ == RecordingFormat::rf64;
    if (!plain || sink_->error() != 0 || frames >= frames_) {
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
