// SPDX-License-Identifier: GPL-3.0-or-later
// Text from outside (names, paths, other programs' words), made fit for a terminal and a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace crowdjack {

/// How many bytes the first character of `text` takes, when it is one that may be shown; 0 when it is a control
/// character (also of C1, or one that turns the direction of writing) or no UTF-8.
[[nodiscard]] std::size_t shown_length(std::string_view text) noexcept;

/// Appends one byte as \xNN.
void append_escaped(std::string& out, char byte);

/// `text` with every byte that may not be shown as \xNN. @param keep_lines  line feeds stay what they are
[[nodiscard]] std::string printable(std::string_view text, bool keep_lines = false);

}  // namespace crowdjack
