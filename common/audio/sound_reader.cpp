// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/sound_reader.hpp"

#include "common/audio/container_claims.hpp"
#include "common/audio/foreign_formats.hpp"
#include "common/audio/tag_bounds.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

namespace crowdjack {

namespace {

[[noreturn]] void refuse(const MappedFile& file, const std::string& why) {
    throw Failure{"cannot play '" + file.path().string() + "': " + why};
}

/// An ID3v2 tag before a container that should begin the file: libsndfile would lose its last frames, or refuse it.
bool is_misplaced(std::span<const std::byte> bytes, std::size_t end) {
    const std::array containers{"RIFF", "RIFX", "RF64", "riff", "FORM", "caff", ".snd"};
    return std::any_of(containers.begin(), containers.end(),
                       [&](const char* name) { return begins_with(bytes, end, name); });
}

bool is_linear(int encoding) {
    switch (encoding) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
        return true;
    default:
        return false;
    }
}

bool holds_16_bits(int encoding) {
    return encoding == SF_FORMAT_PCM_16 || encoding == SF_FORMAT_PCM_S8 || encoding == SF_FORMAT_PCM_U8;
}

/// Encodings whose decoders in libsndfile are sound; ADPCM, NMS and VOX had memory faults.
bool is_trusted(int encoding) {
    switch (encoding) {
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
    case SF_FORMAT_ALAC_16:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
    case SF_FORMAT_ALAC_32:
        return true;
    default:
        return is_linear(encoding);
    }
}

/// Containers in which the place after sf_seek(0) is known to be that of the first sample.
bool lies_plain(int container) {
    switch (container) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
    case SF_FORMAT_RF64:
    case SF_FORMAT_W64:
    case SF_FORMAT_AIFF:
    case SF_FORMAT_AU:
    case SF_FORMAT_CAF:
        return true;
    default:
        return false;
    }
}

SampleCode sample_code(int encoding) {
    switch (encoding) {
    case SF_FORMAT_PCM_U8:
        return SampleCode::unsigned8;
    case SF_FORMAT_PCM_S8:
        return SampleCode::signed8;
    case SF_FORMAT_PCM_24:
        return SampleCode::signed24;
    case SF_FORMAT_PCM_32:
        return SampleCode::signed32;
    case SF_FORMAT_FLOAT:
        return SampleCode::float32;
    case SF_FORMAT_DOUBLE:
        return SampleCode::float64;
    default:
        return SampleCode::signed16;
    }
}

std::string name_of(int format) {
    SF_FORMAT_INFO info{};
    info.format = format;
    return sf_command(nullptr, SFC_GET_FORMAT_INFO, &info, sizeof(info)) == 0 && info.name != nullptr ? info.name
                                                                                                      : "unknown";
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

SF_VIRTUAL_IO SoundReader::callbacks() {
    SF_VIRTUAL_IO io{};
    io.get_filelen = [](void* user) { return static_cast<View*>(user)->size(); };
    io.tell = [](void* user) { return static_cast<View*>(user)->at; };
    io.seek = [](sf_count_t offset, int whence, void* user) -> sf_count_t {
        auto* const view = static_cast<View*>(user);
        const sf_count_t size = view->size();
        const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? view->at : size;
        sf_count_t target{};
        if (__builtin_add_overflow(base, offset, &target)) {
            return -1;
        }
        view->at = std::clamp<sf_count_t>(target, 0, size);
        return view->at;
    };
    io.read = [](void* to, sf_count_t count, void* user) { return static_cast<View*>(user)->read(to, count); };
    io.write = [](const void*, sf_count_t, void*) -> sf_count_t { return 0; };
    return io;
}

sf_count_t SoundReader::View::read(void* to, sf_count_t count) {
    const auto begin = static_cast<std::size_t>(at);
    const auto taken = static_cast<std::size_t>(std::clamp<sf_count_t>(count, 0, size() - at));
    const std::size_t from_head = std::min(taken, head.size() - std::min(begin, head.size()));
    auto* const out = static_cast<std::byte*>(to);
    std::copy_n(head.data() + std::min(begin, head.size()), from_head, out);
    const std::size_t from = std::max(begin + from_head, head.size()) - head.size();
    std::copy_n(bytes.data() + from, taken - from_head, out + from_head);
    at += static_cast<sf_count_t>(taken);
    return static_cast<sf_count_t>(taken);
}

/// What libsndfile is to see: the file, without a tag that would mislead it and with a length that it lacks.
SoundReader::View SoundReader::view_of(std::span<const std::byte> bytes) {
    const std::size_t tags = end_of_leading_tags(bytes);
    const std::span<const std::byte> sound = is_misplaced(bytes, tags) ? bytes.subspan(tags) : bytes;
    std::vector<std::byte> head = mended_head(sound);
    const std::size_t length = head.size();
    return {std::move(head), sound.subspan(length), 0};
}

SoundReader::SoundReader(const MappedFile& file)
    : file_{&file},
      view_{std::make_unique<View>(view_of(file.bytes()))},
      skipped_{file.bytes().size() - view_->bytes.size() - view_->head.size()} {
    SF_VIRTUAL_IO io = callbacks();
    handle_.reset(sf_open_virtual(&io, SFM_READ, &info_, view_.get()));
    if (handle_ == nullptr) {
        refuse(file, std::string{"not an audio file that can be read here ("} + sf_strerror(nullptr) +
                         "); if it is one, " + conversion_hint(file.path()));
    }
    const int container = info_.format & SF_FORMAT_TYPEMASK;
    const int encoding = info_.format & SF_FORMAT_SUBMASK;
    format_.encoding = name_of(container) + ", " + name_of(encoding);
    if (!is_trusted(encoding)) {
        refuse(file, "its encoding (" + format_.encoding + ") is not supported: " + conversion_hint(file.path()));
    }
    if (info_.channels < 1 || info_.channels > most_channels) {
        refuse(file, "it has " + std::to_string(info_.channels) + " channels (1 to 64 can be read)");
    }
    if (info_.samplerate < lowest_rate || info_.samplerate > highest_rate) {
        refuse(file, "its sample rate of " + std::to_string(info_.samplerate) + " Hz is outside 1000 to 768000 Hz");
    }
    if (info_.frames < 1 || info_.frames == SF_COUNT_MAX) {
        refuse(file, "it holds no audio");
    }
    format_.rate = info_.samplerate;
    format_.channels = static_cast<std::uint32_t>(info_.channels);
    format_.frames = info_.frames;
    format_.claimed_frames = claimed_frames(file.bytes().subspan(skipped_));
    format_.bits = holds_16_bits(encoding) ? 16 : 24;
    const auto text = [this](int kind) {
        const char* const found = sf_get_string(handle_.get(), kind);
        return std::string{found == nullptr ? "" : found};
    };
    format_.title = text(SF_STR_TITLE);
    format_.artist = text(SF_STR_ARTIST);
    format_.comment = text(SF_STR_COMMENT);
}

std::optional<PcmLayout> SoundReader::layout() {
    std::optional<PcmLayout> claimed = claimed_layout();
    if (claimed) {
        const std::array<std::int64_t, 3> probes{0, claimed->frames / 2, claimed->frames - 1};
        if (!std::all_of(probes.begin(), probes.end(), [&](std::int64_t at) { return agrees(*claimed, at); })) {
            claimed.reset();
        }
    }
    seek(0);
    return claimed;
}

std::optional<PcmLayout> SoundReader::claimed_layout() {
    const int encoding = info_.format & SF_FORMAT_SUBMASK;
    if (!is_linear(encoding) || !lies_plain(info_.format & SF_FORMAT_TYPEMASK) || !seek(0)) {
        return std::nullopt;
    }
    PcmLayout layout;
    layout.code = sample_code(encoding);
    layout.big_endian = sf_command(handle_.get(), SFC_RAW_DATA_NEEDS_ENDSWAP, nullptr, 0) == SF_TRUE;
    layout.channels = format_.channels;
    layout.offset = skipped_ + static_cast<std::size_t>(view_->at);
    layout.frames = format_.frames;
    const std::size_t size = file_->bytes().size();
    const bool fits = layout.offset <= size &&
                      static_cast<std::uint64_t>(layout.frames) <= (size - layout.offset) / layout.frame_bytes();
    return fits ? std::optional{layout} : std::nullopt;
}

bool SoundReader::agrees(const PcmLayout& layout, std::int64_t at) {
    constexpr std::size_t probe = 32;
    const std::int64_t begin = std::max<std::int64_t>(0, std::min<std::int64_t>(at, layout.frames - 32));
    std::vector<float> theirs(probe * layout.channels);
    std::array<float, probe> left{};
    std::array<float, probe> right{};
    const std::size_t came = seek(begin) ? read(theirs.data(), probe) : 0;
    const std::size_t ours = convert_frames(layout, file_->bytes(), begin, left, right);
    if (came != ours || came == 0) {
        return false;
    }
    const std::size_t second = layout.channels > 1 ? 1 : 0;
    for (std::size_t i = 0; i < came; ++i) {
        const float* const frame = theirs.data() + i * layout.channels;
        // Doubles beyond the range of float are silenced in our conversion, infinite in theirs.
        if (layout.code != SampleCode::float64 && !(same(frame[0], left[i]) && same(frame[second], right[i]))) {
            return false;
        }
        if (layout.code == SampleCode::float64 && std::abs(frame[0]) < 1e30F && !same(frame[0], left[i])) {
            return false;
        }
    }
    return true;
}

bool SoundReader::seek(std::int64_t frame) { return sf_seek(handle_.get(), frame, SEEK_SET) == frame; }

std::size_t SoundReader::read(float* interleaved, std::size_t frames) {
    return static_cast<std::size_t>(
        std::max<sf_count_t>(0, sf_readf_float(handle_.get(), interleaved, static_cast<sf_count_t>(frames))));
}

}  // namespace crowdjack
