// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace crowdjack {

/// Which of the 24 keys a text names: 0…11 major from C on, 12…23 minor; nothing when it names none.
///
/// Understood in any case are names (Gm, G minor, Abm, G#min, F♯, E flat major), Camelot's wheel (6A, 06A) and Open Key
/// (11m, 4d).
[[nodiscard]] std::optional<int> musical_key(std::string_view text);

/// Whether two texts are the same, or name the same key: G#m is Abm is 1A.
[[nodiscard]] bool same_key(std::string_view a, std::string_view b);

}  // namespace crowdjack
