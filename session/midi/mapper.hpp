// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/midi/midi_map.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::midi {

/// A map at work: messages of the controller become commands, values of the suite become lamps. Pure: the caller says
/// what time it is.
class Mapper {
public:
    /// What is to be said to the suite.
    struct Wish {
        std::string address;
        Json arguments = Json::array();
    };
    struct Outlets {
        std::function<void(const Wish&)> say;
        std::function<void(const RawMidi&)> show;  ///< as soon as possible
    };

    /// @param map  outlives this
    Mapper(const MidiMap& map, Outlets outlets);

    /// How many frames a second has: for lead_ms.
    void set_rate(double rate) noexcept { rate_ = rate; }

    void heard(const RawMidi& message, double now_s);

    /// What has to be asked again and again, for lamps and for soft take-over: one question for each index.
    struct Question {
        std::size_t control{};
        std::string address;
        Json arguments = Json::array();
    };
    [[nodiscard]] std::vector<Question> questions() const;
    /// The answer to such a question, without its selectors.
    void answered(std::size_t control, const std::vector<Json>& values, double now_s);

    /// Shows everything anew: the controller was plugged in again.
    void forget_lamps();

private:
    static constexpr double own_move_s = 0.4;  ///< after a move of its own a control does not listen to old answers

    struct State {
        SourceReader reader;
        Pickup pickup;
        std::optional<double> position;  ///< of the parameter
        std::optional<bool> on;
        double moved_s{-1.0};
        int shown{-1};
    };

    void act(std::size_t index, const Gesture& gesture, std::int64_t frame, double now_s);
    void turn(std::size_t index, const Gesture& gesture, std::int64_t frame, double now_s);
    void say(const Control& control, std::vector<Json> values, std::int64_t frame);
    void show(std::size_t index, double position);
    [[nodiscard]] bool is_soft(const Control& control) const { return control.soft.value_or(map_.soft); }

    const MidiMap& map_;
    Outlets outlets_;
    double rate_{48000.0};
    std::vector<State> states_;
};

}  // namespace crowdjack::midi
