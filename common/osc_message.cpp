// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_message.hpp"

#include <lo/lo.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>

namespace crowdjack {

namespace {

struct FreeMessage {
    void operator()(void* message) const noexcept { lo_message_free(message); }
};

void add_to(lo_message message, const OscAtom& atom) {
    std::visit(Overloaded{[&](std::int32_t value) { lo_message_add_int32(message, value); },
                          [&](std::int64_t value) { lo_message_add_int64(message, value); },
                          [&](float value) { lo_message_add_float(message, value); },
                          [&](double value) { lo_message_add_double(message, value); },
                          [&](const std::string& value) { lo_message_add_string(message, value.c_str()); },
                          [&](bool value) { value ? lo_message_add_true(message) : lo_message_add_false(message); },
                          [&](OscNothing) { lo_message_add_nil(message); }},
               atom);
}

template <typename Number>
std::string shortest(Number value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

}  // namespace

std::string text_of(const OscAtom& atom) {
    return std::visit(Overloaded{[](const std::string& value) { return value; },
                                 [](bool value) { return std::string{value ? "true" : "false"}; },
                                 [](OscNothing) { return std::string{}; }, [](auto value) { return shortest(value); }},
                      atom);
}

std::vector<char> OscMessage::serialised() const {
    const std::unique_ptr<void, FreeMessage> message{lo_message_new()};
    for (const OscAtom& atom : atoms_) {
        add_to(message.get(), atom);
    }
    std::vector<char> packet(lo_message_length(message.get(), address_.c_str()));
    lo_message_serialise(message.get(), address_.c_str(), packet.data(), nullptr);
    return packet;
}

namespace {

[[noreturn]] void refuse(std::size_t i, std::string_view name, const std::string& complaint) {
    throw OscError{OscErrorCode::bad_arguments,
                   "argument " + std::to_string(i + 1) + " (" + std::string{name} + ") " + complaint};
}

std::string number_text(double value) {
    std::string text = std::to_string(value);
    while (text.back() == '0') {
        text.pop_back();
    }
    if (text.back() == '.') {
        text.pop_back();
    }
    return text;
}

}  // namespace

OscArguments::OscArguments(std::vector<OscAtom> atoms) : atoms_{std::move(atoms)} {
    std::transform(atoms_.begin(), atoms_.end(), std::back_inserter(types_), tag_of);
}

bool OscArguments::all_finite() const noexcept {
    return std::all_of(atoms_.begin(), atoms_.end(), [](const OscAtom& atom) {
        return atom.index() == 4 || std::isfinite(number_of(atom));  // 4: a text
    });
}

bool OscArguments::is_number(std::size_t i) const noexcept {
    return i < size() && (types_[i] == 'i' || types_[i] == 'h' || types_[i] == 'f' || types_[i] == 'd');
}

bool OscArguments::is_text(std::size_t i) const noexcept { return i < size() && types_[i] == 's'; }

bool OscArguments::is_flag(std::size_t i) const noexcept {
    return is_number(i) || (i < size() && (types_[i] == 'T' || types_[i] == 'F'));
}

double OscArguments::number(std::size_t i, std::string_view name) const {
    if (i >= size()) {
        refuse(i, name, "is missing: a number is needed");
    }
    if (!is_number(i)) {
        refuse(i, name, std::string{"is of type '"} + types_[i] + "': a number is needed");
    }
    const double value = number_of(atoms_[i]);
    if (!std::isfinite(value)) {
        refuse(i, name, "is not a finite number");
    }
    return value;
}

double OscArguments::number(std::size_t i, std::string_view name, double low, double high) const {
    const double value = number(i, name);
    if (value < low || value > high) {
        refuse(i, name, "is " + number_text(value) + ": must be " + number_text(low) + " to " + number_text(high));
    }
    return value;
}

std::int64_t OscArguments::integer(std::size_t i, std::string_view name, std::int64_t low, std::int64_t high) const {
    const double value = number(i, name, static_cast<double>(low), static_cast<double>(high));
    if (value != std::floor(value)) {
        refuse(i, name, "is " + number_text(value) + ": a whole number is needed");
    }
    return static_cast<std::int64_t>(value);
}

bool OscArguments::flag(std::size_t i, std::string_view name) const {
    if (i < size() && (types_[i] == 'T' || types_[i] == 'F')) {
        return types_[i] == 'T';
    }
    if (i < size() && !is_number(i)) {
        refuse(i, name, std::string{"is of type '"} + types_[i] + "': T, F, 1 or 0 is needed");
    }
    return number(i, name) != 0.0;
}

std::string_view OscArguments::text(std::size_t i, std::string_view name) const {
    if (i >= size()) {
        refuse(i, name, "is missing: a string is needed");
    }
    if (!is_text(i)) {
        refuse(i, name, std::string{"is of type '"} + types_[i] + "': a string is needed");
    }
    return std::get<std::string>(atoms_[i]);
}

std::optional<double> OscArguments::optional_number(std::size_t i, std::string_view name) const {
    if (i >= size() || types_[i] == 'N' || is_text(i)) {
        return std::nullopt;
    }
    return number(i, name);
}

std::optional<double> OscArguments::optional_number(std::size_t i, std::string_view name, double low,
                                                    double high) const {
    if (i >= size() || types_[i] == 'N' || is_text(i)) {
        return std::nullopt;
    }
    return number(i, name, low, high);
}

WireFrame OscArguments::frame(std::size_t i, std::string_view name) const {
    if (i >= size()) {
        refuse(i, name, "is missing: a frame is needed");
    }
    // An i carries the low 32 bits' pattern (maybe negative), an h the number itself, of which those bits count.
    if (const auto* const narrow = std::get_if<std::int32_t>(&atoms_[i])) {
        return static_cast<WireFrame>(*narrow);
    }
    if (const auto* const wide = std::get_if<std::int64_t>(&atoms_[i])) {
        return static_cast<WireFrame>(*wide);
    }
    refuse(i, name, std::string{"is of type '"} + types_[i] + "': a frame comes as i or h, or as N for at once");
}

std::optional<WireFrame> OscArguments::optional_frame(std::size_t i, std::string_view name) const {
    if (i >= size() || types_[i] == 'N' || is_text(i)) {
        return std::nullopt;
    }
    return frame(i, name);
}

std::optional<std::string_view> OscArguments::trailing_text(std::size_t first) const {
    if (size() > first && is_text(size() - 1)) {
        return text(size() - 1, {});
    }
    return std::nullopt;
}

void OscArguments::expect_no_text(std::size_t first, std::size_t end) const {
    for (std::size_t i = first; i < std::min(end, size()); ++i) {
        if (is_text(i)) {
            refuse(i, "optional", "is a string: a number is needed, or nothing");
        }
    }
}

void OscArguments::expect(std::size_t least, std::size_t most, std::string_view usage) const {
    if (size() < least || size() > most) {
        throw OscError{OscErrorCode::bad_arguments,
                       std::to_string(size()) + " arguments came: use " + std::string{usage}};
    }
}

}  // namespace crowdjack
