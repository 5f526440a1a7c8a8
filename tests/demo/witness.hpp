// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/process.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace crowdjack::demo {

/// A client that does nothing, alone on a dummy server of its own with the same rate and period: what it loses, the
/// machine lost. Without it nobody could tell a busy machine from a slow suite.
class Witness {
public:
    /// @param seconds  it watches at most. Takes a second; whatever fails, it only knows nothing.
    Witness(std::uint32_t rate, std::uint32_t period, double seconds);

    /// Begins to count.
    void watch();
    /// Frames lost since watch(); nothing when there is no witness.
    [[nodiscard]] std::optional<std::size_t> lost_frames() const;

private:
    std::unique_ptr<test::Process> server_;
    std::unique_ptr<test::Capture> capture_;
    std::int64_t from_{};
};

}  // namespace crowdjack::demo
