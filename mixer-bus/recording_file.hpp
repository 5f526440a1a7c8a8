// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/byte_sink.hpp"
#include "mixer-bus/vorbis_encoder.hpp"

#include <sndfile.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace crowdjack {

enum class RecordingFormat {
    wav,   ///< 32-bit float; turns into RF64 by itself past 4 GB
    rf64,  ///< 32-bit float, RF64 from the start
    flac,  ///< 24 bit
    ogg,   ///< Vorbis
};

/// The format an extension (in any case) means; nothing for others.
[[nodiscard]] std::optional<RecordingFormat> recording_format(const std::filesystem::path& path);

/// A stereo sound file being written, of which at every make_valid() what is on disk opens and plays. Worker thread.
class RecordingFile {
public:
    /// @param rate  whole frames per second
    /// @throws Failure when the encoder can't be set up or the header can't be written
    RecordingFile(std::unique_ptr<ByteSink> sink, RecordingFormat format, int rate);
    ~RecordingFile();
    RecordingFile(const RecordingFile&) = delete;
    RecordingFile& operator=(const RecordingFile&) = delete;

    /// Appends frames × 2 floats. @returns frames accepted; fewer: the medium is full or failed (error())
    std::size_t write(std::span<const float> interleaved);
    /// Brings the header on disk up to date with what was accepted.
    void make_valid();
    /// Waits until it is on the medium.
    bool sync() { return sink_->sync(); }
    /// Keeps only the first `frames` of what was written: plain samples only, what is encoded can't be cut.
    void cut_to(std::int64_t frames);
    /// Finishes the file; nothing can be written after. @returns false when something did not reach the disk
    bool close();

    [[nodiscard]] std::int64_t frames() const noexcept { return frames_; }
    /// Why the medium refused, "" when it did not.
    [[nodiscard]] std::string error() const;

private:
    static SF_VIRTUAL_IO virtual_io() noexcept;
    void open_sndfile(int rate);
    /// Appends what the Vorbis encoder gave. False when the sink took less.
    bool flush_vorbis();
    void patch_flac_length(std::int64_t frames);

    std::unique_ptr<ByteSink> sink_;
    std::int64_t offset_{0};  ///< libsndfile's place in the sink
    RecordingFormat format_;
    std::unique_ptr<VorbisEncoder> vorbis_;  ///< of an .ogg
    std::vector<std::byte> encoded_;
    SNDFILE* file_{nullptr};  ///< of anything else
    bool closed_{false};
    std::int64_t frames_{0};
};

}  // namespace crowdjack
