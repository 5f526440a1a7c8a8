// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/named_values.hpp"

#include <algorithm>
#include <charconv>

namespace crowdjack {

NamedValues named_values(const OscArguments& arguments) {
    NamedValues values;
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        if (arguments.is_text(i)) {
            values.emplace_back(arguments.text(i, "name"), text_of(arguments.atoms()[i + 1]));
        }
    }
    return values;
}

std::optional<std::string> named_text(const NamedValues& values, std::string_view name) {
    const auto found = std::find_if(values.begin(), values.end(), [name](const auto& v) { return v.first == name; });
    return found == values.end() ? std::nullopt : std::optional{found->second};
}

std::optional<double> named_number(const NamedValues& values, std::string_view name) {
    const auto text = named_text(values, name);
    double value = 0.0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

}  // namespace crowdjack
