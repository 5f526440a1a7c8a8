// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_mixer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

/// Name/value pairs.
class Pairs {
public:
    explicit Pairs(std::string_view address) : message_{std::string{address}} {}
    Pairs& add(const std::string& name, double value) {
        message_.text(name).precise(value);
        return *this;
    }
    Pairs& add(const std::string& name, std::string_view value) {
        message_.text(name).text(value);
        return *this;
    }
    [[nodiscard]] OscMessage take() noexcept { return std::move(message_); }

private:
    OscMessage message_;
};

void add_channel(OscMessage& message, const std::string& name, const MixerControl::Meter& meter) {
    message.text(name).real(meter.peak_db[0]).real(meter.peak_db[1]).real(meter.rms_db[0]).real(meter.rms_db[1]);
    message.integer(static_cast<std::int32_t>(std::min<std::uint64_t>(meter.clipped, INT32_MAX)));
}

void add_reader(OscMessage& message, std::string_view name, std::string_view state, double written, double lost,
                double dropouts, double lag) {
    message.text(name).text(state).precise(written).precise(lost).precise(dropouts).precise(lag);
}

OscMessage tap_message(const MixerParts& parts) {
    const LoudnessMeter& loudness = parts.loudness;
    OscMessage message{"/mixer/tap"};
    const auto add = [&](const char* name, const auto* reader) {
        if (reader == nullptr) {
            add_reader(message, name, "idle", 0, 0, 0, 0);
            return;
        }
        const auto status = reader->status();
        add_reader(message, name, name_of(status.state), static_cast<double>(status.frames),
                   static_cast<double>(status.lost), static_cast<double>(status.dropouts),
                   static_cast<double>(status.lag));
    };
    add("recorder", parts.recorder.recording());
    add("streamer", parts.streamer.stream());
    const TapReader* const meters = loudness.busy() ? loudness.reader() : nullptr;
    add_reader(message, "meters", meters == nullptr ? "idle" : "measuring", static_cast<double>(loudness.measured()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->lost()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->dropouts()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->lag()));
    return message;
}

OscMessage state_message(const MixerParts& parts) {
    ClientShell& shell = parts.shell;
    MixerControl& control = parts.control;
    Pairs pairs{"/mixer/state"};
    pairs.add("strips", control.strip_names());
    if (shell.has_jack()) {
        pairs.add("rate", shell.jack().format().rate).add("period", shell.jack().period());
    }
    const EqCurve& curve = control.setup().curve;
    for (std::size_t i = 0; i < control.setup().strips.size(); ++i) {
        const std::string prefix = control.setup().strips[i] + ".";
        const auto target = [&](StripParameter parameter) {
            return static_cast<double>(control.target({i, parameter}));
        };
        pairs.add(prefix + "trim", target(StripParameter::trim)).add(prefix + "gain", target(StripParameter::fader));
        for (const auto& [name, parameter] :
             {std::pair{"low", StripParameter::low}, std::pair{"mid", StripParameter::mid},
              std::pair{"high", StripParameter::high}}) {
            pairs.add(prefix + name, curve.percent(Gain{control.target({i, parameter})}));
        }
        pairs.add(prefix + "mute", 1.0 - target(StripParameter::mute)).add(prefix + "pfl", target(StripParameter::pfl));
        pairs.add(prefix + "pan", target(StripParameter::pan)).add(prefix + "solo", control.soloed(i) ? 1.0 : 0.0);
    }
    const auto whole = [&](MixerParameter parameter) {
        return static_cast<double>(control.target(ParameterId{parameter}));
    };
    const LimiterCommand limiter = control.limiter();
    pairs.add("master", whole(MixerParameter::master))
        .add("phones", whole(MixerParameter::phones))
        .add("cue_mix", whole(MixerParameter::cue_mix))
        .add("limiter", limiter.on ? 1.0 : 0.0)
        .add("ceiling_db", to_decibels(static_cast<double>(limiter.ceiling)).value)
        .add("eq", control.setup().mixer.has_eq ? 1.0 : 0.0)
        .add("silence_db", parts.silence.settings().threshold_db)
        .add("silence_s", parts.silence.settings().seconds)
        .add("silent", parts.silence.silent() ? 1.0 : 0.0)
        .add("recording", parts.recorder.recording() == nullptr ? "" : parts.recorder.recording()->path().string());
    const Streaming* const stream = parts.streamer.stream();
    pairs.add("streaming", stream == nullptr ? "" : stream->target().shown());
    if (const auto listeners = stream == nullptr ? std::nullopt : stream->status().listeners) {
        pairs.add("listeners", *listeners);
    }
    return pairs.take();
}

OscMessage health_message(const MixerParts& parts) {
    ClientShell& shell = parts.shell;
    MixerControl& control = parts.control;
    Pairs pairs{"/mixer/health"};
    if (shell.has_jack()) {
        const CallbackFigures figures = shell.jack().figures();
        pairs.add("xruns", static_cast<double>(figures.xruns))
            .add("worst_us", figures.worst_us)
            .add("mean_us", figures.mean_us)
            .add("budget_us", figures.budget_us);
    }
    const OscServer::Counters& heard = shell.osc().counters();
    pairs.add("osc_malformed", static_cast<double>(heard.malformed))
        .add("osc_refused", static_cast<double>(heard.refused));
    for (std::size_t i = 0; i < control.setup().strips.size(); ++i) {
        pairs.add(control.setup().strips[i] + ".cleaned", static_cast<double>(control.cleaned(i)));
    }
    pairs.add("limiter_gain_db", to_decibels(static_cast<double>(control.latest_report().lowest_limiter_gain)).value)
        .add("engaged_eqs", control.latest_report().engaged_eqs);
    pairs.add("memory_locked", parts.process.locked() ? 1.0 : 0.0);
    if (const auto& tap = parts.process.tap()) {
        pairs.add("tap_locked", tap->locked() ? 1.0 : 0.0)
            .add("clock_jumps", static_cast<double>(tap->clock_jumps()))
            .add("frames", static_cast<double>(tap->written()));
    }
    return pairs.take();
}

}  // namespace

OscMessage meters_message(MixerControl& control, double lufs) {
    OscMessage message{"/mixer/meters"};
    for (std::size_t i = 0; i < control.setup().strips.size(); ++i) {
        add_channel(message, control.setup().strips[i], control.strip_meter(i));
    }
    add_channel(message, "master", control.master_meter());
    return std::move(message.real(static_cast<float>(std::max(-120.0, lufs))));
}

void register_questions(const MixerParts& parts) {
    OscServer& osc = parts.shell.osc();
    const auto answer = [&osc](const char* address, const std::function<OscMessage()>& make) {
        osc.handle(address, [make](const OscRequest& request) {
            request.arguments.expect(0, 0, "no arguments");
            request.reply_to.send(make());
        });
    };
    answer("/mixer/meters",
           [parts] { return meters_message(parts.control, parts.loudness.momentary(parts.process.tap())); });
    answer("/mixer/tap", [parts] { return tap_message(parts); });
    answer("/mixer/state", [parts] { return state_message(parts); });
    answer("/mixer/health", [parts] { return health_message(parts); });
    // The mixer keeps no time, but the follower tells everyone.
    osc.handle_report("/tempo/line", [](const OscRequest&) {});
}

}  // namespace crowdjack
