// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/desk_state.hpp"

#include "common/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::array<std::pair<const char*, StripParameter>, strip_parameter_count> strip_names{
    {{"trim", StripParameter::trim},
     {"low", StripParameter::low},
     {"mid", StripParameter::mid},
     {"high", StripParameter::high},
     {"gain", StripParameter::fader},
     {"unmuted", StripParameter::mute},
     {"pfl", StripParameter::pfl}}};
constexpr std::array<std::pair<const char*, MixerParameter>, mixer_parameter_count> mixer_names{
    {{"master", MixerParameter::master}, {"phones", MixerParameter::phones}, {"cue_mix", MixerParameter::cue_mix}}};

/// A state file may have been edited: nothing in it may deafen anybody.
void preset(Desk& desk, ParameterId id, const nlohmann::json& object, const char* key) {
    if (const auto value = object.find(key); value != object.end() && value->is_number()) {
        const auto number = value->get<double>();
        if (std::isfinite(number)) {
            desk.preset(id, static_cast<float>(std::clamp(number, 0.0, 4.0)));
        }
    }
}

}  // namespace

std::string saved_state(Desk& desk) {
    nlohmann::ordered_json state;
    state["mixer"] = 1;
    for (std::size_t i = 0; i < desk.setup().strips.size(); ++i) {
        for (const auto& [name, parameter] : strip_names) {
            state["strips"][desk.setup().strips[i]][name] = desk.final_target({i, parameter});
        }
    }
    for (const auto& [name, parameter] : mixer_names) {
        state[name] = desk.final_target(ParameterId{parameter});
    }
    state["limiter"] = desk.limiter().on;
    state["ceiling"] = desk.limiter().ceiling;
    // A strip's name may be any bytes.
    return state.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void restore_state(Desk& desk, const std::string& text) {
    const auto state = nlohmann::json::parse(text, nullptr, false);
    if (!state.is_object() || !state.contains("mixer")) {
        throw Failure{"the saved state is no mixer's: start without --resume"};
    }
    const auto strips = state.find("strips");
    for (std::size_t i = 0; i < desk.setup().strips.size() && strips != state.end(); ++i) {
        const auto strip = strips->find(desk.setup().strips[i]);
        if (strip == strips->end() || !strip->is_object()) {
            continue;
        }
        for (const auto& [name, parameter] : strip_names) {
            preset(desk, {i, parameter}, *strip, name);
        }
    }
    for (const auto& [name, parameter] : mixer_names) {
        preset(desk, ParameterId{parameter}, state, name);
    }
    LimiterCommand limiter;
    limiter.on = !state.contains("limiter") || state["limiter"] != false;
    if (const auto ceiling = state.find("ceiling"); ceiling != state.end() && ceiling->is_number()) {
        limiter.ceiling = static_cast<float>(std::clamp(ceiling->get<double>(), 0.001, 10.0));
    }
    desk.preset(limiter);
}

}  // namespace crowdjack
