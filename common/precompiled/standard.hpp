// SPDX-License-Identifier: GPL-3.0-or-later
// Precompiled: what nearly every source file of a program reads. Each file still includes what it uses.
#ifndef CROWDJACK_PRECOMPILED_STANDARD
#define CROWDJACK_PRECOMPILED_STANDARD

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#endif
