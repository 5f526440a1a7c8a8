// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace crowdjack {

// How long the setlist waits for others, in seconds.
constexpr double silence_patience_s = 1.0;  ///< of a deck that says nothing: the session's restart comes first
constexpr double lost_after_s = 4.0;        ///< a deck that has said nothing for so long is gone
constexpr double command_patience_s = 1.0;  ///< until a deck's state must show what it was told

}  // namespace crowdjack
