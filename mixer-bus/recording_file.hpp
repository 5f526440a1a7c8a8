// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/byte_sink.hpp"
#include "mixer-bus/recording_format.hpp"
#include "mixer-bus/vorbis_encoder.hpp"

#include <sndfile.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace crowdjack {

/// A stereo sound file being written, of which at every make_valid() what is on disk opens and plays. Worker thread.
class RecordingFile {
public:
    struct Settings {
        RecordingFormat format{};
        SampleWidth width{SampleWidth::f32};  ///< of a plain file
        int rate{48000};                      ///< whole frames per second
        std::string title, date;              ///< tags; "" leaves one out
    };
    /// @throws Failure when the encoder can't be set up or the header can't be written
    RecordingFile(std::unique_ptr<ByteSink> sink, const Settings& settings);
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
    void open_sndfile(const Settings& settings);
    [[nodiscard]] bool is_plain() const noexcept;
    /// Appends what the Vorbis encoder gave. False when the sink took less.
    bool flush_vorbis();
    void patch_flac_length(std::int64_t frames);

    std::unique_ptr<ByteSink> sink_;
    std::int64_t offset_{0};  ///< libsndfile's place in the sink
    RecordingFormat format_;
    SampleWidth width_;
    std::unique_ptr<VorbisEncoder> vorbis_;  ///< of an .ogg
    std::vector<std::byte> encoded_;
    SNDFILE* file_{nullptr};  ///< of anything else
    bool closed_{false};
    std::int64_t frames_{0};
};

}  // namespace crowdjack
