// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/loudness.hpp"

#include "common/audio/mapped_file.hpp"
#include "common/audio/track_reader.hpp"
#include "common/error.hpp"

#include <ebur128.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

constexpr std::uint32_t most_channels = 8;
constexpr int background = 10;  ///< nice value of the worker

struct FreeMeter {
    void operator()(ebur128_state* meter) const noexcept { ebur128_destroy(&meter); }
};

Measured unplayable(const std::string& why) {
    Measured result;
    result.why = why;
    return result;
}

/// Feeds the track's first `frames` frames to the meter. @returns false when told to stop
bool feed(TrackReader& track, ebur128_state& meter, std::size_t frames, const std::stop_token& stop) {
    constexpr std::size_t block = 16384;
    std::vector<float> samples(block * track.format().channels);
    while (frames > 0) {
        const std::size_t got = track.read(samples.data(), std::min(block, frames));
        if (got == 0) {
            break;
        }
        for (float& sample : samples) {
            sample = std::isfinite(sample) ? sample : 0.0F;
        }
        ebur128_add_frames_float(&meter, samples.data(), got);
        frames -= got;
        if (stop.stop_requested()) {
            return false;
        }
    }
    return true;
}

Measured measure(TrackReader& track, double end_s, const std::stop_token& stop) {
    const TrackFormat& format = track.format();
    if (format.channels > most_channels) {
        return unplayable("it has more than 8 channels");
    }
    Measured result;
    result.playable = true;
    result.length_s = static_cast<double>(format.frames) / format.rate;
    const std::unique_ptr<ebur128_state, FreeMeter> meter{
        ebur128_init(format.channels, static_cast<unsigned long>(format.rate), EBUR128_MODE_I)};
    const auto wanted = static_cast<std::size_t>(std::max(0.0, std::min(end_s, result.length_s) * format.rate));
    double lufs = 0.0;
    if (meter && feed(track, *meter, wanted, stop) && ebur128_loudness_global(meter.get(), &lufs) == EBUR128_SUCCESS &&
        std::isfinite(lufs)) {
        result.lufs = lufs;
    }
    return result;
}

}  // namespace

Measured measure_file(const std::string& path, double end_s, const std::stop_token& stop) {
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(path, error);
    if (error) {
        return unplayable("it is not there: " + path);
    }
    try {
        const MappedFile mapped{file};
        return measure(*open_track_reader(mapped), end_s, stop);
    } catch (const Failure& failure) {
        return unplayable(failure.what());
    }
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
