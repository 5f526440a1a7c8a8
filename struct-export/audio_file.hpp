// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/mapped_file.hpp"
#include "common/audio/track_reader.hpp"
#include "common/quantities.hpp"

#include <sndfile.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace crowdjack {

struct SoundFileCloser {
    void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, SoundFileCloser>;

enum class PartFormat {
    source,  ///< pcm16 for files of up to 16-bit PCM, else pcm24
    pcm16,
    pcm24,
    float32
};

/// What a part's file says of itself.
struct PartTags {
    std::string title, artist, comment;
    friend bool operator==(const PartTags&, const PartTags&) = default;
};

/// A stretch of an audio file, read in blocks of interleaved floats: any range, also beyond the file's ends, where it
/// is silence. Samples that are not finite or beyond ±16 are replaced and counted. What a deck plays can be read, to
/// the same length.
class AudioReader {
public:
    /// @throws Failure naming the file when it can't be read, it is empty or has more than 16 channels
    explicit AudioReader(const std::filesystem::path& file);

    [[nodiscard]] int channels() const noexcept { return static_cast<int>(reader_->format().channels); }
    [[nodiscard]] double rate() const noexcept { return reader_->format().rate; }  ///< Hz
    /// Counted, whatever the header says; less when a read() found that the file was cut off meanwhile.
    [[nodiscard]] Frames length() const noexcept { return {length_}; }
    /// The integer format that holds this file's samples: `pcm16` or `pcm24`.
    [[nodiscard]] PartFormat integer_format() const noexcept;
    /// Title and artist (and the comment of a WAV) by its metadata; empty where there is none.
    [[nodiscard]] PartTags tags() const;

    /// The next read() begins at `frame`, which may be negative or past the end.
    /// @throws Failure when the file can't be positioned
    void seek(std::int64_t frame);

    /// Fills `block` (frames × channels, interleaved).
    void read(std::span<float> block);

    [[nodiscard]] std::uint64_t cleaned() const noexcept { return cleaned_; }  ///< samples replaced so far

private:
    [[nodiscard]] std::int64_t read_file(std::span<float> block);

    std::filesystem::path path_;
    std::unique_ptr<const MappedFile> file_;
    std::unique_ptr<TrackReader> reader_;
    std::int64_t length_{0};
    std::int64_t position_{0};
    std::int64_t file_position_{0};
    std::size_t samples_held_{0};  ///< read since the file's pages were last given back
    std::uint64_t cleaned_{0};
};

/// Writes one WAV under a temporary name; commit() gives it its own. Without commit() nothing stays. The bytes depend
/// on nothing but what is written here.
class PartWriter {
public:
    /// @param format  not `source`. @throws Failure naming the file
    PartWriter(std::filesystem::path file, int channels, double rate, PartFormat format, const PartTags& tags);
    ~PartWriter();
    PartWriter(const PartWriter&) = delete;
    PartWriter& operator=(const PartWriter&) = delete;

    /// Interleaved floats; what the integer format can hold is kept exactly, beyond full scale it is clipped and
    /// counted.
    /// @throws Failure, e.g. on a full disk
    void write(std::span<const float> block);
    /// @throws Failure when it can't be finished or renamed
    void commit();

    [[nodiscard]] Frames written() const noexcept { return {frames_}; }
    [[nodiscard]] std::uint64_t clipped() const noexcept { return clipped_; }

private:
    std::filesystem::path path_, temporary_;
    int channels_;
    PartFormat format_;
    SoundFile file_;
    std::vector<std::int32_t> integers_;
    std::vector<std::int16_t> shorts_;
    std::int64_t frames_{0};
    std::uint64_t clipped_{0};
};

/// The temporary name of a part on its way: hidden, beside it. What a killed run left is overwritten by the next.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& file);

}  // namespace crowdjack
