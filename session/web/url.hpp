// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crowdjack::web {

/// `%20` → a space; a malformed escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The value of `name` in a query `a=1&b=2`, decoded; empty for a name without a value, nothing when it is not there.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace crowdjack::web
