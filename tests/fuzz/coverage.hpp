// SPDX-License-Identifier: GPL-3.0-or-later
// Which ways through the code an input took, in a build with -fsanitize-coverage=trace-pc; nothing in any other.
#pragma once

namespace crowdjack::test {

/// Before an input.
void forget_coverage() noexcept;
/// After it: did it take a way, or take one so often, as none did before?
[[nodiscard]] bool new_coverage() noexcept;

}  // namespace crowdjack::test
