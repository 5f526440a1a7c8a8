// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/midi/midi_map.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::midi {

/// Finds out what kind of control is being moved from the messages of the moment. Pure.
class Listener {
public:
    static constexpr double moment_s = 0.4;  ///< a movement is over when nothing came for so long

    void heard(const RawMidi& message, double now_s);
    /// The control that was moved, once it rests. Forgets it.
    [[nodiscard]] std::optional<Source> rested(double now_s);

private:
    std::vector<RawMidi> messages_;
    double last_s_{0.0};
};

/// Writes a map, one control after the other: one is moved, its address is named, done.
class Learner {
public:
    /// Goes on with what the file holds; makes it when it is not there. @throws as load_map()
    explicit Learner(std::filesystem::path file);

    void heard(const RawMidi& message, double now_s) { listener_.heard(message, now_s); }
    /// What to say to the user, if anything; several times a second.
    [[nodiscard]] std::optional<std::string> look(double now_s);
    /// A line that the user typed. @returns what to say
    [[nodiscard]] std::string answered(const std::string& line);

private:
    std::filesystem::path file_;
    MidiMap map_;
    Listener listener_;
    std::optional<Source> moved_;
    std::string asked_twice_;  ///< the address whose conflict was said: the same again means it
};

}  // namespace crowdjack::midi
