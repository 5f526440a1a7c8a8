// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

namespace crowdjack {

/// Runs `body` and turns what it throws into one line on stderr and an exit code: 2 for UsageError, 1 otherwise.
int run_main(const char* program, const std::function<int()>& body) noexcept;

}  // namespace crowdjack
