// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace crowdjack {

/// Tells workers when the audio thread can no longer be looking at something it was shown earlier. One per deck.
class AudioEpoch {
public:
    CROWDJACK_REALTIME void enter() noexcept { count_.fetch_add(1, std::memory_order_seq_cst); }
    CROWDJACK_REALTIME void leave() noexcept { count_.fetch_add(1, std::memory_order_seq_cst); }

    /// A mark to be asked about with passed(), taken after the thing was hidden.
    [[nodiscard]] std::uint64_t mark() const noexcept { return count_.load(std::memory_order_seq_cst); }
    /// True when no cycle that ran at `mark` is still running.
    [[nodiscard]] bool passed(std::uint64_t mark) const noexcept {
        return mark % 2 == 0 || count_.load(std::memory_order_seq_cst) != mark;
    }

private:
    std::atomic<std::uint64_t> count_{0};  ///< odd inside a cycle; written by audio, read by workers (seq_cst)
};

/// A run of frames as the audio thread reads them.
struct TrackPage {
    static constexpr std::int64_t frames = 4096;
    std::array<float, static_cast<std::size_t>(frames)> left, right;
};

/// The resident part of a track: pages of floats in locked memory. One worker puts pages in and takes them out, the
/// audio thread looks them up; neither waits for the other. A page that was taken out is written again only when no
/// cycle can still be reading it.
class TrackWindows {
public:
    /// Worker. Allocates the page table (2 bytes a page). @param length  frames of the track
    TrackWindows(std::int64_t length, std::shared_ptr<const AudioEpoch> epoch);
    ~TrackWindows();
    TrackWindows(const TrackWindows&) = delete;
    TrackWindows& operator=(const TrackWindows&) = delete;

    /// Audio and worker: the page with frames index * TrackPage::frames …, or null when it is not resident or does not
    /// exist.
    [[nodiscard]] CROWDJACK_REALTIME const TrackPage* find(std::int64_t index) const noexcept;

    /// Any thread: frames that can ever sound; shrinks when the file turns out to end early.
    [[nodiscard]] CROWDJACK_REALTIME std::int64_t length() const noexcept {
        return length_.load(std::memory_order_acquire);
    }
    /// Any thread: the end came because the file was cut off or its storage failed.
    [[nodiscard]] CROWDJACK_REALTIME bool lost() const noexcept { return lost_.load(std::memory_order_acquire); }

    /// Audio: where it will read next; nowhere while it does not play.
    CROWDJACK_REALTIME void publish_playhead(std::int64_t frame, float speed) noexcept {
        speed_.store(speed, std::memory_order_relaxed);
        playhead_.store(frame, std::memory_order_relaxed);
    }
    CROWDJACK_REALTIME void publish_idle() noexcept { playhead_.store(nowhere, std::memory_order_relaxed); }
    static constexpr std::int64_t nowhere = INT64_MIN;
    [[nodiscard]] std::int64_t playhead() const noexcept { return playhead_.load(std::memory_order_relaxed); }
    [[nodiscard]] float speed() const noexcept { return speed_.load(std::memory_order_relaxed); }

    // The rest is the worker's.
    /// A page to be filled; null when the most that may be resident is, and nothing could be reclaimed yet.
    [[nodiscard]] TrackPage* take_free();
    /// Gives back a page that was taken but not inserted.
    void give_back(TrackPage* page) { free_.push_back(page); }
    void insert(std::int64_t index, TrackPage* page) noexcept;
    void evict(std::int64_t index);
    /// @returns true when that is earlier than known so far
    bool end_at(std::int64_t length, bool lost) noexcept;
    [[nodiscard]] const std::vector<std::int64_t>& resident() const noexcept { return resident_; }

    /// Any thread: bytes held by pages.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
    /// Any thread: the memory limit let all pages be locked.
    [[nodiscard]] bool locked() const noexcept { return locked_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t slab_pages = 8;
    static constexpr std::size_t most_slabs = 192;  ///< 48 MiB, far above what points and window ever want

    struct Limbo {
        TrackPage* page;
        std::uint64_t mark;
    };

    void add_slab();
    void reclaim();
    [[nodiscard]] std::uint16_t slot_of(const TrackPage* page) const noexcept;

    std::shared_ptr<const AudioEpoch> epoch_;
    std::size_t table_size_;
    /// Slot of each page + 1; 0 when not resident. Written by the worker, read by audio (seq_cst).
    std::unique_ptr<std::atomic<std::uint16_t>[]> table_;
    std::array<TrackPage*, most_slabs> slabs_{};  ///< an entry is written before any slot in it is published
    std::size_t slab_count_{0};
    std::vector<TrackPage*> free_;
    std::vector<Limbo> limbo_;
    std::vector<std::int64_t> resident_;
    std::atomic<std::int64_t> length_;             ///< written by the worker (release), read by anyone (acquire)
    std::atomic<bool> lost_{false};                ///< likewise
    std::atomic<std::int64_t> playhead_{nowhere};  ///< written by audio, read by the worker (relaxed)
    std::atomic<float> speed_{1.0F};               ///< likewise
    std::atomic<std::size_t> bytes_{0};            ///< written by the worker, read by anyone (relaxed)
    std::atomic<bool> locked_{true};               ///< likewise
};

}  // namespace crowdjack
