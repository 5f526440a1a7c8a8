// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "session/setlist/orchestra.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace crowdjack {

/// Integrated loudness (EBU R 128) and length of an audio file up to `end_s`. Blocks for as long as it takes to decode.
[[nodiscard]] Measured measure_file(const std::string& path, double end_s, const std::stop_token& stop = {});

/// Measures files one after the other on a thread of its own, at low priority, so that a slow disk holds up nobody.
class LoudnessWorker {
public:
    /// @param done  called on `loop` with each result
    LoudnessWorker(ControlLoop& loop, std::function<void(std::size_t section, const Measured&)> done);
    ~LoudnessWorker();
    LoudnessWorker(const LoudnessWorker&) = delete;
    LoudnessWorker& operator=(const LoudnessWorker&) = delete;

    void ask(std::size_t section, std::string path, double end_s);

private:
    struct Job {
        std::size_t section;
        std::string path;
        double end_s;
    };
    void work(const std::stop_token& stop);

    ControlLoop& loop_;
    std::function<void(std::size_t, const Measured&)> done_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Job> jobs_;  ///< guarded by mutex_
    std::jthread thread_;
};

}  // namespace crowdjack
