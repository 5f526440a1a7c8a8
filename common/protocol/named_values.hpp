// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that are name/value pairs: the health of deck, mixer and follower, the state of mixer, session and setlist.
#pragma once

#include "common/osc_message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crowdjack {

/// In their order; a name may come more than once. Numbers as the shortest digits that read back the same.
using NamedValues = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] NamedValues named_values(const OscArguments& arguments);

/// The first value of that name, also as a number.
/// @{
[[nodiscard]] std::optional<std::string> named_text(const NamedValues& values, std::string_view name);
[[nodiscard]] std::optional<double> named_number(const NamedValues& values, std::string_view name);
/// @}

/// A message of pairs under construction: Pairs{at::mixer_health}.add("xruns", 0.0).message().
class Pairs {
public:
    explicit Pairs(const char* address) : message_{address} {}
    Pairs& add(std::string_view name, double value) {
        message_.text(name).precise(value);
        return *this;
    }
    Pairs& add(std::string_view name, std::string_view value) {
        message_.text(name).text(value);
        return *this;
    }
    [[nodiscard]] OscMessage& message() noexcept { return message_; }

private:
    OscMessage message_;
};

}  // namespace crowdjack
