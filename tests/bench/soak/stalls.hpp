// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <jack/jack.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace crowdjack::test::soak {

/// On each processor a thread that does nothing, at a real-time priority, and wakes every 2 ms. When one comes late by
/// a millisecond, no other of that priority could do better there: the machine (or its host) took the processor away,
/// or somebody else's threads held it. What the set itself worked meanwhile is nobody else's, and taken off.
class StallWitness {
public:
    struct Stall {
        std::int64_t from, to;  ///< frames of the clock
        std::int64_t own;       ///< frames of work of the set's own programs meanwhile, on all processors
        unsigned processor;
    };

    /// @param client  knows the clock; outlives this
    /// @param below  by how much its priority is below that of JACK's audio threads
    /// @param own  the processes of the set
    StallWitness(jack_client_t* client, int below, std::vector<pid_t> own);
    ~StallWitness();
    StallWitness(const StallWitness&) = delete;
    StallWitness& operator=(const StallWitness&) = delete;

    /// For how many frames of [from, to) others had a processor; of several, the one that they had for longest.
    [[nodiscard]] std::int64_t stalled_within(std::int64_t from, std::int64_t to) const;
    /// Whether it may run at such a priority at all.
    [[nodiscard]] bool realtime() const noexcept { return realtime_; }

private:
    void watch(unsigned processor);
    [[nodiscard]] double own_seconds() const;

    jack_client_t* client_;
    std::vector<pid_t> own_;
    bool realtime_{true};
    std::atomic<bool> over_{false};
    mutable std::mutex mutex_;
    std::vector<Stall> stalls_;  ///< guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace crowdjack::test::soak
