// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/loudness.hpp"

#include <ebur128.h>
#include <sndfile.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

constexpr int most_channels = 8;
constexpr int background = 10;  ///< nice value of the worker

struct CloseFile {
    void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
struct FreeMeter {
    void operator()(ebur128_state* meter) const noexcept { ebur128_destroy(&meter); }
};

Measured unplayable(const std::string& why) {
    Measured result;
    result.why = why;
    return result;
}

/// Feeds the file's first `frames` frames to the meter. @returns false when told to stop
bool feed(SNDFILE* file, ebur128_state& meter, int channels, sf_count_t frames, const std::stop_token& stop) {
    constexpr sf_count_t block = 16384;
    std::vector<float> samples(static_cast<std::size_t>(block * channels));
    while (frames > 0) {
        const sf_count_t got = sf_readf_float(file, samples.data(), std::min(block, frames));
        if (got <= 0) {
            break;
        }
        for (float& sample : samples) {
            sample = std::isfinite(sample) ? sample : 0.0F;
        }
        ebur128_add_frames_float(&meter, samples.data(), static_cast<std::size_t>(got));
        frames -= got;
        if (stop.stop_requested()) {
            return false;
        }
    }
    return true;
}

}  // namespace

Measured measure_file(const std::string& path, double end_s, const std::stop_token& stop) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return unplayable("it is not there: " + path);
    }
    if (!S_ISREG(info.st_mode)) {
        return unplayable("it is no regular file: " + path);
    }
    SF_INFO format{};
    const std::unique_ptr<SNDFILE, CloseFile> file{sf_open(path.c_str(), SFM_READ, &format)};
    if (!file) {
        return unplayable(std::string{"it cannot be read: "} + sf_strerror(nullptr));
    }
    if (format.frames <= 0 || format.channels > most_channels) {
        return unplayable(format.frames <= 0 ? "it holds no audio" : "it has more than 8 channels");
    }
    Measured result;
    result.playable = true;
    result.length_s = static_cast<double>(format.frames) / format.samplerate;
    const std::unique_ptr<ebur128_state, FreeMeter> meter{ebur128_init(
        static_cast<unsigned>(format.channels), static_cast<unsigned long>(format.samplerate), EBUR128_MODE_I)};
    const auto wanted = static_cast<sf_count_t>(std::min(end_s, result.length_s) * format.samplerate);
    double lufs = 0.0;
    if (meter && feed(file.get(), *meter, format.channels, wanted, stop) &&
        ebur128_loudness_global(meter.get(), &lufs) == EBUR128_SUCCESS && std::isfinite(lufs)) {
        result.lufs = lufs;
    }
    return result;
}

LoudnessWorker::LoudnessWorker(ControlLoop& loop, std::function<void(std::size_t, const Measured&)> done)
    : loop_{loop}, done_{std::move(done)}, thread_{[this](const std::stop_token& stop) { work(stop); }} {}

LoudnessWorker::~LoudnessWorker() = default;

void LoudnessWorker::ask(std::size_t section, std::string path, double end_s) {
    {
        const std::lock_guard lock{mutex_};
        jobs_.push_back({section, std::move(path), end_s});
    }
    changed_.notify_one();
}

void LoudnessWorker::work(const std::stop_token& stop) {
    // Linux: of this thread alone.
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), background);
    while (true) {
        Job job;
        {
            std::unique_lock lock{mutex_};
            if (!changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        const Measured found = measure_file(job.path, job.end_s, stop);
        loop_.post([this, section = job.section, found] { done_(section, found); });
    }
}

}  // namespace crowdjack
