// SPDX-License-Identifier: GPL-3.0-or-later
// Text in rows and fields, as RFC 4180 and spreadsheets write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// One record: the fields with their quotes resolved, and the line it begins at.
struct CsvRecord {
    std::vector<std::string> fields;
    int line{};
    std::string problem;  ///< why it can't be read, with its place; empty when it can
};

/// Splits a text into its records. Lines may end in LF or CRLF, fields may hold quoted separators, quotes and line
/// ends; a byte order mark and empty lines are passed over. A quote that is never closed, or that text follows, spoils
/// its own line only.
/// @param source  names the text in errors
[[nodiscard]] std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& source, char separator = ',');

/// A field as RFC 4180 wants it written: quoted when it must be.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace crowdjack
