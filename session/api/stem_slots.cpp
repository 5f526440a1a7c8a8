// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/stem_slots.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

int StemSlots::slot_for(std::int32_t buffer) {
    auto slot = std::find_if(taken_.begin(), taken_.end(), [buffer](const Taken& each) {
        return each.loading == buffer || (each.loading == 0 && each.buffer == buffer);
    });
    if (slot == taken_.end()) {
        // A free slot was never used, so it comes first; one that is being loaded comes last.
        slot = std::min_element(taken_.begin(), taken_.end(), [](const Taken& a, const Taken& b) {
            return std::pair{a.loading != 0, a.used} < std::pair{b.loading != 0, b.used};
        });
    }
    slot->loading = buffer;
    return static_cast<int>(slot - taken_.begin());
}

void StemSlots::take(int slot, std::int32_t buffer) {
    Taken& taken = taken_.at(static_cast<std::size_t>(slot));
    taken = {buffer, ++uses_, taken.loading == buffer ? 0 : taken.loading};
}

void StemSlots::give_up(int slot, std::int32_t buffer) {
    Taken& taken = taken_.at(static_cast<std::size_t>(slot));
    taken.loading = taken.loading == buffer ? 0 : taken.loading;
}

std::optional<int> StemSlots::use(std::int32_t buffer) {
    const auto slot =
        std::find_if(taken_.begin(), taken_.end(), [buffer](const Taken& t) { return t.buffer == buffer; });
    if (slot == taken_.end()) {
        return std::nullopt;
    }
    slot->used = ++uses_;
    return static_cast<int>(slot - taken_.begin());
}

std::vector<std::int32_t> StemSlots::loaded() const {
    std::vector<std::int32_t> buffers;
    for (const Taken& taken : taken_) {
        if (taken.buffer != 0) {
            buffers.push_back(taken.buffer);
        }
    }
    return buffers;
}

}  // namespace crowdjack
