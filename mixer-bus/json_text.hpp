// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace crowdjack {

/// Any bytes as text that JSON can hold, and back: a strip's or a file's name need not be UTF-8. What is UTF-8 stays
/// as it is but for `%`; other text has its bytes from 0x80 on written as %XX.
/// @{
[[nodiscard]] std::string json_text(std::string_view bytes);
[[nodiscard]] std::string bytes_of_json_text(std::string_view text);
/// @}

/// True when the bytes are UTF-8 (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

}  // namespace crowdjack
