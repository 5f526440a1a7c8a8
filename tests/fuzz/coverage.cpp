// SPDX-License-Identifier: GPL-3.0-or-later
// The edges are counted as AFL does it: a place in the code, hashed with the place before it.
#include "tests/fuzz/coverage.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#define NOT_ITSELF __attribute__((no_sanitize_coverage, no_sanitize("address", "undefined")))

namespace {

std::array<std::uint8_t, 65536> taken{};
std::array<std::uint8_t, 65536> known{};  ///< a bit for each order of magnitude of how often
thread_local std::uintptr_t before = 0;

}  // namespace

extern "C" NOT_ITSELF void __sanitizer_cov_trace_pc() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
    const std::uintptr_t place = here * 0x9E3779B97F4A7C15ULL >> 40U;
    std::uint8_t& times = taken.data()[(place ^ before) & 65535U];
    times = static_cast<std::uint8_t>(times + (times < 255 ? 1 : 0));
    before = place >> 1U;
}

namespace crowdjack::test {

NOT_ITSELF void forget_coverage() noexcept {
    __builtin_memset(taken.data(), 0, taken.size());
    before = 0;
}

NOT_ITSELF bool new_coverage() noexcept {
    bool anew = false;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        const unsigned times = taken.data()[i];
        if (times != 0) {
            const unsigned order = 31U - static_cast<unsigned>(__builtin_clz(times));
            const auto bit = static_cast<std::uint8_t>(1U << order);
            anew = anew || (known.data()[i] & bit) == 0;
            known.data()[i] = static_cast<std::uint8_t>(known.data()[i] | bit);
        }
    }
    return anew;
}

}  // namespace crowdjack::test
