// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_message.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace crowdjack {

OscMessage::OscMessage(std::string address) : address_{std::move(address)}, message_{lo_message_new()} {}

OscMessage& OscMessage::integer(std::int32_t value) {
    lo_message_add_int32(raw(), value);
    return *this;
}

OscMessage& OscMessage::real(float value) {
    lo_message_add_float(raw(), value);
    return *this;
}

OscMessage& OscMessage::precise(double value) {
    lo_message_add_double(raw(), value);
    return *this;
}

OscMessage& OscMessage::text(std::string_view value) {
    lo_message_add_string(raw(), std::string{value}.c_str());
    return *this;
}

OscMessage& OscMessage::flag(bool value) {
    value ? lo_message_add_true(raw()) : lo_message_add_false(raw());
    return *this;
}

OscMessage& OscMessage::nil() {
    lo_message_add_nil(raw());
    return *this;
}

OscMessage& OscMessage::frame(JackFrame value) { return integer(static_cast<std::int32_t>(wire_frame(value))); }

OscMessage OscMessage::copy() const {
    OscMessage same{address_};
    same.message_.reset(lo_message_clone(message_.get()));
    return same;
}

std::vector<char> OscMessage::serialised() const {
    std::vector<char> packet(lo_message_length(raw(), address_.c_str()));
    lo_message_serialise(raw(), address_.c_str(), packet.data(), nullptr);
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

OscArguments::OscArguments(lo_message message)
    : message_{message},
      types_{lo_message_get_types(message), static_cast<std::size_t>(lo_message_get_argc(message))} {}

template <typename T>
T OscArguments::as(std::size_t i) const noexcept {
    T value{};
    std::memcpy(&value, lo_message_get_argv(message_)[i], sizeof value);
    return value;
}

bool OscArguments::all_finite() const noexcept {
    for (std::size_t i = 0; i < size(); ++i) {
        if ((types_[i] == 'f' && !std::isfinite(as<float>(i))) || (types_[i] == 'd' && !std::isfinite(as<double>(i)))) {
            return false;
        }
    }
    return true;
}

bool OscArguments::is_number(std::size_t i) const noexcept {
    return i < size() && (types_[i] == 'i' || types_[i] == 'h' || types_[i] == 'f' || types_[i] == 'd');
}

bool OscArguments::is_text(std::size_t i) const noexcept {
    return i < size() && (types_[i] == 's' || types_[i] == 'S');
}

bool OscArguments::is_flag(std::size_t i) const noexcept {
    return is_number(i) || (i < size() && (types_[i] == 'T' || types_[i] == 'F'));
}

double OscArguments::number(std::size_t i, std::string_view name) const {
    if (i >= size()) {
        refuse(i, name, "is missing: a number is needed");
    }
    switch (types_[i]) {
    case 'i':
        return static_cast<double>(as<std::int32_t>(i));
    case 'h':
        return static_cast<double>(as<std::int64_t>(i));
    case 'f':
        if (const auto value = as<float>(i); std::isfinite(value)) {
            return static_cast<double>(value);
        }
        break;
    case 'd':
        if (const auto value = as<double>(i); std::isfinite(value)) {
            return value;
        }
        break;
    default:
        refuse(i, name, std::string{"is of type '"} + types_[i] + "': a number is needed");
    }
    refuse(i, name, "is not a finite number");
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
    return reinterpret_cast<const char*>(lo_message_get_argv(message_)[i]);
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

std::optional<WireFrame> OscArguments::optional_frame(std::size_t i, std::string_view name) const {
    if (i >= size() || types_[i] == 'N' || is_text(i)) {
        return std::nullopt;
    }
    // An i carries the low 32 bits' pattern (maybe negative); h, f and d the number itself, of which those bits count.
    constexpr auto low = static_cast<double>(std::numeric_limits<std::int32_t>::min());
    constexpr double high = 9.0e15;  // whole numbers are exact in a double up to here
    if (types_[i] == 'i') {
        return static_cast<WireFrame>(as<std::int32_t>(i));
    }
    if (types_[i] == 'h') {
        return static_cast<WireFrame>(as<std::int64_t>(i));
    }
    return static_cast<WireFrame>(static_cast<std::int64_t>(std::floor(number(i, name, low, high))));
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
