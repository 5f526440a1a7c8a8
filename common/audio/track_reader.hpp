// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/mapped_file.hpp"
#include "common/audio/pcm_format.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace crowdjack {

/// What can be played.
/// @{
constexpr int most_channels = 64;
constexpr int lowest_rate = 1000;     ///< Hz
constexpr int highest_rate = 768000;  ///< Hz
/// @}

/// What a track is, apart from its samples.
struct TrackFormat {
    double rate{48000.0};                ///< Hz
    std::uint32_t channels{2};           ///< in the file
    std::int64_t frames{};               ///< that can be heard: counted, whatever the header says
    std::int64_t claimed_frames{};       ///< what the header says; 0 when it says nothing
    int bits{24};                        ///< of the smallest integer that holds its samples: 16 or 24
    std::string encoding;                ///< for messages: "WAV (Microsoft), Signed 16 bit PCM"
    std::string title, artist, comment;  ///< of what is not compressed, where its container says it itself

    /// The file ends before its header said: by more than an MPEG frame or a block of FLAC could be in dispute.
    [[nodiscard]] bool is_cut_off() const noexcept { return claimed_frames - frames > 4608; }
};

/// The sound of one file from its first frame to its last: the same for a deck, a setlist and an exporter. Reading may
/// block as long as the storage does; a file that shrinks meanwhile gives silence. One thread at a time.
class TrackReader {
public:
    TrackReader() = default;
    TrackReader(const TrackReader&) = delete;
    TrackReader& operator=(const TrackReader&) = delete;
    virtual ~TrackReader() = default;

    [[nodiscard]] virtual const TrackFormat& format() const noexcept = 0;

    /// The next read() begins at `frame` (0 … frames), exactly. @returns false when it can't
    virtual bool seek(std::int64_t frame) = 0;

    /// Reads up to `frames` interleaved frames (all channels) from where it stands, as they are: they may be NaN.
    /// @returns how many came; fewer only at the end
    virtual std::size_t read(float* interleaved, std::size_t frames) = 0;

    /// Where and how the samples lie when they lie there uncompressed.
    [[nodiscard]] virtual std::optional<PcmLayout> layout() { return std::nullopt; }
};

/// Opens what the suite plays: WAV, RF64, W64, AIFF, AU, CAF and what else libsndfile reads uncompressed, FLAC (in Ogg,
/// too), Ogg Vorbis and Opus (chains, too), MPEG audio of all layers. A compressed file is looked through from its
/// beginning to its end, since only that tells its length.
/// @param file  must outlive the reader
/// @throws Failure naming the path and why it can't be played, and how to convert it
[[nodiscard]] std::unique_ptr<TrackReader> open_track_reader(const MappedFile& file);

}  // namespace crowdjack
