// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a received message against its description. Pure functions; any thread.
#pragma once

#include "common/osc_message.hpp"
#include "common/protocol/description.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack::protocol {

/// @throws OscError{bad_arguments} that names the argument, what came and what should, and the usage
void check(const Description& description, const OscArguments& arguments);

/// A lone number or switch where none is needed.
enum class Button { none, press, release };
/// @param in_address  how many selectors stood in the address (with `{deck}`, when that did)
[[nodiscard]] Button button(const Description& description, const OscArguments& arguments, std::size_t in_address);

/// The arguments with those that stood in the address put in their places; numbers as i.
/// @throws OscError{bad_arguments} for a selector that should be a number and is none
[[nodiscard]] OscArguments with_selectors(const Resolved& resolved, const OscArguments& arguments);

/// The arguments with `frame` where the description has one, unless one is given.
/// @returns nothing when the address takes no frame
[[nodiscard]] std::optional<OscArguments> with_frame(const Description& description, const OscArguments& arguments,
                                                     JackFrame frame);
/// Is a frame given?
[[nodiscard]] bool has_frame(const Description& description, const OscArguments& arguments);

/// How an answer is written to who had selectors in the address: at that address, without them.
struct Spelling {
    std::string asked, plain;            ///< /mixer/A/gain, /mixer/gain
    std::vector<std::string> selectors;  ///< A

    [[nodiscard]] OscMessage of(const OscMessage& answer) const;
};

}  // namespace crowdjack::protocol
