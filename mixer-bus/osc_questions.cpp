// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/mixer_messages.hpp"
#include "common/protocol/named_values.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

protocol::MixerMeters::Channel channel(const std::string& name, const MixerControl::Meter& meter) {
    return {name,
            {static_cast<double>(meter.peak_db[0]), static_cast<double>(meter.peak_db[1])},
            {static_cast<double>(meter.rms_db[0]), static_cast<double>(meter.rms_db[1])},
            static_cast<std::int64_t>(std::min<std::uint64_t>(meter.clipped, INT32_MAX))};
}

OscMessage tap_message(const MixerParts& parts) {
    const LoudnessMeter& loudness = parts.loudness;
    protocol::MixerTap tap;
    const auto add = [&](const char* name, const auto* reader) {
        if (reader == nullptr) {
            tap.readers.push_back({name, "idle"});
            return;
        }
        const auto status = reader->status();
        tap.readers.push_back({name, std::string{name_of(status.state)}, static_cast<double>(status.frames),
                               static_cast<double>(status.lost), static_cast<double>(status.dropouts),
                               static_cast<double>(status.lag)});
    };
    add("recorder", parts.recorder.recording());
    add("streamer", parts.streamer.stream());
    const TapReader* const meters = loudness.busy() ? loudness.reader() : nullptr;
    tap.readers.push_back({"meters", meters == nullptr ? "idle" : "measuring", static_cast<double>(loudness.measured()),
                           meters == nullptr ? 0.0 : static_cast<double>(meters->lost()),
                           meters == nullptr ? 0.0 : static_cast<double>(meters->dropouts()),
                           meters == nullptr ? 0.0 : static_cast<double>(meters->lag())});
    return tap.write();
}

OscMessage state_message(const MixerParts& parts) {
    ClientShell& shell = parts.shell;
    MixerControl& control = parts.control;
    Pairs pairs{at::mixer_state};
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
    return pairs.message();
}

OscMessage health_message(const MixerParts& parts) {
    ClientShell& shell = parts.shell;
    MixerControl& control = parts.control;
    Pairs pairs{at::mixer_health};
    if (shell.has_jack()) {
        const CallbackFigures figures = shell.jack().figures();
        pairs.add("xruns", static_cast<double>(figures.xruns))
            .add("worst_us", figures.worst_us)
            .add("mean_us", figures.mean_us)
            .add("budget_us", figures.budget_us);
    }
    shell.osc().describe(pairs.message());
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
    return pairs.message();
}

}  // namespace

OscMessage meters_message(MixerControl& control, double lufs) {
    protocol::MixerMeters meters;
    for (std::size_t i = 0; i < control.setup().strips.size(); ++i) {
        meters.channels.push_back(channel(control.setup().strips[i], control.strip_meter(i)));
    }
    meters.channels.push_back(channel("master", control.master_meter()));
    meters.lufs = std::max(-120.0, lufs);
    return meters.write();
}

void register_questions(const MixerParts& parts) {
    OscServer& osc = parts.shell.osc();
    const auto answer = [&osc](const char* address, const std::function<OscMessage()>& make) {
        osc.handle(address, [make](const OscRequest& request) { request.reply_to.send(make()); });
    };
    answer(at::mixer_meters,
           [parts] { return meters_message(parts.control, parts.loudness.momentary(parts.process.tap())); });
    answer(at::mixer_tap, [parts] { return tap_message(parts); });
    answer(at::mixer_state, [parts] { return state_message(parts); });
    answer(at::mixer_health, [parts] { return health_message(parts); });
    // The mixer keeps no time, but the follower tells everyone.
    osc.handle_report(at::tempo_line, [](const OscRequest&) {});
}

}  // namespace crowdjack
