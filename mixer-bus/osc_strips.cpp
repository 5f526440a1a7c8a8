// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <array>
#include <string>

namespace crowdjack {

namespace {

constexpr std::array<Band, band_count> bands{Band::low, Band::mid, Band::high};

/// Reads a band in one of its two scales.
struct BandScale {
    float (*to_gain)(const EqCurve&, double);
    double (*from_gain)(const EqCurve&, float);
};

constexpr BandScale percent{[](const EqCurve& curve, double value) { return curve.gain(value).value; },
                            [](const EqCurve& curve, float gain) { return curve.percent(Gain{gain}); }};
constexpr BandScale linear{[](const EqCurve&, double value) { return static_cast<float>(value); },
                           [](const EqCurve&, float gain) { return static_cast<double>(gain); }};

class StripCommands {
public:
    StripCommands(ClientShell& shell, MixerControl& control) : shell_{shell}, control_{control} {}

    [[nodiscard]] const MixerControl& control() const noexcept { return control_; }

    /// One number that ramps: gain, trim, pan.
    void number(const StripRequest& strip, StripParameter parameter) {
        const ParameterId id{strip.strip, parameter};
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            strip.request.reply_to.send(answer.real(control_.target(id)).real(control_.current(id)));
            return;
        }
        const double value = strip.arguments().number(strip.first, "value");
        move_or_refuse(control_, id, timing_arguments(shell_, strip.request, strip.first + 1).to(value));
        finish(strip);
    }

    void fade(const StripRequest& strip) {
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
        const double to = strip.arguments().number(strip.first, "to");
        const double seconds = strip.arguments().number(strip.first + 1, "seconds");
        const std::size_t third = strip.first + 2;
        Timing when = timing(shell_, shell_.frame_argument(strip.request, third, "frame"), seconds);
        if (shape_argument(strip) == FadeShape::equal_power) {
            when.shape = FadeShape::equal_power;
        }
        move_or_refuse(control_, id, when.to(to));
        finish(strip);
    }

    void band(StripRequest strip, const BandScale& scale) {
        need_eq();
        if (!strip.take_band()) {
            answer_bands(strip, scale);
            return;
        }
        const ParameterId id{strip.strip, parameter_of(*strip.band)};
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            answer.real(static_cast<float>(scale.from_gain(control_.setup().curve, control_.target(id))));
            strip.request.reply_to.send(answer);
            return;
        }
        const double value = strip.arguments().number(strip.first, "value");
        const float gain = scale.to_gain(control_.setup().curve, value);
        const Timing when = timing_arguments(shell_, strip.request, strip.first + 1);
        move_or_refuse(control_, id, when.to(static_cast<double>(gain)));
        finish(strip);
    }

    void all_bands(const StripRequest& strip) {
        need_eq();
        if (strip.values() == 0) {
            answer_bands(strip, percent);
            return;
        }
        std::array<double, band_count> gains{};
        for (std::size_t i = 0; i < band_count; ++i) {
            const double value = strip.arguments().number(strip.first + i, "percent");
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
        const Timing when = timing(shell_, shell_.frame_argument(strip.request, strip.first + 1, "frame"), {});
        move_or_refuse(control_, {strip.strip, parameter}, when.to(static_cast<double>(on ? on_gain : 1.0F - on_gain)));
        finish(strip);
    }

    void solo(const StripRequest& strip) {
        if (answers_switch(strip, control_.soloed(strip.strip))) {
            return;
        }
        const bool on = strip.arguments().flag(strip.first, "on");
        const Timing when = timing(shell_, shell_.frame_argument(strip.request, strip.first + 1, "frame"), {});
        refuse_unless(control_.solo(strip.strip, on, when.to(1.0)));
        finish(strip);
    }

    void forget(const StripRequest& strip) {
        refuse_unless(control_.forget_waiting(strip.strip));
        finish(strip);
    }

private:
    /// True when this was the question, and has been answered.
    static bool answers_switch(const StripRequest& strip, bool is_on) {
        if (strip.values() == 0) {
            OscMessage answer = strip.answer();
            strip.request.reply_to.send(answer.flag(is_on));
            return true;
        }
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
    const char* address;
    void (*obey)(StripCommands&, const StripRequest&);
};

constexpr std::array<StripCommand, 11> commands{{
    {at::mixer_gain, [](auto& c, const auto& r) { c.number(r, StripParameter::fader); }},
    {at::mixer_trim, [](auto& c, const auto& r) { c.number(r, StripParameter::trim); }},
    {at::mixer_pan, [](auto& c, const auto& r) { c.number(r, StripParameter::pan); }},
    {at::mixer_fade, [](auto& c, const auto& r) { c.fade(r); }},
    {at::mixer_eq, [](auto& c, const auto& r) { c.band(r, percent); }},
    {at::mixer_filter, [](auto& c, const auto& r) { c.band(r, linear); }},
    {at::mixer_eq_all, [](auto& c, const auto& r) { c.all_bands(r); }},
    {at::mixer_forget, [](auto& c, const auto& r) { c.forget(r); }},
    {at::mixer_mute, [](auto& c, const auto& r) { c.flip(r, StripParameter::mute, 0.0F); }},
    {at::mixer_pfl, [](auto& c, const auto& r) { c.flip(r, StripParameter::pfl, 1.0F); }},
    {at::mixer_solo, [](auto& c, const auto& r) { c.solo(r); }},
}};

}  // namespace

void register_strip_commands(ClientShell& shell, MixerControl& control) {
    const auto strips = std::make_shared<StripCommands>(shell, control);
    for (const auto& command : commands) {
        shell.osc().handle(command.address, [strips, obey = command.obey](const OscRequest& request) {
            obey(*strips, strip_request(request, strips->control()));
        });
    }
}

}  // namespace crowdjack
