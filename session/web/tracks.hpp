// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace crowdjack::web {

/// What the page shows of a track besides its path.
struct TrackFacts {
    struct Segment {
        double begin_s{}, end_s{};
        std::string label;
    };
    std::string name;  ///< `artist - title`, else the file's name
    std::string title, artist, key;
    std::vector<Segment> segments;
    std::vector<std::uint8_t> waveform;  ///< peaks of equal parts of the track, 0…255; empty until looked through
};

/// Tags, structure and waveform of the tracks that are asked for. Tags are read on one thread, waveforms are drawn on
/// another of the lowest priority, one at a time; what is known is kept for the last hundred tracks. Control thread
/// only.
class TrackBook {
public:
    /// @param changed  called on the loop when more is known of a track
    TrackBook(ControlLoop& loop, std::function<void(const std::string& path)> changed);
    ~TrackBook();
    TrackBook(const TrackBook&) = delete;
    TrackBook& operator=(const TrackBook&) = delete;

    /// What is known now; asking for a track has it read. Before that, its name is its file's.
    [[nodiscard]] const TrackFacts& of(const std::string& path);

private:
    struct Entry {
        TrackFacts facts;
        std::uint64_t used{};
    };
    void read_names();
    void draw();
    /// Waits for one; nothing when it is over.
    template <typename Job>
    std::optional<Job> next_of(std::deque<Job>& jobs);
    void tell(const std::string& path, TrackFacts facts);
    void forget_some();

    ControlLoop& loop_;
    std::function<void(const std::string&)> changed_;
    std::map<std::string, Entry> known_;
    std::uint64_t uses_{0};
    std::shared_ptr<const int> alive_{std::make_shared<const int>(0)};
    std::mutex mutex_;
    std::condition_variable wake_;
    /// Guarded by mutex_.
    /// @{
    std::deque<std::string> wanted_;
    std::deque<std::pair<std::string, TrackFacts>> undrawn_;
    bool stopping_{false};
    /// @}
    std::thread reader_, drawer_;  ///< last: they use all of the above
};

}  // namespace crowdjack::web
