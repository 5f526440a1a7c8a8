// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/trace.hpp"

#include <vector>

namespace crowdjack {

/// A detector reports about once a second, and the follower takes the median of five reports. A trace of 60 values a
/// second would turn that into a median of 80 ms, and the target would flap with every step of a dancer. So what has
/// more than 2.5 reports a second is thinned to one each second: the median of that second's values, of each kind and
/// zone, at the time of the last one. Other traces, and ten reports or fewer, stay as they are.
/// @param events  in order of time
/// @returns whether it was thinned
bool thin_dense_reports(std::vector<TraceEvent>& events);

}  // namespace crowdjack
