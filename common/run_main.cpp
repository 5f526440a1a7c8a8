// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/run_main.hpp"

#include "common/error.hpp"

#include <cstdio>
#include <exception>

namespace crowdjack {

int run_main(const char* program, const std::function<int()>& body) noexcept {
    try {
        return body();
    } catch (const UsageError& error) {
        std::fprintf(stderr, "%s: %s\n", program, error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", program, error.what());
        return 1;
    }
}

}  // namespace crowdjack
