// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/stem_slots.hpp"

#include <algorithm>

namespace crowdjack {

int StemSlots::take(std::int32_t buffer) {
    if (const auto own = use(buffer)) {
        return *own;
    }
    // A free slot was never used, so it comes first.
    const auto slot =
        std::min_element(taken_.begin(), taken_.end(), [](const Taken& a, const Taken& b) { return a.used < b.used; });
    *slot = {buffer, ++uses_};
    return static_cast<int>(slot - taken_.begin());
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

void StemSlots::forget(std::int32_t buffer) {
    std::replace_if(
        taken_.begin(), taken_.end(), [buffer](const Taken& t) { return t.buffer == buffer; }, Taken{});
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
