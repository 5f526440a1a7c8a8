// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/protocol/description.hpp"
#include "session/midi/control_value.hpp"
#include "session/midi/midi_event.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::midi {

using Json = nlohmann::json;

/// What a control does when it is pressed.
enum class Press {
    usual,   ///< a command: once when pressed; a switch: the other way at each press; a value: where it stands
    toggle,  ///< a switch: the other way at each press
    hold     ///< a switch: on while pressed
};

/// One line of a map: what is moved, what it moves, what shows it.
struct Control {
    std::optional<Source> input, output;
    std::string address;          ///< as described, with its selectors in it
    std::vector<Json> arguments;  ///< before the value
    std::optional<Scale> scale;   ///< of values; else the description's range
    Press press{Press::usual};
    std::optional<bool> soft;  ///< soft take-over, else the map's
    double step{1.0 / 127.0};  ///< of relative controls: share of the way for one step
    std::string equals;        ///< the output is lit while the first value answered is this
    std::string place;         ///< `map.toml:12`, for messages

    // From the description.
    enum class Kind { command, flag, value, lamp };
    Kind kind{Kind::command};
    const protocol::Description* description{};
    std::size_t selectors{};  ///< of its arguments that stand in the address
};

struct MidiMap {
    std::string device;
    double lead_ms{0.0};  ///< added to each frame
    bool soft{true};
    std::vector<Control> controls;
    std::vector<std::string> conflicts;  ///< in words: two controls that hear the same, two that move the same
};

inline constexpr std::size_t longest_map = 1'000'000;  ///< bytes

/// @throws Failure when the file can't be read; UsageError with file, line and the nearest right name when it is wrong
[[nodiscard]] MidiMap load_map(const std::filesystem::path& file);
[[nodiscard]] MidiMap parse_map(std::string_view text, const std::string& name);

/// Looks up the address and settles the control's kind and scale. @throws UsageError
void settle(Control& control);

/// One `[[control]]` as it is written into a map.
[[nodiscard]] std::string toml_of(const Control& control);

/// In words, what of `map` would clash with a control that hears `input` and moves `address`; empty when nothing does.
[[nodiscard]] std::vector<std::string> conflicts_with(const MidiMap& map, const Source& input,
                                                      const std::string& address);

}  // namespace crowdjack::midi
