// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/waves.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>

namespace crowdjack::test {

namespace {

int container_and_encoding(const std::filesystem::path& path, SampleFormat format) {
    static const std::map<std::string, int> compressed{{".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
                                                       {".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
                                                       {".opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
                                                       {".mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}};
    static const std::map<std::string, int> plain{{".wav", SF_FORMAT_WAV},   {".aiff", SF_FORMAT_AIFF},
                                                  {".aif", SF_FORMAT_AIFF},  {".w64", SF_FORMAT_W64},
                                                  {".rf64", SF_FORMAT_RF64}, {".caf", SF_FORMAT_CAF}};
    static constexpr std::array<int, 5> encodings{SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,
                                                  SF_FORMAT_DOUBLE};
    const auto extension = path.extension().string();
    if (const auto found = compressed.find(extension); found != compressed.end()) {
        return found->second;
    }
    const auto found = plain.find(extension);
    return (found == plain.end() ? SF_FORMAT_WAV : found->second) | encodings[static_cast<std::size_t>(format)];
}

bool lossy(int format) {
    const int container = format & SF_FORMAT_TYPEMASK;
    return container == SF_FORMAT_OGG || container == SF_FORMAT_MPEG;
}

int pcm_bits(int format) {
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_16:
        return 16;
    case SF_FORMAT_PCM_24:
        return 24;
    default:
        return 32;
    }
}

/// Full scale is 2^(bits-1), as it is for readers; libsndfile's own conversion writes with 2^(bits-1) - 1.
std::vector<int> as_pcm(const std::vector<float>& samples, int bits) {
    const double scale = std::ldexp(1.0, bits - 1);
    std::vector<int> result;
    result.reserve(samples.size());
    for (const float sample : samples) {
        const double level = std::clamp(std::round(static_cast<double>(sample) * scale), -scale, scale - 1.0);
        result.push_back(static_cast<int>(level * std::ldexp(1.0, 32 - bits)));
    }
    return result;
}

struct CloseFile {
    void operator()(SNDFILE* file) const { sf_close(file); }
};
using File = std::unique_ptr<SNDFILE, CloseFile>;

std::runtime_error failure(const char* what, const std::filesystem::path& path) {
    return std::runtime_error{std::string{what} + " " + path.string()};
}

}  // namespace

void write_audio(const std::filesystem::path& path, const std::vector<float>& interleaved, int channels, int rate,
                 SampleFormat format) {
    SF_INFO info{};
    info.channels = channels;
    info.samplerate = rate;
    info.format = container_and_encoding(path, format);
    const File file{sf_open(path.c_str(), SFM_WRITE, &info)};
    if (!file) {
        throw failure("cannot write", path);
    }
    sf_command(file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    const auto frames = static_cast<sf_count_t>(interleaved.size()) / channels;
    const bool as_integers = format < SampleFormat::float32 && !lossy(info.format);
    sf_count_t written = 0;
    if (as_integers) {
        written = sf_writef_int(file.get(), as_pcm(interleaved, pcm_bits(info.format)).data(), frames);
    }
    // In blocks: the Vorbis encoder puts all that it is given at once on the stack.
    constexpr sf_count_t block = 4096;
    while (!as_integers && written < frames) {
        const sf_count_t count =
            sf_writef_float(file.get(), interleaved.data() + written * channels, std::min(block, frames - written));
        if (count <= 0) {
            break;
        }
        written += count;
    }
    if (written != frames) {
        throw failure("cannot write all of", path);
    }
}

AudioContent read_audio(const std::filesystem::path& path) {
    SF_INFO info{};
    const File file{sf_open(path.c_str(), SFM_READ, &info)};
    if (!file) {
        throw failure("cannot read", path);
    }
    AudioContent content{{}, info.channels, info.samplerate};
    content.interleaved.resize(static_cast<std::size_t>(info.frames) * static_cast<std::size_t>(info.channels));
    const auto read = sf_readf_float(file.get(), content.interleaved.data(), info.frames);
    content.interleaved.resize(static_cast<std::size_t>(read) * static_cast<std::size_t>(info.channels));
    return content;
}

float PositionCode::left(std::int64_t frame) const noexcept {
    return static_cast<float>(frame % (scale_ - 1) + 1) / static_cast<float>(scale_);
}

float PositionCode::right(std::int64_t frame) const noexcept {
    const auto digit = frame / (scale_ - 1) + 1;
    return static_cast<float>(digit) / static_cast<float>(scale_);
}

std::optional<std::int64_t> PositionCode::digit(float sample) const noexcept {
    const double scaled = static_cast<double>(sample) * static_cast<double>(scale_);
    if (!(scaled >= 1.0 && scaled < static_cast<double>(scale_)) || scaled != std::floor(scaled)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(scaled) - 1;
}

std::optional<std::int64_t> PositionCode::frame_of(float left, float right) const noexcept {
    const auto low = digit(left);
    const auto high = digit(right);
    return low && high ? std::optional{*low + *high * (scale_ - 1)} : std::nullopt;
}

std::optional<std::int64_t> PositionCode::frame_of(float left) const noexcept { return digit(left); }

void write_position_coded(const std::filesystem::path& path, std::int64_t frames, int rate, SampleFormat format,
                          CodedChannels channels) {
    const PositionCode code{format};
    std::vector<float> samples;
    samples.reserve(static_cast<std::size_t>(frames) * 2);
    for (std::int64_t frame = 0; frame < frames; ++frame) {
        switch (channels) {
        case CodedChannels::both:
            samples.insert(samples.end(), {code.left(frame), code.right(frame)});
            break;
        case CodedChannels::left_only:
            samples.insert(samples.end(), {code.left(frame), 0.0F});
            break;
        case CodedChannels::right_only:
            samples.insert(samples.end(), {0.0F, code.left(frame)});
            break;
        case CodedChannels::mono:
            samples.push_back(code.left(frame));
            break;
        }
    }
    write_audio(path, samples, channels == CodedChannels::mono ? 1 : 2, rate, format);
}

std::vector<float> sine(double hertz, double seconds, double rate, double amplitude) {
    std::vector<float> samples(static_cast<std::size_t>(std::llround(seconds * rate)));
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] =
            static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
    }
    return samples;
}

std::vector<float> click_track(double bpm, double seconds, double rate) {
    std::vector<float> samples(static_cast<std::size_t>(std::llround(seconds * rate)));
    constexpr double kick_seconds = 0.08;
    const auto kick_frames = static_cast<std::size_t>(kick_seconds * rate);
    for (std::int64_t beat = 0;; ++beat) {
        const auto onset = static_cast<std::size_t>(std::llround(static_cast<double>(beat) * 60.0 / bpm * rate));
        if (onset >= samples.size()) {
            return samples;
        }
        const double amplitude = beat % 4 == 0 ? 0.8 : 0.5;
        for (std::size_t i = 0; i < kick_frames && onset + i < samples.size(); ++i) {
            const double t = static_cast<double>(i) / rate;
            // A cosine falling in pitch: its first sample is its peak, so the onset is one definite frame.
            const double phase = 2.0 * std::numbers::pi * (60.0 * t + 4.0 * (1.0 - std::exp(-t * 40.0)));
            samples[onset + i] = static_cast<float>(amplitude * std::cos(phase) * std::exp(-t * 45.0));
        }
    }
}

std::vector<float> as_channels(const std::vector<float>& mono, int channels) {
    std::vector<float> interleaved;
    interleaved.reserve(mono.size() * static_cast<std::size_t>(channels));
    for (const float sample : mono) {
        interleaved.insert(interleaved.end(), static_cast<std::size_t>(channels), sample);
    }
    return interleaved;
}

double measured_hertz(const std::vector<float>& samples, double rate) {
    double first = -1.0;
    double last = -1.0;
    int periods = -1;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        if (samples[i - 1] < 0.0F && samples[i] >= 0.0F) {
            const double before = static_cast<double>(samples[i - 1]);
            last = static_cast<double>(i - 1) + before / (before - static_cast<double>(samples[i]));
            first = periods < 0 ? last : first;
            ++periods;
        }
    }
    return periods > 0 ? periods * rate / (last - first) : 0.0;
}

void make_cold(const std::filesystem::path& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        throw failure("cannot open", path);
    }
    fsync(file);
    const int result = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    if (result != 0) {
        throw failure("the system keeps the pages of", path);
    }
}

}  // namespace crowdjack::test
