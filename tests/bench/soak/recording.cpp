// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/recording.hpp"

#include "tests/bench/place_code.hpp"

#include <sndfile.h>

#include <algorithm>
#include <numeric>

namespace crowdjack::test::soak {

namespace fs = std::filesystem;

RecordingFollower::RecordingFollower(fs::path folder, std::string first_name, std::int64_t first_frame,
                                     const ClockLog& clock)
    : folder_{std::move(folder)}, first_name_{std::move(first_name)}, clock_{clock}, next_{first_frame} {}

fs::path RecordingFollower::split(int number) const {
    return folder_ / (first_name_ + (number == 1 ? "" : "-" + std::to_string(number)) + ".wav");
}

void RecordingFollower::look(bool ended) {
    while (fs::exists(split(files_ + 1)) && (ended || fs::exists(split(files_ + 2)))) {
        ++files_;
        const auto before = followed_.discontinuous();
        const auto unreadable = unreadable_.size();
        read(split(files_));
        if (followed_.discontinuous() == before && unreadable_.size() == unreadable) {
            // Emptied rather than removed at the end: the next one's number is one more than the highest there.
            fs::resize_file(split(files_), 0);
        }
    }
}

void RecordingFollower::read(const fs::path& path) {
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    if (file == nullptr) {
        unreadable_.push_back(path.filename().string() + ": " + sf_strerror(nullptr));
        return;
    }
    if (info.channels != 2 || (info.format & SF_FORMAT_SUBMASK) != SF_FORMAT_FLOAT) {
        unreadable_.push_back(path.filename().string() + " is not stereo in 32-bit floats");
    }
    const auto before = followed_.frames;
    in_file_ = 0;
    std::vector<float> block(65536 * static_cast<std::size_t>(info.channels));
    for (sf_count_t count = 0; (count = sf_readf_float(file, block.data(), 65536)) > 0;) {
        for (sf_count_t i = 0; i < count; ++i) {
            take(block[static_cast<std::size_t>(i * info.channels)]);
        }
    }
    sf_close(file);
    if (followed_.frames - before != info.frames) {
        unreadable_.push_back(path.filename().string() + " says " + std::to_string(info.frames) + " frames, has " +
                              std::to_string(followed_.frames - before));
    }
}

void RecordingFollower::take(float sample) {
    ++followed_.frames;
    if (const auto place = PlaceCode::place(sample)) {
        const auto ahead = (*place - next_ % PlaceCode::period + PlaceCode::period) % PlaceCode::period;
        const auto behind = PlaceCode::period - ahead;
        if (ahead != 0 && ahead <= behind) {
            missing(next_, next_ + ahead);
            next_ += ahead;
        } else if (ahead != 0) {
            note(Break::Kind::repeated, behind);
            next_ -= behind;
        }
    } else {
        note(Break::Kind::wrong, 1);
    }
    ++next_;
    ++in_file_;
}

void RecordingFollower::missing(std::int64_t from, std::int64_t to) {
    std::int64_t explained = 0;
    for (const auto& [expected, came] : clock_.skips()) {
        explained += std::max<std::int64_t>(0, std::min(came, to) - std::max(expected, from));
    }
    followed_.left_out += explained;
    if (explained < to - from) {
        note(Break::Kind::lost, to - from - explained);
    }
}

void RecordingFollower::note(Break::Kind kind, std::int64_t frames) {
    auto& breaks = followed_.breaks;
    if (kind == Break::Kind::wrong && !breaks.empty() && breaks.back().kind == kind &&
        breaks.back().frame + breaks.back().frames == next_) {
        ++breaks.back().frames;
        return;
    }
    breaks.push_back(
        {kind, next_, frames, split(files_).filename().string() + " at frame " + std::to_string(in_file_)});
}

std::int64_t Followed::sum(Break::Kind kind) const {
    return std::accumulate(breaks.begin(), breaks.end(), std::int64_t{0}, [kind](std::int64_t sum, const Break& each) {
        return sum + (each.kind == kind ? each.frames : 0);
    });
}

std::int64_t Followed::discontinuous() const {
    return sum(Break::Kind::lost) + sum(Break::Kind::repeated) + sum(Break::Kind::wrong);
}

}  // namespace crowdjack::test::soak
