// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>

namespace crowdjack {

/// Something failed at run time (exit code 1). The message says what, which, why and what to do, in one line.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The command line or a configuration is wrong (exit code 2).
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The text of an errno value; thread-safe.
[[nodiscard]] std::string errno_text(int error_number);

}  // namespace crowdjack
