// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace crowdjack {

/// Where the buffers of the old API live: each deck has 16 stem slots, a buffer id takes one when it is loaded.
///
/// When all are taken, the buffer that was used longest ago gives its slot up, as soon as the new one is there.
class StemSlots {
public:
    static constexpr int slots{16};

    /// The slot to load a buffer into: its own, a free one, or the longest unused one. Nobody else is given it until
    /// take() or give_up().
    [[nodiscard]] int slot_for(std::int32_t buffer);
    /// The buffer is in its slot; the one before is no more.
    void take(int slot, std::int32_t buffer);
    /// Loading failed: the slot holds what it held.
    void give_up(int slot, std::int32_t buffer);

    /// The slot of a loaded buffer, which counts as used now.
    [[nodiscard]] std::optional<int> use(std::int32_t buffer);
    void clear() { taken_ = {}; }
    [[nodiscard]] std::vector<std::int32_t> loaded() const;

private:
    struct Taken {
        std::int32_t buffer{};   ///< 0: free
        std::uint64_t used{};    ///< when, by count
        std::int32_t loading{};  ///< 0: none
    };
    std::array<Taken, slots> taken_{};
    std::uint64_t uses_{0};
};

}  // namespace crowdjack
