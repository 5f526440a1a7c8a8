// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/realtime.hpp"

#include <dlfcn.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <cstdint>
#endif

namespace crowdjack {

namespace {

using Hook = void (*)();
using Query = int (*)();

Hook hook(const char* name) noexcept { return reinterpret_cast<Hook>(dlsym(RTLD_DEFAULT, name)); }

// Present only when the test trap is preloaded.
const Hook enter_hook = hook("crowdjack_trap_enter");
const Hook leave_hook = hook("crowdjack_trap_leave");
const Hook lift_hook = hook("crowdjack_trap_lift");
const Hook restore_hook = hook("crowdjack_trap_restore");
const Query armed_query = reinterpret_cast<Query>(dlsym(RTLD_DEFAULT, "crowdjack_trap_armed"));

void call(Hook function) noexcept {
    if (function != nullptr) {
        function();
    }
}

}  // namespace

CROWDJACK_EVERY_CYCLE RealtimeScope::RealtimeScope() noexcept { call(enter_hook); }
CROWDJACK_EVERY_CYCLE RealtimeScope::~RealtimeScope() { call(leave_hook); }
RealtimeExemption::RealtimeExemption() noexcept { call(lift_hook); }
RealtimeExemption::~RealtimeExemption() { call(restore_hook); }

bool on_audio_thread() noexcept { return armed_query != nullptr && armed_query() != 0; }

void disable_denormals() noexcept {
#if defined(__SSE2__)
    constexpr unsigned flush_to_zero = 1U << 15U;
    constexpr unsigned denormals_are_zero = 1U << 6U;
    _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__)
    constexpr std::uint64_t flush_to_zero = std::uint64_t{1} << 24U;
    std::uint64_t control{};
    asm volatile("mrs %0, fpcr" : "=r"(control));
    asm volatile("msr fpcr, %0" : : "r"(control | flush_to_zero));
#endif
}

}  // namespace crowdjack
