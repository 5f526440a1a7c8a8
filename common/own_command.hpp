// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace crowdjack {

/// The words this program was started with. The first is the bare name if it was found on PATH, else the whole path.
[[nodiscard]] std::vector<std::string> own_command();

/// The same without the options named, whether as `--option VALUE` or `--option=VALUE`.
/// @param with_value  options with a value; @param switches  options without
[[nodiscard]] std::vector<std::string> without_options(const std::vector<std::string>& words,
                                                       const std::vector<std::string>& with_value,
                                                       const std::vector<std::string>& switches);

/// Words for a shell: quoted where they must be.
[[nodiscard]] std::string shell_text(const std::vector<std::string>& words);

/// It means the same to a shell and to whoever only splits a command at blanks (qjackctl).
[[nodiscard]] bool is_plain_word(const std::string& word);

/// Any text as a plain word, byte by byte: `a b` is `a%20b`; and back.
/// @{
[[nodiscard]] std::string percent_encoded(const std::string& text);
[[nodiscard]] std::string percent_decoded(const std::string& text);
/// @}

/// Arguments as a file for `--arguments-from`: one a line, percent-encoded.
[[nodiscard]] std::string arguments_text(const std::vector<std::string>& arguments);

/// The words of a command line with `--arguments-from FILE` (percent-encoded) replaced by what the file holds.
/// @throws UsageError when it can't be read
[[nodiscard]] std::vector<std::string> with_arguments_of_files(const std::vector<std::string>& words);

/// How to call this program as a plain word: by its name when PATH leads to the same file, else by its path (which a
/// blank in it makes usable for shells only).
[[nodiscard]] std::string plain_program(const std::string& program);

}  // namespace crowdjack
