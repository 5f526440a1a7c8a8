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

}  // namespace crowdjack
