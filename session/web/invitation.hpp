// SPDX-License-Identifier: GPL-3.0-or-later
// What a person needs to get in: the token, the link, the QR code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::web {

/// The token in `file`, which is made (with a new random token, for its owner only) when it is not there. A file that
/// others may read is made the owner's.
/// @throws Failure naming the file when it can't be read or holds no usable token
[[nodiscard]] std::string token_of(const std::filesystem::path& file);

/// 128 random bits as text that a URL may hold.
[[nodiscard]] std::string random_token();

/// Numeric IPv4 addresses under which other machines reach this one, if any.
[[nodiscard]] std::vector<std::string> addresses_of_this_machine();
/// Its host name, and the same with `.local`.
[[nodiscard]] std::vector<std::string> names_of_this_machine();

/// `http://ADDRESS:PORT/#token=TOKEN`: what follows the # stays in the browser.
/// @param bind  what the server listens on; for 0.0.0.0 an address that a phone can reach
[[nodiscard]] std::string link(const std::string& bind, std::uint16_t port, const std::optional<std::string>& token);

/// The text as a QR code of half blocks, dark on light on a dark terminal too; empty when it is too long for one.
[[nodiscard]] std::string qr_code(const std::string& text);

}  // namespace crowdjack::web
