// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/harmony.hpp"

#include "struct-export/musical_key.hpp"

namespace crowdjack {

bool keys_go_together(std::string_view a, std::string_view b) {
    const auto first = musical_key(a);
    const auto second = musical_key(b);
    if (!first || !second) {
        return false;
    }
    constexpr int pitches = 12;
    constexpr int fifth = 7;
    constexpr int minor_third = 3;
    const bool same_mode = *first / pitches == *second / pitches;
    const int up = ((*second - *first) % pitches + pitches) % pitches;
    if (same_mode) {
        return up == 0 || up == fifth || up == pitches - fifth;
    }
    // From a major key down a minor third to its relative minor; from a minor key up.
    return up == (*first < pitches ? pitches - minor_third : minor_third);
}

}  // namespace crowdjack
