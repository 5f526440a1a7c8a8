// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/musical_key.hpp"

#include "struct-export/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace crowdjack {

namespace {

constexpr int pitches = 12;
constexpr int fifth = 7;        ///< semitones; one hour of either wheel
constexpr int minor_third = 3;  ///< semitones from a minor key up to its relative major
constexpr int camelot_c = 8;    ///< C major is 8B,
constexpr int open_key_c = 1;   ///< and 1d
constexpr std::array<int, 7> natural_pitches{9, 11, 0, 2, 4, 5, 7};  ///< of a, b, c, d, e, f, g

int key_of(int pitch, bool minor) noexcept { return ((pitch % pitches) + pitches) % pitches + (minor ? pitches : 0); }

/// Lower case, without blanks, dashes and the like, accidentals as # and b.
std::string plain(std::string_view text) {
    std::string result = match_key(text);
    std::erase_if(result, [](char c) { return std::string_view{" \t-_:"}.find(c) != std::string_view::npos; });
    constexpr std::array<std::array<std::string_view, 2>, 4> spellings{
        {{"♯", "#"}, {"♭", "b"}, {"sharp", "#"}, {"flat", "b"}}};
    for (const auto& [long_form, short_form] : spellings) {
        if (const auto at = result.find(long_form); at != std::string::npos) {
            result.replace(at, long_form.size(), short_form);
        }
    }
    return result;
}

/// A place on a wheel of fifths: 6a, 11m.
std::optional<int> wheel_key(std::string_view text) {
    int hour = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hour);
    if (error != std::errc{} || end + 1 != text.data() + text.size() || hour < 1 || hour > pitches) {
        return std::nullopt;
    }
    const bool camelot = *end == 'a' || *end == 'b';
    if (!camelot && *end != 'm' && *end != 'd') {
        return std::nullopt;
    }
    const bool minor = *end == 'a' || *end == 'm';
    const int relative_major = fifth * (hour + pitches - (camelot ? camelot_c : open_key_c));
    return key_of(relative_major - (minor ? minor_third : 0), minor);
}

std::optional<int> named_key(std::string_view text) {
    if (text.empty() || text.front() < 'a' || text.front() > 'g') {
        return std::nullopt;
    }
    int pitch = natural_pitches[static_cast<std::size_t>(text.front() - 'a')];
    text.remove_prefix(1);
    if (text.starts_with('#') || text.starts_with('b')) {
        pitch += text.front() == '#' ? 1 : -1;
        text.remove_prefix(1);
    }
    for (const std::string_view major : {"", "maj", "major", "dur"}) {
        if (text == major) {
            return key_of(pitch, false);
        }
    }
    for (const std::string_view minor : {"m", "min", "minor", "moll"}) {
        if (text == minor) {
            return key_of(pitch, true);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<int> musical_key(std::string_view text) {
    const std::string name = plain(text);
    const auto on_a_wheel = wheel_key(name);
    return on_a_wheel ? on_a_wheel : named_key(name);
}

bool same_key(std::string_view a, std::string_view b) {
    const auto key = musical_key(a);
    return match_key(trimmed(a)) == match_key(trimmed(b)) || (key && key == musical_key(b));
}

}  // namespace crowdjack
