// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>

namespace crowdjack::test {

using Deadline = std::chrono::milliseconds;

/// Generous: a deadline is how long a broken program may hold up the tests, never a measurement.
inline constexpr Deadline patient{20'000};

/// Looks at `condition` again and again until it holds. False when the deadline passed first.
[[nodiscard]] bool eventually(const std::function<bool()>& condition, Deadline deadline = patient);

}  // namespace crowdjack::test
