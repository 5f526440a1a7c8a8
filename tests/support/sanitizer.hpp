// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace crowdjack::test {

#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif

/// Whether this program is compiled with AddressSanitizer, by gcc or clang: it answers mlock() itself, and its memory
/// grows and faults by itself.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// Likewise ThreadSanitizer.
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif

}  // namespace crowdjack::test
