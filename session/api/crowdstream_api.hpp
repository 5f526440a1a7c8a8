// SPDX-License-Identifier: GPL-3.0-or-later
// The old crowdstream OSC API as words: what each message asks for. Pure: no sockets, no decks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace crowdjack {

/// A number (i, h, f, d), a switch (T, F), a text, or nothing (N).
using ApiArgument = std::variant<std::monostate, double, bool, std::string>;
using ApiArguments = std::vector<ApiArgument>;

/// The arguments do not say what the address needs; the message says which, what came and what is right.
class ApiError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace api {

struct Cue {
    char deck{};
    std::string path;
    double fraction{};  ///< of the track's length, 0…1
    std::optional<double> bpm{};
};
struct StartGroup {
    double start_at{};  ///< seconds from arrival
    std::string decks;  ///< letters, each once
};
struct Play {
    char deck{};
    std::string path;
    double start_at{};
};
struct Fade {
    char deck{};
    double start_at{};
    double seconds{};
};
/// One level per strip from A on, 0…1; missing ones stay as they are.
using Levels = std::array<std::optional<float>, 4>;
struct Band {
    char deck{};
    std::string band;  ///< low | mid | high
    float value{};     ///< percent 0…100, or linear gain
};
struct Bands {
    char deck{};
    std::array<float, 3> percent{};  ///< low, mid, high, 0…100
};
struct LoadBuffer {
    std::int32_t id{};
    std::string path, name;
};
struct PlayStem {
    std::int32_t id{};
    double rate{1.0};
    std::optional<float> volume;  ///< 0…1
    bool loop{true};
    double start{};                 ///< fraction of its length, 0…1
    std::optional<double> seconds;  ///< /play_stem_section: stops after that long
};
struct StemVolume {
    std::int32_t id{};
    float volume{};
};

/// Each throws ApiError.
/// @{
[[nodiscard]] Cue parse_cue(const ApiArguments& arguments);
[[nodiscard]] StartGroup parse_start_group(const ApiArguments& arguments);
[[nodiscard]] Play parse_play(const ApiArguments& arguments);
[[nodiscard]] Fade parse_fade(const ApiArguments& arguments);
[[nodiscard]] Levels parse_crossfade(const ApiArguments& arguments);
[[nodiscard]] Levels parse_deck_levels(const ApiArguments& arguments);
[[nodiscard]] Band parse_deck_eq(const ApiArguments& arguments);
[[nodiscard]] Bands parse_deck_eq_all(const ApiArguments& arguments);
[[nodiscard]] Band parse_deck_filter(const ApiArguments& arguments);
[[nodiscard]] LoadBuffer parse_load_buffer(const ApiArguments& arguments);
[[nodiscard]] PlayStem parse_play_stem(const ApiArguments& arguments);
[[nodiscard]] PlayStem parse_play_stem_section(const ApiArguments& arguments);
[[nodiscard]] std::int32_t parse_stop_stem(const ApiArguments& arguments);
[[nodiscard]] StemVolume parse_stem_volume(const ApiArguments& arguments);
[[nodiscard]] double parse_set_tempo(const ApiArguments& arguments);  ///< BPM
[[nodiscard]] int parse_set_meter(const ApiArguments& arguments);     ///< beats per bar
[[nodiscard]] bool parse_print_clock(const ApiArguments& arguments);  ///< default on
[[nodiscard]] double parse_schedule(const ApiArguments& arguments);   ///< seconds from /reset
[[nodiscard]] double parse_test_tone(const ApiArguments& arguments);  ///< Hz, default 440
/// @}

/// `a`, `A`, `deck-a` → `A`. @throws ApiError for anything but a letter A…Z
[[nodiscard]] char deck_letter(std::string_view text);

/// The deck a buffer belongs to: A 100–1099, B 1100–2099, C 2100–3099, D 3100–4099. @throws ApiError
[[nodiscard]] char deck_of_buffer(std::int32_t id);

}  // namespace api

}  // namespace crowdjack
