// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/chaos/judgement.hpp"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace crowdjack::test::chaos {

namespace fs = std::filesystem;

namespace {

/// One recorded channel, frame by frame. Its samples say their place in the track, also between two frames: a deck that
/// went on after the server's rate changed stands between them, and a ramp that is resampled is that ramp.
class Explained {
public:
    /// @param hertz  of the recording
    explicit Explained(int hertz) : step_{static_cast<double>(rate) / hertz}, tolerance_{hertz == rate ? 0.75 : 3.0} {}

    std::int64_t in_phase{0}, silent{0}, ramps{0}, wrong{0};
    int breaks{0};  ///< places where it leaves its phase

    void take(float sample) {
        constexpr std::int64_t longest_ramp = 1024;  // a fade of 5 ms and the limiter's look-ahead around a break
        const double anchor =
            wrapped(static_cast<double>(sample) * scale - 1.0 - step_ * static_cast<double>(frame_++));
        if (sample == 0.0F) {
            ++silent;
            since_ = 0;
        } else if (near(anchor, anchor_) || near(anchor, candidate_)) {
            if (!near(anchor, anchor_)) {  // twice in a row the same new phase: that is where it plays now
                anchor_ = anchor;
                ++breaks;
            }
            ++in_phase;
            since_ = 0;
        } else {
            candidate_ = anchor;
            ++since_;
            ++(since_ <= longest_ramp ? ramps : wrong);
        }
    }

private:
    static constexpr double scale = 8388608.0;  // PositionCode{24}

    static double wrapped(double frames) {
        const double rest = std::fmod(frames, static_cast<double>(track_frames));
        return rest < 0.0 ? rest + static_cast<double>(track_frames) : rest;
    }
    [[nodiscard]] bool near(double one, double other) const {
        const double apart = wrapped(one - other);
        return std::min(apart, static_cast<double>(track_frames) - apart) < tolerance_;
    }

    double step_;       ///< of the place in the track for one recorded frame
    double tolerance_;  ///< frames: a float near the track's end has steps of a quarter; a resampler has its own
    std::int64_t frame_{0}, since_{0};
    double anchor_{-2.0}, candidate_{-2.0};
};

}  // namespace

Recordings::Sums Recordings::explain(const fs::path& path, std::size_t channel) {
    SF_INFO info{};
    SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
    if (file == nullptr) {
        return {};
    }
    Explained result{info.samplerate};
    std::vector<float> block(8192 * static_cast<std::size_t>(info.channels));
    for (sf_count_t count = 0; (count = sf_readf_float(file, block.data(), 8192)) > 0;) {
        for (sf_count_t i = 0; i < count; ++i) {
            result.take(block[static_cast<std::size_t>(i * info.channels) + channel]);
        }
    }
    sf_close(file);
    const auto seconds = [&info](std::int64_t frames) { return static_cast<double>(frames) / info.samplerate; };
    return {seconds(result.in_phase), seconds(result.silent), result.ramps, result.wrong, result.breaks};
}

void Recordings::take(const fs::path& path) {
    ++files_;
    for (const std::size_t channel : {std::size_t{0}, std::size_t{1}}) {
        const Sums part = explain(path, channel);
        Sums& all = sums_[channel];
        all.in_phase_s += part.in_phase_s;
        all.silent_s += part.silent_s;
        all.ramps += part.ramps;
        all.wrong += part.wrong;
        all.breaks += part.breaks;
        if (part.wrong > 0) {
            std::printf("  %s channel %zu: %lld frames are wrong\n", path.filename().c_str(), channel,
                        static_cast<long long>(part.wrong));
        }
    }
}

void Recordings::look() {
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder_, error}) {
        if (entry.path().extension() == ".wav") {
            files.emplace_back(entry.last_write_time(error), entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + 1 < files.size(); ++i) {
        if (known_.insert(files[i].second).second) {
            take(files[i].second);
        }
    }
}

double Recordings::silent_seconds() const { return std::max(sums_[0].silent_s, sums_[1].silent_s); }

bool Recordings::judge() {
    look();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder_, error}) {
        if (entry.path().extension() == ".wav" && known_.insert(entry.path()).second) {
            take(entry.path());
        }
    }
    bool good = true;
    for (const std::size_t channel : {std::size_t{0}, std::size_t{1}}) {
        const Sums& sums = sums_[channel];
        std::printf("  recorded channel %zu: %.1f s in phase, %.2f s silent, %lld frames of ramps in %d breaks, %lld "
                    "wrong\n",
                    channel, sums.in_phase_s, sums.silent_s, static_cast<long long>(sums.ramps), sums.breaks,
                    static_cast<long long>(sums.wrong));
        good = good && sums.wrong == 0 && sums.in_phase_s > 0.0;
    }
    std::printf("  in %d files\n", files_);
    return good;
}

}  // namespace crowdjack::test::chaos
