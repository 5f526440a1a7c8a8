// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace crowdjack {

/// Reads this program and its libraries into memory, so that the audio thread's first walk through some function does
/// not wait for the disk (a page of code that was never run, or that was dropped under memory pressure, is a major
/// fault).
///
/// Best effort, a few milliseconds; the kernel may drop pages again later. Never on the audio thread.
void make_program_resident() noexcept;

}  // namespace crowdjack
