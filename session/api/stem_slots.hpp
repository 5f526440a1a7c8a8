// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace crowdjack {

/// Where the buffers of the old API live: each deck has 16 stem slots, a buffer id takes one when it is loaded.
///
/// When all are taken, the buffer that was used longest ago gives its slot up.
class StemSlots {
public:
    static constexpr int slots{16};

    /// The slot of a buffer about to be loaded: its own, a free one, or the longest unused one.
    [[nodiscard]] int take(std::int32_t buffer);
    /// The slot of a loaded buffer, which counts as used now.
    [[nodiscard]] std::optional<int> use(std::int32_t buffer);
    /// Loading failed, or everything is to be forgotten.
    void forget(std::int32_t buffer);
    void clear() { taken_ = {}; }
    [[nodiscard]] std::vector<std::int32_t> loaded() const;

private:
    struct Taken {
        std::int32_t buffer{};  ///< 0: free
        std::uint64_t used{};   ///< when, by count
    };
    std::array<Taken, slots> taken_{};
    std::uint64_t uses_{0};
};

}  // namespace crowdjack
