// SPDX-License-Identifier: GPL-3.0-or-later
// The recordings of a season alone: an hour each, named by the clock on the wall and removed by the real rule, in
// small.
#pragma once

#include "mixer-bus/recording_keep.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::test {

class QuarterRecordings {
public:
    using Complain = std::function<void(const std::string&)>;

    /// @param wrong_for_s  how long a clock may say nonsense, and by an hour more how far ages may be off
    QuarterRecordings(std::filesystem::path name, double wrong_for_s)
        : name_{std::move(name)}, doubt_s_{3600.0 + wrong_for_s} {
        rule_.add("14d");
    }

    /// It is so many seconds later than the beginning, and the wall says that. A file that is full is closed; with each
    /// new one the rule looks.
    void go_on(double seconds, std::time_t wall, const Complain& wrong) {
        if (current_.empty()) {
            open(seconds, wall, wrong);
        }
        if (seconds - opened_s_ < split_s) {
            return;
        }
        std::filesystem::last_write_time(current_, as_file_time(wall));
        files_.push_back({current_, seconds});
        open(seconds, wall, wrong);
        for (const auto& gone : RecordingKeep{name_, rule_}.apply(current_, as_file_time(wall))) {
            forget(gone, seconds, wrong);
        }
        const bool clock_is_set = wall > 365 * 86400;
        if (clock_is_set && !files_.empty() && seconds - files_.front().closed_s > kept_s + 3.0 * split_s + doubt_s_) {
            wrong(files_.front().path.filename().string() + " was not removed");
            files_.erase(files_.begin());
        }
    }

    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    [[nodiscard]] std::uint64_t removed() const noexcept { return removed_; }

private:
    static constexpr double split_s = 3600.0;
    static constexpr double kept_s = 14 * 86400.0;

    struct File {
        std::filesystem::path path;
        double closed_s{};
    };

    void open(double seconds, std::time_t wall, const Complain& wrong) {
        current_ = name_.free_name(wall);
        if (std::filesystem::exists(current_)) {
            wrong("a recording would have been replaced: " + current_.string());
        }
        std::ofstream{current_} << "recorded by crowdjack";
        std::filesystem::last_write_time(current_, as_file_time(wall));
        opened_s_ = seconds;
        ++written_;
    }

    void forget(const std::filesystem::path& gone, double seconds, const Complain& wrong) {
        ++removed_;
        const auto file =
            std::find_if(files_.begin(), files_.end(), [&gone](const File& each) { return each.path == gone; });
        if (file == files_.end()) {
            wrong("a file was removed that nobody wrote: " + gone.string());
            return;
        }
        if (const double age = seconds - file->closed_s; age < kept_s - doubt_s_) {
            wrong(gone.filename().string() + " was removed after " + std::to_string(age / 3600.0) + " h");
        }
        files_.erase(file);
    }

    [[nodiscard]] static std::filesystem::file_time_type as_file_time(std::time_t wall) {
        return std::chrono::file_clock::from_sys(
            std::chrono::sys_time<std::filesystem::file_time_type::duration>{std::chrono::seconds{wall}});
    }

    RecordingName name_;
    KeepRule rule_;
    double doubt_s_;
    std::filesystem::path current_;
    double opened_s_{0.0};
    std::vector<File> files_;
    std::uint64_t written_{0}, removed_{0};
};

}  // namespace crowdjack::test
