// SPDX-License-Identifier: GPL-3.0-or-later
// Sound files with damaged headers and contents: their lengths are counted, their samples read, their tags shown.
#include "common/audio/track_reader.hpp"
#include "common/error.hpp"
#include "common/track_tags.hpp"
#include "tests/fuzz/fuzzing.hpp"
#include "tests/support/surroundings.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <stdexcept>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::size_t at_a_time = 2048;
constexpr std::int64_t longest_read = 400'000;  ///< frames; a header may speak of more

/// The sum of an Ogg page (RFC 3533): polynomial 0x04c11db7, nothing reflected.
std::uint32_t page_sum(const std::string& text, std::size_t from, std::size_t until) {
    std::uint32_t sum = 0;
    for (std::size_t i = from; i < until; ++i) {
        const bool of_sum = i >= from + 22 && i < from + 26;
        sum ^= std::uint32_t{of_sum ? std::uint8_t{0} : static_cast<std::uint8_t>(text[i])} << 24U;
        for (int bit = 0; bit < 8; ++bit) {
            sum = (sum << 1U) ^ ((sum & 0x80000000U) != 0 ? 0x04C11DB7U : 0U);
        }
    }
    return sum;
}

/// With the sums of its Ogg pages put right, so that damage gets past them.
std::string with_right_sums(std::string text) {
    for (std::size_t page = text.find("OggS"); page != std::string::npos && page + 27 < text.size();
         page = text.find("OggS", page + 4)) {
        const std::size_t segments = static_cast<std::uint8_t>(text[page + 26]);
        std::size_t end = page + 27 + segments;
        for (std::size_t i = 0; i < segments && page + 27 + i < text.size(); ++i) {
            end += static_cast<std::uint8_t>(text[page + 27 + i]);
        }
        const std::uint32_t sum = page_sum(text, page, std::min(end, text.size()));
        for (unsigned i = 0; i < 4; ++i) {
            text[page + 22 + i] = static_cast<char>(sum >> (8 * i) & 255U);
        }
    }
    return text;
}

void look_at(const TrackFormat& format) {
    if (!(std::isfinite(format.rate) && format.rate > 0.0) || format.channels == 0 || format.frames < 0) {
        throw std::logic_error{"a format that can't be: " + std::to_string(format.rate) + " Hz, " +
                               std::to_string(format.channels) + " channels, " + std::to_string(format.frames)};
    }
}

std::int64_t frames_from_here(TrackReader& reader) {
    std::vector<float> samples(at_a_time * reader.format().channels);
    std::int64_t frames = 0;
    for (std::size_t came = at_a_time; came == at_a_time && frames <= longest_read;) {
        came = reader.read(samples.data(), at_a_time);
        frames += static_cast<std::int64_t>(came);
    }
    return frames;
}

void read_file(const std::filesystem::path& path) {
    const MappedFile file{path};
    const auto reader = open_track_reader(file);
    const TrackFormat format = reader->format();
    look_at(format);
    (void)reader->layout();
    // layout() may have read: from the beginning.
    if (format.frames > 0 && !reader->seek(0)) {
        return;
    }
    const auto frames = frames_from_here(*reader);
    if (frames <= longest_read && frames != format.frames) {
        throw std::logic_error{"the track has " + std::to_string(format.frames) + " frames, and gives " +
                               std::to_string(frames)};
    }
    for (const std::int64_t place : {format.frames / 2, format.frames, std::int64_t{1}}) {
        if (place <= format.frames && reader->seek(place)) {
            (void)frames_from_here(*reader);
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    const TemporaryFolder folder;
    const auto attempt = [&](const std::string& input) {
        const bool repaired = input.size() % 2 == 0;
        const auto path = folder / "fuzz.sound";
        std::ofstream{path, std::ios::binary} << (repaired ? with_right_sums(input) : input);
        try {
            read_file(path);
        } catch (const Failure&) {
        }
        (void)track_name(read_track_tags(path), path);
    };
    return fuzz(count, arguments,
                {{"sound",
                  {"RIFF",
                   "RF64",
                   "WAVE",
                   "fmt ",
                   "data",
                   "ds64",
                   "LIST",
                   "FORM",
                   "AIFF",
                   "AIFC",
                   "COMM",
                   "SSND",
                   "caff",
                   "desc",
                   "riff",
                   ".snd",
                   "fLaC",
                   "OggS",
                   "OpusHead",
                   "\x01vorbis",
                   "ID3",
                   "TAG",
                   "Xing",
                   "LAME",
                   std::string("\xFF\xFB\x90\x00", 4),
                   std::string("\xFF\xF8\xC9\x18", 4),
                   "INFOINAM",
                   std::string(4, '\0')},
                  attempt}});
}
