// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/mman.h>

#include <cstddef>

namespace crowdjack {

/// Locks a piece of memory, so that it stays, and touches each of its pages, so that it is there even where it can't be
/// locked. What it holds stays as it is. While only this thread uses it.
/// @returns whether it could be locked (the limit is `ulimit -l`)
inline bool lock_and_touch(void* memory, std::size_t size) noexcept {
    constexpr std::size_t smallest_page = 4096;
    const bool locked = ::mlock(memory, size) == 0;
    auto* const bytes = static_cast<volatile unsigned char*>(memory);
    for (std::size_t at = 0; at < size; at += smallest_page) {
        bytes[at] = bytes[at];
    }
    if (size > 0) {
        bytes[size - 1] = bytes[size - 1];
    }
    return locked;
}

}  // namespace crowdjack
