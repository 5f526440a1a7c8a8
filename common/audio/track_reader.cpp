// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/track_reader.hpp"

#include "common/audio/flac_reader.hpp"
#include "common/audio/foreign_formats.hpp"
#include "common/audio/mpeg_reader.hpp"
#include "common/audio/ogg_reader.hpp"
#include "common/audio/sound_reader.hpp"
#include "common/audio/tag_bounds.hpp"
#include "common/error.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr std::uint32_t most_channels = 64;
constexpr double lowest_rate = 1000.0;
constexpr double highest_rate = 768000.0;

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

/// A compressed file by what it begins with; null when it is something for libsndfile.
std::unique_ptr<TrackReader> open_compressed(const MappedFile& file) {
    const std::span<const std::byte> bytes = file.bytes();
    const std::size_t begin = end_of_leading_tags(bytes);
    if (begins_container(bytes, begin)) {
        return nullptr;
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
    if (format.channels < 1 || format.channels > most_channels) {
        refuse("it has " + std::to_string(format.channels) + " channels (1 to 64 can be read)");
    }
    if (format.rate < lowest_rate || format.rate > highest_rate) {
        refuse("its sample rate of " + std::to_string(static_cast<int>(format.rate)) +
               " Hz is outside 1000 to 768000 Hz");
    }
    return reader;
}

}  // namespace crowdjack
