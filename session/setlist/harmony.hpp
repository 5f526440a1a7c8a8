// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace crowdjack {

/// Do two tracks in these keys sound well together? The same key, its neighbours on the circle of fifths, and the
/// relative major or minor do (on the Camelot wheel: the same number, or one beside it with the same letter). A key
/// that is not known goes with none.
/// @param a, b  in any notation: Gm, G minor, 6A, 11m
[[nodiscard]] bool keys_go_together(std::string_view a, std::string_view b);

}  // namespace crowdjack
