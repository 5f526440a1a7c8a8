// SPDX-License-Identifier: GPL-3.0-or-later
// Audio files for the tests: some whose samples tell their own index, some that are easy to hear and measure.
#pragma once

#include <sndfile.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace crowdjack::test {

/// How samples are stored.
enum class SampleFormat { pcm16, pcm24, pcm32, float32, float64 };

/// Writes interleaved floats. The container follows the extension: .wav (default), .aiff, .w64, .rf64, .caf, .flac,
/// .ogg, .mp3 (the latter three with their usual encodings). @throws std::runtime_error
void write_audio(const std::filesystem::path& path, const std::vector<float>& interleaved, int channels, int rate,
                 SampleFormat format = SampleFormat::float32);

/// Interleaved floats of a whole file. @throws std::runtime_error
struct AudioContent {
    std::vector<float> interleaved;
    int channels{}, rate{};
    [[nodiscard]] std::int64_t frames() const noexcept {
        return channels == 0 ? 0 : static_cast<std::int64_t>(interleaved.size()) / channels;
    }
};
[[nodiscard]] AudioContent read_audio(const std::filesystem::path& path);

/// A code by which a sample tells which frame of its file it is, exactly, through every PCM depth and float.
///
/// Frame n is the digit (n mod M) + 1 on the left and (n div M) + 1 on the right, as fractions of full scale, with
/// M = 2^(bits-1) - 1: 16-bit stereo reaches 2^30 frames; one channel alone is unique for M frames (174 s at 24 bit and
/// 48 kHz). No sample of a coded file is 0, so 0 always means silence.
class PositionCode {
public:
    /// @param bits  16 for pcm16, 24 for everything else
    explicit constexpr PositionCode(int bits) noexcept : scale_{std::int64_t{1} << (bits - 1)} {}
    explicit constexpr PositionCode(SampleFormat format) noexcept
        : PositionCode{format == SampleFormat::pcm16 ? 16 : 24} {}

    [[nodiscard]] float left(std::int64_t frame) const noexcept;
    [[nodiscard]] float right(std::int64_t frame) const noexcept;
    /// The frame these two samples (or the left one alone) say; nothing when they are no code, e.g. blended or scaled.
    [[nodiscard]] std::optional<std::int64_t> frame_of(float left, float right) const noexcept;
    [[nodiscard]] std::optional<std::int64_t> frame_of(float left) const noexcept;

private:
    [[nodiscard]] std::optional<std::int64_t> digit(float sample) const noexcept;
    std::int64_t scale_;
};

/// Which channels carry the code; the other one is silent, so that two files can be told apart in one mix.
enum class CodedChannels { both, left_only, right_only, mono };

/// Writes a position-coded file. With left_only/right_only/mono each coded channel carries the left digit.
void write_position_coded(const std::filesystem::path& path, std::int64_t frames, int rate, SampleFormat format,
                          CodedChannels channels = CodedChannels::both);

/// A mono sine as samples.
[[nodiscard]] std::vector<float> sine(double hertz, double seconds, double rate, double amplitude = 0.5);

/// A kick on every beat (a louder one each fourth) whose onset is the exact frame nearest to k * 60 / bpm seconds;
/// mono.
[[nodiscard]] std::vector<float> click_track(double bpm, double seconds, double rate);

/// Interleaves copies of a mono signal.
[[nodiscard]] std::vector<float> as_channels(const std::vector<float>& mono, int channels);

/// The frequency of a steady sine, from the first and last rising zero crossing (interpolated); Hz.
[[nodiscard]] double measured_hertz(const std::vector<float>& samples, double rate);

/// Drops the file's pages from the page cache, so that the next read comes from the disk. Syncs first.
void make_cold(const std::filesystem::path& path);

}  // namespace crowdjack::test
