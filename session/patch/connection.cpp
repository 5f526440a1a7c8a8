// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/connection.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr std::string_view own_name_mark{" @ "};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What is wrong with one side, or "".
std::string side_error(std::string_view side, std::string_view which) {
    const std::string name = "its " + std::string{which} + " '" + std::string{side} + "' ";
    const auto colon = side.find(':');
    if (side.empty()) {
        return "its " + std::string{which} + " is missing";
    }
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == side.size()) {
        return name + "is not of the form client:port";
    }
    if (side.find(own_name_mark) == std::string_view::npos && std::count(side.begin(), side.end(), '*') > 1) {
        return name + "has more than one *";
    }
    return {};
}

}  // namespace

PortPattern::PortPattern(std::string text) : text_{std::move(text)}, star_{text_.find('*')} {
    if (const auto at = text_.find(own_name_mark); at != std::string::npos) {
        own_name_ = text_.substr(at + own_name_mark.size());
        star_ = std::string::npos;  // one in a card's name is a star
    }
}

std::optional<std::string> PortPattern::match(std::string_view port) const {
    if (!own_name_.empty()) {
        return port == own_name_ ? std::optional{std::string{}} : std::nullopt;
    }
    if (!has_star()) {
        return port == text_ ? std::optional{std::string{}} : std::nullopt;
    }
    const std::string_view before = std::string_view{text_}.substr(0, star_);
    const std::string_view after = std::string_view{text_}.substr(star_ + 1);
    if (port.size() < before.size() + after.size() || !port.starts_with(before) || !port.ends_with(after)) {
        return std::nullopt;
    }
    return std::string{port.substr(before.size(), port.size() - before.size() - after.size())};
}

std::string PortPattern::with(std::string_view text) const {
    if (!own_name_.empty()) {
        return own_name_;
    }
    return has_star() ? text_.substr(0, star_) + std::string{text} + text_.substr(star_ + 1) : text_;
}

bool PortPattern::may_name(const std::string& client_name) const {
    return PortPattern{client()}.match(client_name).has_value();
}

std::optional<Connection> parse_connection(std::string_view text, std::string& why) {
    const auto arrow = text.find("->");
    if (arrow == std::string_view::npos) {
        why = "it has no '->' between source and sink";
        return std::nullopt;
    }
    if (text.find("->", arrow + 2) != std::string_view::npos) {
        why = "it has more than one '->'";
        return std::nullopt;
    }
    const std::string_view source = trimmed(text.substr(0, arrow));
    const std::string_view sink = trimmed(text.substr(arrow + 2));
    why = side_error(source, "source");
    if (why.empty()) {
        why = side_error(sink, "sink");
    }
    const Connection connection{PortPattern{std::string{source}}, PortPattern{std::string{sink}}, 0};
    if (why.empty() && connection.source.has_star() != connection.sink.has_star()) {
        why = "the * stands for the same text on both sides, so both need one or neither";
    }
    return why.empty() ? std::optional{connection} : std::nullopt;
}

}  // namespace crowdjack
