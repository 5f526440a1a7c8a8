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
    double (*highest)();
    const char* name;
    float (*to_gain)(const EqCurve&, double);
    double (*from_gain)(const EqCurve&, float);
};

constexpr BandScale percent{[] { return 100.0; }, "percent",
                            [](const EqCurve& curve, double value) { return curve.gain(value).value; },
                            [](const EqCurve& curve, float gain) { return curve.percent(Gain{gain}); }};
constexpr BandScale linear{[] { return highest_gain; }, "linear_gain",
                           [](const EqCurve&, double value) { return static_cast<float>(value); },
                           [](const EqCurve&, float gain) { return static_cast<double>(gain); }};

class StripCommands {
public:
    StripCommands(ClientShell& shell, Desk& desk) : shell_{shell}, desk_{desk} {}

    void gain(const OscRequest& request, StripParameter parameter) {
        request.arguments.expect(1, 4, "s:strip [f:linear [d:ramp_s [i:frame]]]");
        const ParameterId id{strip_argument(request, desk_), parameter};
        if (request.arguments.size() == 1) {
            OscMessage answer{std::string{request.address}};
            answer.text(request.arguments.text(0, "strip")).real(desk_.target(id)).real(desk_.current(id));
            request.reply_to.send(answer);
            return;
        }
        const double value = request.arguments.number(1, "linear", 0.0, highest_gain);
        move_or_refuse(desk_, id, timing_arguments(shell_, request, 2).to(value));
        finish(request);
    }

    void fade(const OscRequest& request) {
        request.arguments.expect(1, 5, "s:strip [f:to d:seconds [i:frame] [s:linear|equal-power]]");
        const ParameterId id{strip_argument(request, desk_), StripParameter::fader};
        if (request.arguments.size() == 1) {
            const Automation& fader = desk_.parameter(id);
            const double left = fader.moving() ? static_cast<double>((fader.end() - shell_.jack().last_frame()).value) /
                                                     shell_.jack().format().rate
                                               : 0.0;
            OscMessage answer{std::string{request.address}};
            answer.text(request.arguments.text(0, "strip")).real(desk_.current(id)).real(fader.target()).precise(left);
            request.reply_to.send(answer);
            return;
        }
        const double to = request.arguments.number(1, "to", 0.0, highest_gain);
        const double seconds = request.arguments.number(2, "seconds", 0.0, longest_ramp_seconds);
        Timing when = timing(shell_, shell_.frame_argument(request, 3, "frame"), seconds);
        if (shape_argument(request) == FadeShape::equal_power) {
            when.shape = FadeShape::equal_power;
        }
        move_or_refuse(desk_, id, when.to(to));
        finish(request);
    }

    void band(const OscRequest& request, const BandScale& scale) {
        request.arguments.expect(1, 5,
                                 std::string{"s:strip s:low|mid|high [f:"} + scale.name + " [d:ramp_s [i:frame]]]");
        need_eq();
        const std::size_t strip = strip_argument(request, desk_);
        if (request.arguments.size() == 1) {
            answer_bands(request, strip, scale);
            return;
        }
        const Band which = band_argument(request, 1);
        const ParameterId id{strip, parameter_of(which)};
        if (request.arguments.size() == 2) {
            OscMessage answer{std::string{request.address}};
            answer.text(request.arguments.text(0, "strip")).text(request.arguments.text(1, "band"));
            answer.real(static_cast<float>(scale.from_gain(desk_.setup().curve, desk_.target(id))));
            request.reply_to.send(answer);
            return;
        }
        const double value = request.arguments.number(2, scale.name, 0.0, scale.highest());
        const float gain = scale.to_gain(desk_.setup().curve, value);
        move_or_refuse(desk_, id, timing_arguments(shell_, request, 3).to(static_cast<double>(gain)));
        finish(request);
    }

    void all_bands(const OscRequest& request) {
        request.arguments.expect(1, 6, "s:strip [f:low f:mid f:high [d:ramp_s [i:frame]]]");
        need_eq();
        const std::size_t strip = strip_argument(request, desk_);
        if (request.arguments.size() == 1) {
            answer_bands(request, strip, percent);
            return;
        }
        std::array<double, band_count> gains{};
        for (std::size_t i = 0; i < band_count; ++i) {
            gains[i] = static_cast<double>(
                desk_.setup().curve.gain(request.arguments.number(1 + i, "percent", 0.0, 100.0)).value);
        }
        const Timing when = timing_arguments(shell_, request, 4);
        for (std::size_t i = 0; i < band_count; ++i) {  // all three or none
            if (!desk_.has_room({strip, parameter_of(bands[i])}, when.to(gains[i]))) {
                refuse_move();
            }
        }
        for (std::size_t i = 0; i < band_count; ++i) {
            move_or_refuse(desk_, {strip, parameter_of(bands[i])}, when.to(gains[i]));
        }
        finish(request);
    }

    /// @param on_gain  what the parameter is when the switch is on
    void flip(const OscRequest& request, StripParameter parameter, float on_gain) {
        request.arguments.expect(1, 3, "s:strip [T|F [i:frame]]");
        const ParameterId id{strip_argument(request, desk_), parameter};
        if (request.arguments.size() == 1) {
            OscMessage answer{std::string{request.address}};
            answer.text(request.arguments.text(0, "strip")).flag(desk_.target(id) == on_gain);
            request.reply_to.send(answer);
            return;
        }
        request.arguments.expect_no_text(2);
        const bool on = request.arguments.flag(1, "on");
        const Timing when = timing(shell_, shell_.frame_argument(request, 2, "frame"), {});
        move_or_refuse(desk_, id, when.to(static_cast<double>(on ? on_gain : 1.0F - on_gain)));
        finish(request);
    }

    void forget(const OscRequest& request) {
        request.arguments.expect(1, 1, "s:strip");
        if (desk_.forget_waiting(strip_argument(request, desk_)) != Desk::Sent::yes) {
            throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
        }
        finish(request);
    }

private:
    /// The string at the end of a fade, which may follow an omitted frame.
    static FadeShape shape_argument(const OscRequest& request) {
        const OscArguments& arguments = request.arguments;
        const bool given = arguments.size() == 5 || arguments.is_text(3);
        if (!given) {
            return FadeShape::linear;
        }
        const std::size_t last = arguments.size() - 1;
        arguments.expect_no_text(3, last);
        const std::string_view shape = arguments.text(last, "shape");
        if (shape != "linear" && shape != "equal-power") {
            throw OscError{OscErrorCode::bad_arguments,
                           "a fade is linear or equal-power, not '" + std::string{shape} + "'"};
        }
        return shape == "equal-power" ? FadeShape::equal_power : FadeShape::linear;
    }

    void need_eq() const {
        if (!desk_.setup().mixer.has_eq) {
            throw OscError{OscErrorCode::refused, "this mixer was started with --no-eq"};
        }
    }

    void answer_bands(const OscRequest& request, std::size_t strip, const BandScale& scale) {
        OscMessage answer{std::string{request.address}};
        answer.text(request.arguments.text(0, "strip"));
        for (const Band which : bands) {
            const float gain = desk_.target({strip, parameter_of(which)});
            answer.real(static_cast<float>(scale.from_gain(desk_.setup().curve, gain)));
        }
        request.reply_to.send(answer);
    }

    void finish(const OscRequest& request) {
        shell_.state_changed();
        request.reply_to.send(request.reply_to.reply().text(request.arguments.text(0, "strip")));
    }

    ClientShell& shell_;
    Desk& desk_;
};

}  // namespace

void register_strip_commands(ClientShell& shell, Desk& desk) {
    const auto commands = std::make_shared<StripCommands>(shell, desk);
    OscServer& osc = shell.osc();
    const auto handle = [&](const char* address, auto action) {
        osc.handle(address, [commands, action](const OscRequest& request) { action(*commands, request); });
    };
    handle("/mixer/gain", [](auto& c, const OscRequest& r) { c.gain(r, StripParameter::fader); });
    handle("/mixer/trim", [](auto& c, const OscRequest& r) { c.gain(r, StripParameter::trim); });
    handle("/mixer/fade", [](auto& c, const OscRequest& r) { c.fade(r); });
    handle("/mixer/eq", [](auto& c, const OscRequest& r) { c.band(r, percent); });
    handle("/mixer/filter", [](auto& c, const OscRequest& r) { c.band(r, linear); });
    handle("/mixer/eq_all", [](auto& c, const OscRequest& r) { c.all_bands(r); });
    handle("/mixer/forget", [](auto& c, const OscRequest& r) { c.forget(r); });
    handle("/mixer/mute", [](auto& c, const OscRequest& r) { c.flip(r, StripParameter::mute, 0.0F); });
    handle("/mixer/pfl", [](auto& c, const OscRequest& r) { c.flip(r, StripParameter::pfl, 1.0F); });
}

}  // namespace crowdjack
