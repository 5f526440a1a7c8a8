// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_atom.hpp"
#include "common/quantities.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// Codes of `/error s:ADDRESS i:CODE s:MESSAGE`.
enum class OscErrorCode : std::int32_t { bad_arguments = 1, not_found = 2, not_ready = 3, refused = 4, failed = 5 };

/// Thrown by a handler to answer `/error`.
class OscError : public std::runtime_error {
public:
    OscError(OscErrorCode error_code, const std::string& message) : std::runtime_error{message}, code{error_code} {}
    OscErrorCode code;
};

/// A message under construction: OscMessage{at::reply}.text(at::deck_start).integer(frame).
class OscMessage {
public:
    explicit OscMessage(std::string address) : address_{std::move(address)} {}
    OscMessage(std::string address, std::vector<OscAtom> atoms)
        : address_{std::move(address)}, atoms_{std::move(atoms)} {}
    OscMessage& integer(std::int32_t value) { return add(value); }
    OscMessage& wide(std::int64_t value) { return add(value); }  ///< type h
    OscMessage& real(float value) { return add(value); }         ///< type f
    OscMessage& precise(double value) { return add(value); }     ///< type d
    OscMessage& text(std::string_view value) { return add(std::string{value}); }
    OscMessage& flag(bool value) { return add(value); }  ///< T or F
    OscMessage& nil() { return add(OscNothing{}); }
    /// i: the low 32 bits' pattern
    OscMessage& frame(JackFrame value) { return add(static_cast<std::int32_t>(wire_frame(value))); }
    OscMessage& add(OscAtom atom) {
        atoms_.push_back(std::move(atom));
        return *this;
    }

    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] const std::vector<OscAtom>& atoms() const noexcept { return atoms_; }
    /// The packet as it goes on the wire.
    [[nodiscard]] std::vector<char> serialised() const;

private:
    std::string address_;
    std::vector<OscAtom> atoms_;
};

/// A checked view of a received message's arguments. Every getter throws OscError{bad_arguments} that names the
/// argument, what was expected and what came. Numbers may be i, h, f or d in any mix and are always finite.
class OscArguments {
public:
    OscArguments() = default;
    explicit OscArguments(std::vector<OscAtom> atoms);

    [[nodiscard]] std::size_t size() const noexcept { return atoms_.size(); }
    [[nodiscard]] bool empty() const noexcept { return atoms_.empty(); }
    [[nodiscard]] std::string_view types() const noexcept { return types_; }
    [[nodiscard]] const std::vector<OscAtom>& atoms() const noexcept { return atoms_; }
    [[nodiscard]] bool is_number(std::size_t i) const noexcept;
    [[nodiscard]] bool is_text(std::size_t i) const noexcept;
    [[nodiscard]] bool is_flag(std::size_t i) const noexcept;  ///< T, F, or a number (as switches may come)
    [[nodiscard]] bool all_finite() const noexcept;            ///< no f or d is NaN or infinite

    [[nodiscard]] double number(std::size_t i, std::string_view name) const;
    /// @throws OscError{bad_arguments} outside [low, high], too
    [[nodiscard]] double number(std::size_t i, std::string_view name, double low, double high) const;
    /// A whole number in [low, high]; 2.0 as f or d counts as 2.
    [[nodiscard]] std::int64_t integer(std::size_t i, std::string_view name, std::int64_t low, std::int64_t high) const;
    [[nodiscard]] bool flag(std::size_t i, std::string_view name) const;
    [[nodiscard]] std::string_view text(std::size_t i, std::string_view name) const;
    /// A frame's low 32 bits. A float is none: it would be a button's 1.0.
    [[nodiscard]] WireFrame frame(std::size_t i, std::string_view name) const;

    /// The same, but nothing when the argument is missing, nil, or (numbers only) a string stands there.
    /// @{
    [[nodiscard]] std::optional<double> optional_number(std::size_t i, std::string_view name) const;
    [[nodiscard]] std::optional<double> optional_number(std::size_t i, std::string_view name, double low,
                                                        double high) const;
    [[nodiscard]] std::optional<WireFrame> optional_frame(std::size_t i, std::string_view name) const;
    /// The last argument when it is a string and stands at or after position `first`.
    [[nodiscard]] std::optional<std::string_view> trailing_text(std::size_t first) const;
    /// @}

    /// For commands whose optional numbers no string follows. @throws OscError{bad_arguments} when one stands among the
    /// arguments [first, end)
    /// @{
    void expect_no_text(std::size_t first, std::size_t end) const;
    void expect_no_text(std::size_t first) const { expect_no_text(first, size()); }
    /// @}

    /// @throws OscError{bad_arguments} when more than `most` or fewer than `least` arguments came; `usage` says what
    /// should
    void expect(std::size_t least, std::size_t most, std::string_view usage) const;

private:
    std::vector<OscAtom> atoms_;
    std::string types_;
};

}  // namespace crowdjack
