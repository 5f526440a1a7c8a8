// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_state.hpp"

#include "common/error.hpp"
#include "mixer-bus/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

/// What a strip keeps; whether it is soloed is kept beside it.
constexpr std::array<std::pair<const char*, StripParameter>, strip_parameter_count - 1> strip_names{
    {{"trim", StripParameter::trim},
     {"low", StripParameter::low},
     {"mid", StripParameter::mid},
     {"high", StripParameter::high},
     {"gain", StripParameter::fader},
     {"unmuted", StripParameter::mute},
     {"pfl", StripParameter::pfl},
     {"pan", StripParameter::pan}}};
constexpr std::array<std::pair<const char*, MixerParameter>, mixer_parameter_count> mixer_names{
    {{"master", MixerParameter::master}, {"phones", MixerParameter::phones}, {"cue_mix", MixerParameter::cue_mix}}};

/// A state file may have been edited: nothing in it may deafen anybody.
void preset(MixerControl& control, ParameterId id, const nlohmann::json& object, const char* key, double low = 0.0,
            double high = 4.0) {
    if (const auto value = object.find(key); value != object.end() && value->is_number()) {
        const auto number = value->get<double>();
        if (std::isfinite(number)) {
            control.preset(id, static_cast<float>(std::clamp(number, low, high)));
        }
    }
}

}  // namespace

std::string saved_state(MixerControl& control, const SilenceWatch& silence) {
    nlohmann::ordered_json state;
    state["mixer"] = 1;
    for (std::size_t i = 0; i < control.setup().strips.size(); ++i) {
        for (const auto& [name, parameter] : strip_names) {
            state["strips"][json_text(control.setup().strips[i])][name] = control.final_target({i, parameter});
        }
        state["strips"][json_text(control.setup().strips[i])]["solo"] = control.soloed(i);
    }
    for (const auto& [name, parameter] : mixer_names) {
        state[name] = control.final_target(ParameterId{parameter});
    }
    state["limiter"] = control.limiter().on;
    state["ceiling"] = control.limiter().ceiling;
    state["silence"] = {{"threshold_db", silence.settings().threshold_db}, {"seconds", silence.settings().seconds}};
    return state.dump(1) + "\n";
}

void restore_state(MixerControl& control, SilenceWatch& silence, const std::string& text) {
    const auto state = nlohmann::json::parse(text, nullptr, false);
    if (!state.is_object() || !state.contains("mixer")) {
        throw Failure{"the saved state is no mixer's: start without --resume"};
    }
    const auto strips = state.find("strips");
    std::array<bool, max_strips> soloed{};
    for (std::size_t i = 0; i < control.setup().strips.size() && strips != state.end(); ++i) {
        const auto strip = strips->find(json_text(control.setup().strips[i]));
        if (strip == strips->end() || !strip->is_object()) {
            continue;
        }
        for (const auto& [name, parameter] : strip_names) {
            const bool pan = parameter == StripParameter::pan;
            preset(control, {i, parameter}, *strip, name, pan ? -1.0 : 0.0, pan ? 1.0 : 4.0);
        }
        const auto solo = strip->find("solo");
        soloed[i] = solo != strip->end() && *solo == true;
    }
    control.preset_solo(soloed);
    for (const auto& [name, parameter] : mixer_names) {
        preset(control, ParameterId{parameter}, state, name);
    }
    LimiterCommand limiter;
    limiter.on = !state.contains("limiter") || state["limiter"] != false;
    if (const auto ceiling = state.find("ceiling"); ceiling != state.end() && ceiling->is_number()) {
        limiter.ceiling = static_cast<float>(std::clamp(ceiling->get<double>(), 0.001, 10.0));
    }
    control.preset(limiter);
    if (const auto kept = state.find("silence"); kept != state.end() && kept->is_object()) {
        const SilenceWatch::Settings usual;
        const auto number = [&](const char* key, double low, double high, double otherwise) {
            const auto value = kept->find(key);
            return value != kept->end() && value->is_number() ? std::clamp(value->get<double>(), low, high) : otherwise;
        };
        silence.set(
            {number("threshold_db", -160.0, 0.0, usual.threshold_db), number("seconds", 0.1, 3600.0, usual.seconds)});
    }
}

}  // namespace crowdjack
