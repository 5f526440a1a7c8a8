// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/suite_link.hpp"

namespace crowdjack {

/// The live view of `status --watch`, until q, SIGINT or SIGTERM. @throws Failure when the terminal can't show it
void watch_suite(SuiteLink& link);

}  // namespace crowdjack
