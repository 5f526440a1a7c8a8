// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "session/setlist/orchestra.hpp"
#include "session/setlist/sections.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace crowdjack {

/// Gets to know whole tracks, one after the other, behind the music: by the structure JSON near a track, else by the
/// cache, else by `crowdjack-struct-export analyse` as a process of its own (a file that breaks a decoder breaks only
/// that), at the lowest priority but for what is in a hurry.
class TrackScout {
public:
    struct Found {
        std::optional<Section> section;  ///< nothing: it can't be played
        std::string why;                 ///< it can't be played, or not be analysed
    };
    /// @param analyser  the program
    /// @param done  called on `loop` for each track
    TrackScout(ControlLoop& loop, std::filesystem::path analyser, std::function<void(std::size_t, const Found&)> done);
    ~TrackScout();
    TrackScout(const TrackScout&) = delete;
    TrackScout& operator=(const TrackScout&) = delete;

    /// After all that was asked before.
    void ask(std::size_t track, std::filesystem::path file);
    /// Before all others, if it is still waiting or looked at in the background; what is being looked at meanwhile
    /// begins anew later. @param how  at once: without an analysis
    void hurry(std::size_t track, Acquaintance how);

private:
    enum class Haste { background, soon, at_once };
    struct Job {
        std::size_t track{};
        std::filesystem::path file;
        Haste haste{Haste::background};
    };
    void work(const std::stop_token& stop);
    [[nodiscard]] Found look_at(const Job& job, const std::stop_token& stop);
    [[nodiscard]] std::string analyse(const Job& job, const std::stop_token& stop);
    bool finish(const Job& job);

    ControlLoop& loop_;
    std::filesystem::path analyser_;
    std::function<void(std::size_t, const Found&)> done_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Job> jobs_;        ///< guarded by mutex_
    std::optional<Job> running_;  ///< guarded by mutex_
    std::atomic<bool> aside_{
        false};  ///< the running job makes room; written under mutex_, read by the worker (relaxed)
    std::size_t looked_at_{0};
    std::jthread thread_;
};

}  // namespace crowdjack
