// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/mapper.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack::midi {

namespace {

/// A frame as the wire has it: the low 32 bits' pattern.
Json wire(std::int64_t frame) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(frame)); }

double number_of(const Json& value) {
    return value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.is_number() ? value.get<double>() : 0.0;
}

}  // namespace

Mapper::Mapper(const MidiMap& map, Outlets outlets) : map_{map}, outlets_{std::move(outlets)} {
    for (const Control& control : map_.controls) {
        states_.push_back({SourceReader{control.input.value_or(Source{})}, {}, {}, {}});
    }
}

void Mapper::heard(const RawMidi& message, double now_s) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (!map_.controls[i].input) {
            continue;
        }
        const auto gesture = states_[i].reader.read(message);
        if (gesture && !gesture->coarse_only) {
            act(i, *gesture, message.frame, now_s);
        }
    }
}

void Mapper::act(std::size_t index, const Gesture& gesture, std::int64_t frame, double now_s) {
    const Control& control = map_.controls[index];
    State& state = states_[index];
    switch (control.kind) {
    case Control::Kind::command:
    case Control::Kind::lamp:  // with an input: a command that is lit by what it does
        if (gesture.pressed || gesture.steps > 0) {
            say(control, {}, frame);
        }
        return;
    case Control::Kind::flag: {
        const bool released = gesture.position < 0.5 && !gesture.pressed;
        const bool holds = control.press == Press::hold;
        if (!gesture.pressed && !(holds && released)) {
            return;
        }
        const bool on = holds ? gesture.pressed : !state.on.value_or(false);
        state.on = on;
        state.moved_s = now_s;
        say(control, {on}, frame);
        show(index, on ? 1.0 : 0.0);
        return;
    }
    case Control::Kind::value:
        turn(index, gesture, frame, now_s);
        return;
    }
}

void Mapper::turn(std::size_t index, const Gesture& gesture, std::int64_t frame, double now_s) {
    const Control& control = map_.controls[index];
    State& state = states_[index];
    double position = gesture.position;
    if (control.input->form == Form::note && !gesture.pressed) {
        return;  // a pad's velocity is a value, its release is none
    }
    if (control.input->is_relative()) {
        if (!state.position) {
            return;  // steps from where nobody knows
        }
        position = std::clamp(*state.position + gesture.steps * control.step, 0.0, 1.0);
    } else if (is_soft(control) && control.input->form != Form::note && control.input->form != Form::program &&
               !state.pickup.moved_to(position)) {
        return;
    }
    state.position = position;
    state.moved_s = now_s;
    say(control, {control.scale->value(position)}, frame);
}

void Mapper::say(const Control& control, std::vector<Json> values, std::int64_t frame) {
    Wish wish{control.address, control.arguments};
    for (Json& value : values) {
        wish.arguments.push_back(std::move(value));
    }
    if (const auto index = control.description->frame_index(); index && !control.description->way.free) {
        while (control.selectors + wish.arguments.size() < *index) {
            wish.arguments.push_back(nullptr);
        }
        if (control.selectors + wish.arguments.size() == *index) {
            wish.arguments.push_back(wire(frame + std::llround(map_.lead_ms * rate_ / 1000.0)));
        }
    }
    outlets_.say(wish);
}

std::vector<Mapper::Question> Mapper::questions() const {
    std::vector<Question> all;
    for (std::size_t i = 0; i < map_.controls.size(); ++i) {
        const Control& control = map_.controls[i];
        const bool can_be_asked = control.description->asks(control.selectors) &&
                                  (control.arguments.empty() || control.kind == Control::Kind::lamp);
        const bool wanted =
            control.output || control.kind == Control::Kind::flag ||
            (control.kind == Control::Kind::value && (is_soft(control) || control.input->is_relative()));
        if (can_be_asked && wanted) {
            all.push_back({i, control.address});
        }
    }
    return all;
}

void Mapper::answered(std::size_t index, const std::vector<Json>& values, double now_s) {
    const Control& control = map_.controls[index];
    State& state = states_[index];
    if (values.empty() || now_s < state.moved_s + own_move_s) {
        return;
    }
    if (!control.equals.empty()) {
        const std::string text = values.front().is_string() ? values.front().get<std::string>() : values.front().dump();
        show(index, text == control.equals ? 1.0 : 0.0);
        return;
    }
    if (control.kind == Control::Kind::flag) {
        state.on = number_of(values.front()) > 0.5;
        show(index, *state.on ? 1.0 : 0.0);
        return;
    }
    const double position =
        control.scale ? control.scale->position(number_of(values.front())) : number_of(values.front());
    state.position = position;
    state.pickup.parameter_at(position);
    show(index, position);
}

void Mapper::show(std::size_t index, double position) {
    const Control& control = map_.controls[index];
    State& state = states_[index];
    constexpr double fine_steps = 16383.0;
    const int shown = static_cast<int>(std::lround(position * fine_steps));
    if (!control.output || shown == state.shown) {
        return;
    }
    state.shown = shown;
    std::array<RawMidi, 2> messages;
    const std::size_t count = shown_on(*control.output, position, messages);
    for (std::size_t i = 0; i < count; ++i) {
        outlets_.show(messages.at(i));
    }
}

void Mapper::forget_lamps() {
    for (State& state : states_) {
        state.shown = -1;
    }
}

}  // namespace crowdjack::midi
