// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/track_reader.hpp"

#include "common/audio/container_claims.hpp"
#include "common/audio/flac_reader.hpp"
#include "common/audio/foreign_formats.hpp"
#include "common/audio/mpeg_reader.hpp"
#include "common/audio/ogg_reader.hpp"
#include "common/audio/sound_reader.hpp"
#include "common/audio/tag_bounds.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

std::unique_ptr<TrackReader> open_ogg(std::span<const std::byte> bytes, const std::string& path) {
    if (std::vector<std::byte> flac = flac_in_ogg(bytes); !flac.empty()) {
        return std::make_unique<FlacReader>(std::span<const std::byte>{}, std::move(flac));
    }
    return std::make_unique<OggReader>(bytes, path);
}

bool begins_container(std::span<const std::byte> bytes, std::size_t at) {
    for (const char* const name : {"RIFF", "RIFX", "RF64", "riff", "FORM", "caff", ".snd"}) {
        if (begins_with(bytes, at, name)) {
            return true;
        }
    }
    return false;
}

/// FLAC that lost its head: at least its first frame must be near the beginning.
std::unique_ptr<TrackReader> open_headless_flac(std::span<const std::byte> sound) {
    constexpr std::size_t searched = std::size_t{1} << 20U;
    for (std::size_t at = 0; at < std::min(sound.size(), searched); ++at) {
        const auto header = sound[at] == std::byte{0xFF} ? flac_header_at(sound, at) : std::nullopt;
        if (header && header->rate > 0 && header->bits > 0) {
            try {
                auto reader = std::make_unique<FlacReader>(sound.subspan(at));
                return reader->format().frames > 2 * header->samples ? std::move(reader) : nullptr;
            } catch (const Failure&) {
                return nullptr;  // it only looked like one
            }
        }
    }
    return nullptr;
}

/// What libsndfile would give to libmpg123, which then speaks to the terminal.
bool looks_like_mpeg(std::span<const std::byte> bytes, std::size_t at) {
    const bool synced = at + 1 < bytes.size() && bytes[at] == std::byte{0xFF} && bytes[at + 1] >= std::byte{0xE0};
    return synced || begins_with(bytes, 0, "ID3");
}

/// A compressed file by what it begins with; null when it is something for libsndfile.
std::unique_ptr<TrackReader> open_compressed(const MappedFile& file) {
    const std::span<const std::byte> bytes = file.bytes();
    const std::size_t begin = end_of_leading_tags(bytes);
    if (begins_container(bytes, begin)) {
        const auto mpeg = mpeg_in_wav(bytes.subspan(begin));
        auto stream = find_mpeg_stream(mpeg, 0);
        if (!stream && !mpeg.empty()) {
            throw Failure{"no MPEG audio can be found in it: " + conversion_hint(file.path())};
        }
        return stream ? std::make_unique<MpegReader>(mpeg, std::move(*stream)) : nullptr;
    }
    if (begins_with(bytes, begin, "OggS")) {
        return open_ogg(bytes.subspan(begin), file.path().string());
    }
    const auto sound = bytes.first(std::max(begin, begin_of_trailing_tags(bytes)));
    if (begins_with(bytes, begin, "fLaC")) {
        return std::make_unique<FlacReader>(sound.subspan(begin));
    }
    if (const auto name = foreign_format(bytes.subspan(begin))) {
        throw Failure{*name + " is not played here: " + conversion_hint(file.path())};
    }
    if (auto stream = find_mpeg_stream(sound, begin)) {
        return std::make_unique<MpegReader>(sound, std::move(*stream));
    }
    if (auto flac = open_headless_flac(sound.subspan(begin))) {
        return flac;
    }
    if (looks_like_mpeg(bytes, begin)) {
        throw Failure{"no sound can be found in it, or only MPEG audio of a free format: " +
                      conversion_hint(file.path())};
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<TrackReader> open_track_reader(const MappedFile& file) {
    std::unique_ptr<TrackReader> reader;
    const auto refuse = [&](const std::string& why) {
        throw Failure{"cannot play '" + file.path().string() + "': " + why};
    };
    try {
        reader = open_compressed(file);
    } catch (const Failure& failure) {
        refuse(failure.what());
    }
    if (reader == nullptr) {
        return std::make_unique<SoundReader>(file);
    }
    const TrackFormat& format = reader->format();
    if (format.frames < 1) {
        refuse("it holds no audio");
    }
    if (format.channels < 1 || format.channels > std::uint32_t{most_channels}) {
        refuse("it has " + std::to_string(format.channels) + " channels (1 to 64 can be read)");
    }
    if (format.rate < lowest_rate || format.rate > highest_rate) {
        refuse("its sample rate of " + std::to_string(static_cast<int>(format.rate)) +
               " Hz is outside 1000 to 768000 Hz");
    }
    return reader;
}

}  // namespace crowdjack
