// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/description.hpp"

#include "common/nearest_name.hpp"

#include <algorithm>
#include <initializer_list>
#include <unordered_map>

namespace crowdjack::protocol {

namespace {

constexpr Way command{Role::command};
constexpr Way parameter{Role::parameter};
constexpr Way question{Role::question};
constexpr Way event{Role::event};
constexpr Way report{Role::report};

using Kind = Argument::Kind;

constexpr Argument s(std::string_view name, std::string_view choices = {}) {
    Argument argument{name, 's', Kind::text};
    argument.choices = choices;
    return argument;
}
constexpr Argument f(std::string_view name, double low, double high, std::string_view unit) {
    return {name, 'f', Kind::number, low, high, unit};
}
constexpr Argument d(std::string_view name, double low, double high, std::string_view unit) {
    return {name, 'd', Kind::number, low, high, unit};
}
constexpr Argument i(std::string_view name, double low, double high, std::string_view unit = {}) {
    return {name, 'i', Kind::whole, low, high, unit};
}
constexpr Argument t(std::string_view name) { return {name, 'T', Kind::flag, 0, 1}; }
constexpr Argument frame(std::string_view name = "frame") { return {name, 'i', Kind::frame, 0, 0, "frame"}; }

constexpr Description described(std::string_view form, std::string_view address, Way way, Server server,
                                std::string_view sentence, std::initializer_list<Argument> arguments) {
    Description description{form, address, way, server, sentence};
    for (const Argument& argument : arguments) {
        description.all_arguments.at(description.argument_count++) = argument;
    }
    return description;
}

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): one line of addresses.inc makes a name and a description
#define ADDRESS(name, form, way, server, sentence, ...)                                                                \
    described(form, at::name, way, Server::server, sentence, {__VA_ARGS__}),
constexpr std::array table{
#include "common/protocol/addresses.inc"
};
#undef ADDRESS

using Segments = std::vector<std::string_view>;

Segments segments_of(std::string_view address) {
    Segments segments;
    while (!address.empty()) {
        address.remove_prefix(1);  // the slash
        const std::size_t slash = std::min(address.find('/'), address.size());
        segments.push_back(address.substr(0, slash));
        address.remove_prefix(slash);
    }
    return segments;
}

bool is_selector(std::string_view segment) { return segment.starts_with('{'); }

std::string_view selector_name(std::string_view segment) { return segment.substr(1, segment.size() - 2); }

std::optional<std::size_t> argument_named(const Description& description, std::string_view name) {
    const auto arguments = description.arguments();
    const auto found =
        std::find_if(arguments.begin(), arguments.end(), [name](const Argument& each) { return each.name == name; });
    return found == arguments.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - arguments.begin())};
}

/// Fits `given` from `g` on to `form` from `n` on; selectors may be left out of the address.
bool fits(const Segments& form, std::size_t n, const Segments& given, std::size_t g, Resolved& resolved) {
    if (n == form.size() || g == given.size()) {
        const bool rest_are_arguments = std::all_of(
            form.begin() + static_cast<std::ptrdiff_t>(n), form.end(), [&resolved](std::string_view segment) {
                return is_selector(segment) && argument_named(*resolved.description, selector_name(segment));
            });
        return g == given.size() && rest_are_arguments;
    }
    if (!is_selector(form[n])) {
        return form[n] == given[g] && fits(form, n + 1, given, g + 1, resolved);
    }
    const auto argument = argument_named(*resolved.description, selector_name(form[n]));
    if (!argument) {
        resolved.deck = given[g];
        if (!given[g].empty() && fits(form, n + 1, given, g + 1, resolved)) {
            return true;
        }
        resolved.deck = {};
        return fits(form, n + 1, given, g, resolved);
    }
    resolved.selectors.push_back({*argument, given[g]});
    if (!given[g].empty() && fits(form, n + 1, given, g + 1, resolved)) {
        return true;
    }
    resolved.selectors.pop_back();
    return fits(form, n + 1, given, g, resolved);
}

struct Form {
    const Description* description;
    Segments segments;
};

/// The forms with selectors, by the address's first segment.
const std::unordered_map<std::string_view, std::vector<Form>>& forms() {
    static const auto all = [] {
        std::unordered_map<std::string_view, std::vector<Form>> grouped;
        for (const Description& each : table) {
            if (each.form != each.address) {
                Segments segments = segments_of(each.form);
                std::vector<Form>& group = grouped[segments.front()];
                group.push_back({&each, std::move(segments)});
            }
        }
        return grouped;
    }();
    return all;
}

}  // namespace

std::span<const Description> descriptions() { return table; }

const Description* description_of(std::string_view address) {
    static const auto by_address = [] {
        std::unordered_map<std::string_view, const Description*> all;
        for (const Description& each : table) {
            all.emplace(each.address, &each);
        }
        return all;
    }();
    const auto found = by_address.find(address);
    return found == by_address.end() ? nullptr : found->second;
}

std::optional<Resolved> resolve(std::string_view address) {
    if (!address.starts_with('/')) {
        return std::nullopt;
    }
    const Segments given = segments_of(address);
    const auto family = forms().find(given.front());
    if (family == forms().end()) {
        return std::nullopt;
    }
    for (const Form& form : family->second) {
        Resolved resolved{form.description, {}, {}};
        if (fits(form.segments, 0, given, 0, resolved)) {
            return resolved;
        }
    }
    return std::nullopt;
}

std::string filled(std::string_view address, std::initializer_list<std::string_view> selectors) {
    std::string text;
    const auto* next = selectors.begin();
    for (const std::string_view segment : segments_of(description_of(address)->form)) {
        if (!is_selector(segment)) {
            text.append("/").append(segment);
        } else if (next != selectors.end()) {
            text.append("/").append(*next++);
        }
    }
    return text;
}

std::string nearest_address(std::string_view address) {
    std::vector<std::string> all;
    for (const Description& each : table) {
        all.emplace_back(each.address);
    }
    return nearest_name(address, all);
}

bool is_told(std::string_view address, char first_tag) {
    const Description* description = description_of(address);
    if (description == nullptr) {
        const auto resolved = resolve(address);
        description = resolved ? resolved->description : nullptr;
    }
    if (description == nullptr) {
        return false;
    }
    const Way& way = description->way;
    const bool told = way.told && way.role == Role::question;
    return way.role == Role::event || (told && first_tag != 0 && way.answer.starts_with(first_tag));
}

std::size_t Description::selectors() const noexcept {
    const auto all = arguments();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [this](const Argument& argument) {
        const std::size_t found = form.find(argument.name);
        return found != std::string_view::npos && found > 0 && form[found - 1] == '{' &&
               form.substr(found + argument.name.size(), 1) == "}";
    }));
}

std::size_t Description::least() const noexcept {
    const auto all = arguments();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Argument& argument) { return !argument.optional; }));
}

std::size_t Description::most() const noexcept {
    constexpr std::size_t as_many_as_fit = 256;
    return argument_count > 0 && arguments().back().repeats ? as_many_as_fit : argument_count;
}

std::optional<std::size_t> Description::frame_index() const noexcept {
    for (std::size_t at = 0; at < argument_count; ++at) {
        if (arguments()[at].kind == Argument::Kind::frame) {
            return at;
        }
    }
    return std::nullopt;
}

bool Description::asks(std::size_t count) const noexcept {
    if (way.role == Role::question) {
        return count == 0;
    }
    return way.role == Role::parameter && count <= selectors() && (count > 0 || selectors() == 0);
}

bool Description::is_button(bool by_address) const noexcept {
    if (way.role != Role::command || way.free) {
        return false;
    }
    const auto all = arguments().subspan(selectors());
    if (std::any_of(all.begin(), all.end(), [](const Argument& argument) { return !argument.optional; })) {
        return false;
    }
    return all.empty() || all.front().kind == Argument::Kind::frame || (way.pressed && by_address);
}

std::string Description::usage() const {
    std::string text;
    for (const Argument& argument : arguments()) {
        text += text.empty() ? "" : " ";
        text += argument.optional ? "[" : "";
        if (argument.kind == Argument::Kind::flag) {
            text.append("T|F:").append(argument.name);
        } else if (!argument.choices.empty()) {
            text.append("s:").append(argument.choices);
        } else {
            text += argument.tag;
            text.append(":").append(argument.name).append(argument.kind == Argument::Kind::frame ? "|N" : "");
        }
        text += argument.repeats ? "…" : "";
        text += argument.optional ? "]" : "";
    }
    return text.empty() ? "without arguments" : text;
}

}  // namespace crowdjack::protocol
