// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace crowdjack {

/// Parses JSON text, nested at most 64 deep, keeping the order of keys.
/// @param name  what to call it in errors
/// @throws Failure with `name`, line and column
[[nodiscard]] nlohmann::ordered_json parse_json(const std::string& text, const std::string& name);

/// What a NaN or Infinity, which Python writes and JSON doesn't have, is read as.
constexpr std::string_view nan_as_null = "null";
constexpr std::string_view nan_as_text = "\"NaN\"";  ///< so that a reader of numbers names it

/// The same, with such numbers. @param nan  JSON text to stand for each of them
[[nodiscard]] nlohmann::ordered_json parse_python_json(const std::string& text, const std::string& name,
                                                       std::string_view nan);

/// A structure file: at most 16 MB (a ten-hour track has less than one).
/// @throws Failure naming file, line and column
/// @{
[[nodiscard]] nlohmann::ordered_json read_json(const std::filesystem::path& file);
[[nodiscard]] nlohmann::ordered_json read_python_json(const std::filesystem::path& file, std::string_view nan);
/// @}

/// An object as a person would write it: one line per key.
[[nodiscard]] std::string tidy_json(const nlohmann::ordered_json& object);

}  // namespace crowdjack
