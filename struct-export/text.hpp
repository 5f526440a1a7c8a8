// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace crowdjack {

/// Unicode NFC: rekordbox on a Mac writes names decomposed, most other programs composed. Bytes that are not UTF-8 stay
/// as they are.
[[nodiscard]] std::string composed(std::string_view text);

/// What two spellings of one name have in common: NFC and case-folded. Not for showing to people.
[[nodiscard]] std::string match_key(std::string_view text);

/// Without white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// `value` with exactly `decimals` digits after the point, whatever the locale.
[[nodiscard]] std::string fixed(double value, int decimals);

/// The shortest text that reads back as exactly `value`.
[[nodiscard]] std::string shortest(double value);

/// A whole text as a finite number with a decimal point; false for anything else.
[[nodiscard]] bool parse_number(std::string_view text, double& value) noexcept;

}  // namespace crowdjack
