// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/track_windows.hpp"

#include "common/error.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace crowdjack {

TrackWindows::TrackWindows(std::int64_t length, std::shared_ptr<const AudioEpoch> epoch)
    : epoch_{std::move(epoch)},
      table_size_{static_cast<std::size_t>((length + TrackPage::frames - 1) / TrackPage::frames)},
      table_{std::make_unique<std::atomic<std::uint16_t>[]>(table_size_)},
      length_{length} {
    // Best effort: the table is small and in constant use.
    static_cast<void>(mlock(table_.get(), table_size_ * sizeof(table_[0])));
}

TrackWindows::~TrackWindows() {
    munlock(table_.get(), table_size_ * sizeof(table_[0]));
    for (std::size_t i = 0; i < slab_count_; ++i) {
        munmap(slabs_[i], slab_pages * sizeof(TrackPage));
    }
}

const TrackPage* TrackWindows::find(std::int64_t index) const noexcept {
    if (index < 0 || static_cast<std::size_t>(index) >= table_size_) {
        return nullptr;
    }
    const std::uint16_t slot = table_[static_cast<std::size_t>(index)].load(std::memory_order_seq_cst);
    return slot == 0 ? nullptr : slabs_[(slot - 1U) / slab_pages] + (slot - 1U) % slab_pages;
}

TrackPage* TrackWindows::take_free() {
    if (free_.empty()) {
        reclaim();
    }
    if (free_.empty() && slab_count_ < most_slabs) {
        add_slab();
    }
    if (free_.empty()) {
        return nullptr;
    }
    TrackPage* const page = free_.back();
    free_.pop_back();
    return page;
}

void TrackWindows::insert(std::int64_t index, TrackPage* page) noexcept {
    table_[static_cast<std::size_t>(index)].store(slot_of(page), std::memory_order_seq_cst);
    resident_.push_back(index);
}

void TrackWindows::evict(std::int64_t index) {
    auto& entry = table_[static_cast<std::size_t>(index)];
    const std::uint16_t slot = entry.load(std::memory_order_relaxed);
    if (slot == 0) {
        return;
    }
    entry.store(0, std::memory_order_seq_cst);
    limbo_.push_back({slabs_[(slot - 1U) / slab_pages] + (slot - 1U) % slab_pages, epoch_->mark()});
    std::erase(resident_, index);
}

bool TrackWindows::end_at(std::int64_t length, bool lost) noexcept {
    const bool earlier = length < length_.load(std::memory_order_relaxed);
    if (earlier) {
        lost_.store(lost, std::memory_order_release);
        length_.store(length, std::memory_order_release);
    }
    return earlier;
}

void TrackWindows::add_slab() {
    constexpr std::size_t size = slab_pages * sizeof(TrackPage);
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw Failure{"no memory for the frames around the playhead: " + errno_text(errno)};
    }
    if (mlock(memory, size) != 0) {
        locked_.store(false, std::memory_order_relaxed);
    }
    std::memset(memory, 0, size);  // present even where it could not be locked
    auto* const pages = static_cast<TrackPage*>(memory);
    slabs_[slab_count_++] = pages;
    for (std::size_t i = slab_pages; i > 0; --i) {
        free_.push_back(pages + i - 1);
    }
    bytes_.fetch_add(size, std::memory_order_relaxed);
}

void TrackWindows::reclaim() {
    const auto still_read =
        std::partition(limbo_.begin(), limbo_.end(), [this](const Limbo& each) { return !epoch_->passed(each.mark); });
    for (auto each = still_read; each != limbo_.end(); ++each) {
        free_.push_back(each->page);
    }
    limbo_.erase(still_read, limbo_.end());
}

std::uint16_t TrackWindows::slot_of(const TrackPage* page) const noexcept {
    for (std::size_t i = 0; i < slab_count_; ++i) {
        if (page >= slabs_[i] && page < slabs_[i] + slab_pages) {
            return static_cast<std::uint16_t>(i * slab_pages + static_cast<std::size_t>(page - slabs_[i]) + 1);
        }
    }
    return 0;
}

}  // namespace crowdjack
