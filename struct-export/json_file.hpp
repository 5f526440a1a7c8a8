// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace crowdjack {

/// The bytes of a regular file of at most `limit` bytes.
/// @throws Failure naming the file when it is larger, not regular or unreadable; a larger one is not read at all
[[nodiscard]] std::string read_bounded(const std::filesystem::path& file, std::uintmax_t limit);

/// Parses JSON text, nested at most 64 deep, keeping the order of keys.
/// @param name  what to call it in errors
/// @throws Failure with `name`, line and column
[[nodiscard]] nlohmann::ordered_json parse_json(const std::string& text, const std::string& name);

/// A structure file: at most 16 MB (a ten-hour track has less than one).
/// @throws Failure naming file, line and column
[[nodiscard]] nlohmann::ordered_json read_json(const std::filesystem::path& file);

/// An object as a person would write it: one line per key.
[[nodiscard]] std::string tidy_json(const nlohmann::ordered_json& object);

}  // namespace crowdjack
