// SPDX-License-Identifier: GPL-3.0-or-later
// Made-up music whose tempo, beats, bars and key are known exactly, in the styles that analyses find easy and hard.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace crowdjack::test {

enum class Style {
    house,      ///< four on the floor, claps, off-beat hats and bass
    loud_hats,  ///< four on the floor under off-beat hats that are louder than it
    techno,     ///< four on the floor, rumbling sixteenths, no chords to speak of
    trance,     ///< off-beat bass, arpeggios, a long break without drums
    breaks,     ///< a broken beat with ghost notes
    jungle,     ///< the same at 160 and more, two-beat snares
    hip_hop,    ///< swung, below 100
    half_time,  ///< kick on one, snare on three
    two_step,   ///< garage: shuffled, the kick leaves out beats
    rock,       ///< eighths, fills every fourth bar
    waltz,      ///< three beats to the bar
    slow_intro  ///< sixteen bars of pads before the drums come in
};
inline constexpr std::array all_styles{Style::house,    Style::loud_hats, Style::techno,  Style::trance,
                                       Style::breaks,   Style::jungle,    Style::hip_hop, Style::half_time,
                                       Style::two_step, Style::rock,      Style::waltz,   Style::slow_intro};
[[nodiscard]] const char* style_name(Style style) noexcept;

struct SongSpec {
    Style style{Style::house};
    double bpm{120.0};
    int rate{44100};
    int bars{48};
    double lead_in_s{0.0};   ///< silence before the first beat
    int key{0};              ///< 0…11 major from C on, 12…23 minor
    std::uint32_t seed{1};   ///< of sounds and patterns
    bool drums_only{false};  ///< without any chord
};

struct Song {
    std::vector<float> stereo;  ///< interleaved
    double bpm{};
    double first_beat_s{};  ///< a downbeat
    int beats_per_bar{4};
    int key{};  ///< -1: none
};

/// The same spec gives the same samples.
[[nodiscard]] Song make_song(const SongSpec& spec);

/// A spec whose tempo (with decimals), key, lead-in, rate and sounds follow from `seed`, in the style's usual range.
[[nodiscard]] SongSpec random_spec(Style style, std::uint32_t seed);

}  // namespace crowdjack::test
