// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/audio_file.hpp"

#include "common/error.hpp"

#include <taglib/fileref.h>
#include <taglib/tag.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>

namespace crowdjack {

namespace {

constexpr int most_cut_channels = 16;
constexpr float absurd = 16.0F;  ///< 24 dB over full scale: no music, but a stretcher would smear it over seconds
constexpr std::uint64_t largest_wav = 0xFFFF'0000U;

SF_INFO format_info(int channels, double rate, PartFormat format) {
    SF_INFO info{};
    info.channels = channels;
    info.samplerate = static_cast<int>(std::lround(rate));
    info.format = SF_FORMAT_WAV | (format == PartFormat::pcm16   ? SF_FORMAT_PCM_16
                                   : format == PartFormat::pcm24 ? SF_FORMAT_PCM_24
                                                                 : SF_FORMAT_FLOAT);
    return info;
}

/// Samples of `bits` bits, left-justified in an Integer, rounded: by 2^(bits-1) and not, as libsndfile would, by one
/// less, so PCM comes out as it went in. Without a library call, since every sample of both parts comes by here.
/// @returns how many were beyond full scale
template <typename Integer, int bits>
std::uint64_t to_integers(std::span<const float> samples, std::vector<Integer>& integers) {
    constexpr auto scale = static_cast<float>(1U << static_cast<unsigned>(bits - 1));
    constexpr int shift = static_cast<int>(sizeof(Integer)) * 8 - bits;
    integers.resize(samples.size());
    float peak = 0.0F;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const float scaled = samples[i] * scale;
        const float held = std::min(std::max(scaled, -scale), scale - 1.0F);
        integers[i] = static_cast<Integer>(static_cast<std::int32_t>(held + std::copysign(0.5F, held)) * (1 << shift));
        peak = std::max(peak, std::abs(scaled));
    }
    if (peak <= scale - 1.0F) {
        return 0;
    }
    return static_cast<std::uint64_t>(
        std::ranges::count_if(samples, [](float sample) { return sample * scale > scale - 0.5F || sample < -1.0F; }));
}

}  // namespace

AudioReader::AudioReader(const std::filesystem::path& file) : path_{file} {
    std::error_code error;
    const std::filesystem::path resolved = std::filesystem::canonical(file, error);
    file_ = std::make_unique<const MappedFile>(error ? file : resolved);
    reader_ = open_track_reader(*file_);
    length_ = reader_->format().frames;
    if (channels() > most_cut_channels) {
        throw Failure{"cannot read " + file.string() + ": it has " + std::to_string(channels()) +
                      " channels (1 to 16 can be cut)"};
    }
}

PartFormat AudioReader::integer_format() const noexcept {
    return reader_->format().bits <= 16 ? PartFormat::pcm16 : PartFormat::pcm24;
}

PartTags AudioReader::tags() const {
    PartTags tags{reader_->format().title, reader_->format().artist, reader_->format().comment};
    const TagLib::FileRef file{path_.c_str(), false};
    if (tags.title.empty() && !file.isNull() && file.tag() != nullptr) {
        tags.title = file.tag()->title().to8Bit(true);
        tags.artist = file.tag()->artist().to8Bit(true);
    }
    return tags;
}

void AudioReader::seek(std::int64_t frame) {
    position_ = frame;
    const std::int64_t inside = std::clamp<std::int64_t>(frame, 0, length_);
    if (inside == file_position_ || inside == length_) {
        return;
    }
    if (!reader_->seek(inside)) {
        throw Failure{"cannot read " + path_.string() + " from frame " + std::to_string(inside)};
    }
    file_position_ = inside;
}

std::int64_t AudioReader::read_file(std::span<float> block) {
    const auto channels = static_cast<std::size_t>(this->channels());
    const std::size_t count = reader_->read(block.data(), block.size() / channels);
    for (float& sample : block.first(count * channels)) {
        if (!(std::abs(sample) <= absurd)) {  // also true for NaN
            sample = std::isnan(sample) || std::isinf(sample) ? 0.0F : std::copysign(1.0F, sample);
            ++cleaned_;
        }
    }
    file_position_ += static_cast<std::int64_t>(count);
    return static_cast<std::int64_t>(count);
}

void AudioReader::read(std::span<float> block) {
    const auto channels = static_cast<std::size_t>(this->channels());
    const auto frames = static_cast<std::int64_t>(block.size() / channels);
    const std::int64_t before = std::clamp<std::int64_t>(-position_, 0, frames);
    const std::int64_t inside = std::clamp<std::int64_t>(
        std::min(length_, position_ + frames) - std::max<std::int64_t>(position_, 0), 0, frames);
    const auto first = static_cast<std::size_t>(before) * channels;
    const auto count = static_cast<std::size_t>(inside) * channels;
    std::ranges::fill(block.first(first), 0.0F);
    std::ranges::fill(block.subspan(first + count), 0.0F);
    if (count > 0) {
        const auto read = static_cast<std::size_t>(read_file(block.subspan(first, count))) * channels;
        if (read < count) {
            std::ranges::fill(block.subspan(first + read, count - read), 0.0F);
            length_ = file_position_;
        }
    }
    position_ += frames;
}

std::filesystem::path temporary_name(const std::filesystem::path& file) {
    std::string name{"."};
    name.append(file.filename().string()).append(".part");
    return file.parent_path() / name;
}

PartWriter::PartWriter(std::filesystem::path file, int channels, double rate, PartFormat format, const PartTags& tags)
    : path_{std::move(file)}, temporary_{temporary_name(path_)}, channels_{channels}, format_{format} {
    SF_INFO info = format_info(channels, rate, format);
    file_.reset(sf_open(temporary_.c_str(), SFM_WRITE, &info));
    if (!file_) {
        throw Failure{"cannot write " + temporary_.string() + ": " + sf_strerror(nullptr)};
    }
    sf_command(file_.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it carries the time of day
    const auto tag = [this](int kind, const std::string& value) {
        if (!value.empty()) {
            sf_set_string(file_.get(), kind, value.c_str());
        }
    };
    tag(SF_STR_TITLE, tags.title);
    tag(SF_STR_ARTIST, tags.artist);
    tag(SF_STR_COMMENT, tags.comment);
    tag(SF_STR_SOFTWARE, "crowdjack-struct-export " CROWDJACK_VERSION);
}

PartWriter::~PartWriter() {
    if (file_) {
        file_.reset();
        std::error_code error;
        std::filesystem::remove(temporary_, error);
    }
}

void PartWriter::write(std::span<const float> block) {
    const auto frames = static_cast<sf_count_t>(block.size()) / channels_;
    const std::uint64_t bytes = format_ == PartFormat::pcm16 ? 2 : format_ == PartFormat::pcm24 ? 3 : 4;
    const std::uint64_t bytes_per_frame = static_cast<std::uint64_t>(channels_) * bytes;
    if (static_cast<std::uint64_t>(frames_ + frames) * bytes_per_frame > largest_wav) {
        throw Failure{"cannot write " + path_.string() + ": the section is longer than a WAV holds (4 GB)"};
    }
    sf_count_t written = 0;
    if (format_ == PartFormat::pcm16) {
        clipped_ += to_integers<std::int16_t, 16>(block, shorts_);
        written = sf_writef_short(file_.get(), shorts_.data(), frames);
    } else if (format_ == PartFormat::pcm24) {
        clipped_ += to_integers<std::int32_t, 24>(block, integers_);
        written = sf_writef_int(file_.get(), integers_.data(), frames);
    } else {
        written = sf_writef_float(file_.get(), block.data(), frames);
    }
    if (written != frames) {
        throw Failure{
            "cannot write " + temporary_.string() + ": " +
            (sf_error(file_.get()) == SF_ERR_NO_ERROR ? std::string{"is the disk full?"} : sf_strerror(file_.get()))};
    }
    frames_ += frames;
}

void PartWriter::commit() {
    if (sf_close(file_.release()) != 0) {
        throw Failure{"cannot finish " + temporary_.string()};
    }
    std::error_code error;
    std::filesystem::rename(temporary_, path_, error);
    if (error) {
        throw Failure{"cannot rename " + temporary_.string() + ": " + error.message()};
    }
}

}  // namespace crowdjack
