// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// The name among `names` that `wrong` was probably meant to be; empty when none is near.
[[nodiscard]] std::string nearest_name(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace crowdjack
