// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <array>
#include <cctype>
#include <set>
#include <string>

namespace crowdjack {

namespace {

constexpr std::array<Band, band_count> bands{Band::low, Band::mid, Band::high};

/// Reads a band in one of its two scales.
struct BandScale {
    double highest;
    const char* name;
    float (*to_gain)(const EqCurve&, double);
    double (*from_gain)(const EqCurve&, float);
};

constexpr BandScale percent{100.0, "percent",
                            [](const EqCurve& curve, double value) { return curve.gain(value).value; },
                            [](const EqCurve& curve, float gain) { return curve.percent(Gain{gain}); }};
constexpr BandScale linear{highest_gain, "linear_gain",
                           [](const EqCurve&, double value) { return static_cast<float>(value); },
                           [](const EqCurve&, float gain) { return static_cast<double>(gain); }};

class StripCommands {
public:
    StripCommands(ClientShell& shell, MixerControl& control) : shell_{shell}, control_{control} {}

    [[nodiscard]] const MixerControl& control() const noexcept { return control_; }

    /// One number that ramps: gain, trim, pan.
    void number(const StripRequest& strip, StripParameter parameter, const char* name, double low, double high) {
        strip.expect(0, 3, std::string{"s:strip [f:"} + name + " [d:ramp_s [i:frame]]]");
        const ParameterId id{strip.strip, parameter};
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            strip.request.reply_to.send(answer.real(control_.target(id)).real(control_.current(id)));
            return;
        }
        const double value = strip.arguments().number(strip.first, name, low, high);
        move_or_refuse(control_, id, timing_arguments(shell_, strip.request, strip.first + 1).to(value));
        finish(strip);
    }

    void fade(const StripRequest& strip) {
        strip.expect(0, 4, "s:strip [f:to d:seconds [i:frame] [s:linear|equal-power]]");
        const ParameterId id{strip.strip, StripParameter::fader};
        if (strip.values() == 0) {
            const Automation& fader = control_.parameter(id);
            const double left =
                fader.moving() && shell_.has_jack()
                    ? to_seconds(fader.end() - shell_.jack().last_frame(), shell_.jack().format().rate).value
                    : 0.0;
            OscMessage answer = strip.answer();
            strip.request.reply_to.send(answer.real(control_.current(id)).real(fader.target()).precise(left));
            return;
        }
        const double to = strip.arguments().number(strip.first, "to", 0.0, highest_gain);
        const double seconds = strip.arguments().number(strip.first + 1, "seconds", 0.0, longest_ramp_seconds);
        const std::size_t third = strip.first + 2;
        const bool names_frame = !strip.arguments().is_text(third);
        Timing when =
            timing(shell_, names_frame ? frame_at(shell_, strip.request, third) : std::optional<JackFrame>{}, seconds);
        if (shape_argument(strip) == FadeShape::equal_power) {
            when.shape = FadeShape::equal_power;
        }
        move_or_refuse(control_, id, when.to(to));
        finish(strip);
    }

    void band(StripRequest strip, const BandScale& scale) {
        const std::string usage = std::string{"s:strip s:low|mid|high [f:"} + scale.name + " [d:ramp_s [i:frame]]]";
        need_eq();
        if (!strip.take_band()) {
            answer_bands(strip, scale);
            return;
        }
        strip.expect(0, 3, usage);
        const ParameterId id{strip.strip, parameter_of(*strip.band)};
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            answer.real(static_cast<float>(scale.from_gain(control_.setup().curve, control_.target(id))));
            strip.request.reply_to.send(answer);
            return;
        }
        const double value = strip.arguments().number(strip.first, scale.name, 0.0, scale.highest);
        const float gain = scale.to_gain(control_.setup().curve, value);
        const Timing when = timing_arguments(shell_, strip.request, strip.first + 1);
        move_or_refuse(control_, id, when.to(static_cast<double>(gain)));
        finish(strip);
    }

    void all_bands(const StripRequest& strip) {
        strip.expect(0, 5, "s:strip [f:low f:mid f:high [d:ramp_s [i:frame]]]");
        need_eq();
        if (strip.values() == 0) {
            answer_bands(strip, percent);
            return;
        }
        std::array<double, band_count> gains{};
        for (std::size_t i = 0; i < band_count; ++i) {
            const double value = strip.arguments().number(strip.first + i, "percent", 0.0, 100.0);
            gains[i] = static_cast<double>(control_.setup().curve.gain(value).value);
        }
        const Timing when = timing_arguments(shell_, strip.request, strip.first + 3);
        for (std::size_t i = 0; i < band_count; ++i) {  // all three or none
            if (!control_.has_room({strip.strip, parameter_of(bands[i])}, when.to(gains[i]))) {
                refuse_unless(MixerControl::Sent::too_many_waiting);
            }
        }
        for (std::size_t i = 0; i < band_count; ++i) {
            move_or_refuse(control_, {strip.strip, parameter_of(bands[i])}, when.to(gains[i]));
        }
        finish(strip);
    }

    /// @param on_gain  what the parameter is when the switch is on
    void flip(const StripRequest& strip, StripParameter parameter, float on_gain) {
        if (answers_switch(strip, control_.target({strip.strip, parameter}) == on_gain)) {
            return;
        }
        const bool on = strip.arguments().flag(strip.first, "on");
        const Timing when = timing(shell_, frame_at(shell_, strip.request, strip.first + 1), {});
        move_or_refuse(control_, {strip.strip, parameter}, when.to(static_cast<double>(on ? on_gain : 1.0F - on_gain)));
        finish(strip);
    }

    void solo(const StripRequest& strip) {
        if (answers_switch(strip, control_.soloed(strip.strip))) {
            return;
        }
        const bool on = strip.arguments().flag(strip.first, "on");
        const Timing when = timing(shell_, frame_at(shell_, strip.request, strip.first + 1), {});
        refuse_unless(control_.solo(strip.strip, on, when.to(1.0)));
        finish(strip);
    }

    void forget(const StripRequest& strip) {
        strip.expect(0, 1, "s:strip");
        if (strip.values() == 0 || is_pressed(strip.arguments(), strip.first)) {
            refuse_unless(control_.forget_waiting(strip.strip));
        }
        finish(strip);
    }

private:
    /// True when this was the question, and has been answered.
    static bool answers_switch(const StripRequest& strip, bool is_on) {
        strip.expect(0, 2, "s:strip [T|F [i:frame]]");
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            strip.request.reply_to.send(answer.flag(is_on));
            return true;
        }
        strip.arguments().expect_no_text(strip.first + 1);
        return false;
    }

    /// The string at the end of a fade, which may follow an omitted frame.
    static FadeShape shape_argument(const StripRequest& strip) {
        const OscArguments& arguments = strip.arguments();
        const bool given = strip.values() == 4 || arguments.is_text(strip.first + 2);
        if (!given) {
            return FadeShape::linear;
        }
        const std::size_t last = arguments.size() - 1;
        arguments.expect_no_text(strip.first + 2, last);
        const std::string_view shape = arguments.text(last, "shape");
        if (shape != "linear" && shape != "equal-power") {
            throw OscError{OscErrorCode::bad_arguments,
                           "a fade is linear or equal-power, not '" + std::string{shape} + "'"};
        }
        return shape == "equal-power" ? FadeShape::equal_power : FadeShape::linear;
    }

    void need_eq() const {
        if (!control_.setup().mixer.has_eq) {
            throw OscError{OscErrorCode::refused, "this mixer was started with --no-eq"};
        }
    }

    void answer_bands(const StripRequest& strip, const BandScale& scale) {
        OscMessage answer = strip.answer();
        for (const Band which : bands) {
            const float gain = control_.target({strip.strip, parameter_of(which)});
            answer.real(static_cast<float>(scale.from_gain(control_.setup().curve, gain)));
        }
        strip.request.reply_to.send(answer);
    }

    void finish(const StripRequest& strip) {
        shell_.state_changed();
        strip.done();
    }

    ClientShell& shell_;
    MixerControl& control_;
};

/// Every command that names a strip.
struct StripCommand {
    const char* name;
    bool has_bands;  ///< /mixer/STRIP/NAME/BAND, too
    void (*obey)(StripCommands&, const StripRequest&);
};

constexpr std::array<StripCommand, 11> commands{{
    {"gain", false, [](auto& c, const auto& r) { c.number(r, StripParameter::fader, "linear", 0.0, highest_gain); }},
    {"trim", false, [](auto& c, const auto& r) { c.number(r, StripParameter::trim, "linear", 0.0, highest_gain); }},
    {"pan", false, [](auto& c, const auto& r) { c.number(r, StripParameter::pan, "left_to_right", -1.0, 1.0); }},
    {"fade", false, [](auto& c, const auto& r) { c.fade(r); }},
    {"eq", true, [](auto& c, const auto& r) { c.band(r, percent); }},
    {"filter", true, [](auto& c, const auto& r) { c.band(r, linear); }},
    {"eq_all", false, [](auto& c, const auto& r) { c.all_bands(r); }},
    {"forget", false, [](auto& c, const auto& r) { c.forget(r); }},
    {"mute", false, [](auto& c, const auto& r) { c.flip(r, StripParameter::mute, 0.0F); }},
    {"pfl", false, [](auto& c, const auto& r) { c.flip(r, StripParameter::pfl, 1.0F); }},
    {"solo", false, [](auto& c, const auto& r) { c.solo(r); }},
}};

/// How a strip may be written in an address: as it is named, all small, all capital. A name with characters that no
/// address can have is reached as an argument only.
std::set<std::string> spellings(const std::string& strip) {
    if (strip.find_first_of(" #*,/?[]{}") != std::string::npos) {
        return {};
    }
    std::string small = strip;
    std::string capital = strip;
    for (char& c : small) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    for (char& c : capital) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return {strip, small, capital};
}

}  // namespace

void register_strip_commands(ClientShell& shell, MixerControl& control) {
    const auto strips = std::make_shared<StripCommands>(shell, control);
    const auto handle = [&](const std::string& address, const StripCommand& command) {
        shell.osc().handle(address, [strips, obey = command.obey](const OscRequest& request) {
            obey(*strips, strip_request(request, strips->control()));
        });
    };
    std::set<std::string> names;
    for (const auto& strip : control.setup().strips) {
        names.merge(spellings(strip));
    }
    for (const auto& command : commands) {
        handle(std::string{"/mixer/"} + command.name, command);
        for (const auto& strip : names) {
            const std::string address = "/mixer/" + strip + "/" + command.name;
            handle(address, command);
            for (std::size_t i = 0; i < band_count && command.has_bands; ++i) {
                handle(address + "/" + std::string{band_names[i]}, command);
            }
        }
    }
}

}  // namespace crowdjack
