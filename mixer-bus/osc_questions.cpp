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

void add_channel(OscMessage& message, const std::string& name, const Desk::Meter& meter) {
    message.text(name).real(meter.peak_db[0]).real(meter.peak_db[1]).real(meter.rms_db[0]).real(meter.rms_db[1]);
    message.integer(static_cast<std::int32_t>(std::min<std::uint64_t>(meter.clipped, INT32_MAX)));
}

void add_reader(OscMessage& message, std::string_view name, std::string_view state, double written, double lost,
                double dropouts, double lag) {
    message.text(name).text(state).precise(written).precise(lost).precise(dropouts).precise(lag);
}

OscMessage tap_message(const Takes& takes, const LoudnessMeter& loudness) {
    OscMessage message{"/mixer/tap"};
    const auto add = [&](const char* name, const auto* take) {
        if (take == nullptr) {
            add_reader(message, name, "idle", 0, 0, 0, 0);
            return;
        }
        const auto status = take->status();
        add_reader(message, name, name_of(status.state), static_cast<double>(status.frames),
                   static_cast<double>(status.lost), static_cast<double>(status.dropouts),
                   static_cast<double>(status.lag));
    };
    add("recorder", takes.recording());
    add("streamer", takes.stream());
    const TapReader* const meters = loudness.busy() ? loudness.reader() : nullptr;
    add_reader(message, "meters", meters == nullptr ? "idle" : "measuring", static_cast<double>(loudness.measured()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->lost()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->dropouts()),
               meters == nullptr ? 0.0 : static_cast<double>(meters->lag()));
    return message;
}

OscMessage state_message(ClientShell& shell, Desk& desk, const Takes& takes) {
    Pairs pairs{"/mixer/state"};
    pairs.add("strips", desk.strip_names());
    if (shell.has_jack()) {
        pairs.add("rate", shell.jack().format().rate).add("period", shell.jack().period());
    }
    const EqCurve& curve = desk.setup().curve;
    for (std::size_t i = 0; i < desk.setup().strips.size(); ++i) {
        const std::string prefix = desk.setup().strips[i] + ".";
        const auto target = [&](StripParameter parameter) { return static_cast<double>(desk.target({i, parameter})); };
        pairs.add(prefix + "trim", target(StripParameter::trim)).add(prefix + "gain", target(StripParameter::fader));
        for (const auto& [name, parameter] :
             {std::pair{"low", StripParameter::low}, std::pair{"mid", StripParameter::mid},
              std::pair{"high", StripParameter::high}}) {
            pairs.add(prefix + name, curve.percent(Gain{desk.target({i, parameter})}));
        }
        pairs.add(prefix + "mute", 1.0 - target(StripParameter::mute)).add(prefix + "pfl", target(StripParameter::pfl));
    }
    const auto whole = [&](MixerParameter parameter) {
        return static_cast<double>(desk.target(ParameterId{parameter}));
    };
    const LimiterCommand limiter = desk.limiter();
    pairs.add("master", whole(MixerParameter::master))
        .add("phones", whole(MixerParameter::phones))
        .add("cue_mix", whole(MixerParameter::cue_mix))
        .add("limiter", limiter.on ? 1.0 : 0.0)
        .add("ceiling_db", to_decibels(static_cast<double>(limiter.ceiling)).value)
        .add("eq", desk.setup().mixer.has_eq ? 1.0 : 0.0)
        .add("recording", takes.recording() == nullptr ? "" : takes.recording()->path().string())
        .add("streaming", takes.stream() == nullptr ? "" : takes.stream()->target().shown());
    return pairs.take();
}

OscMessage health_message(ClientShell& shell, Desk& desk, MixerProcess& process) {
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
    for (std::size_t i = 0; i < desk.setup().strips.size(); ++i) {
        pairs.add(desk.setup().strips[i] + ".cleaned", static_cast<double>(desk.cleaned(i)));
    }
    pairs.add("limiter_gain_db", to_decibels(static_cast<double>(desk.latest_report().lowest_limiter_gain)).value)
        .add("engaged_eqs", desk.latest_report().engaged_eqs);
    if (const auto& tap = process.tap()) {
        pairs.add("tap_locked", tap->locked() ? 1.0 : 0.0)
            .add("clock_jumps", static_cast<double>(tap->clock_jumps()))
            .add("frames", static_cast<double>(tap->written()));
    }
    return pairs.take();
}

}  // namespace

OscMessage meters_message(Desk& desk, double lufs) {
    OscMessage message{"/mixer/meters"};
    for (std::size_t i = 0; i < desk.setup().strips.size(); ++i) {
        add_channel(message, desk.setup().strips[i], desk.strip_meter(i));
    }
    add_channel(message, "master", desk.master_meter());
    return std::move(message.real(static_cast<float>(std::max(-120.0, lufs))));
}

void register_questions(ClientShell& shell, Desk& desk, Takes& takes, MixerProcess& process, LoudnessMeter& loudness) {
    OscServer& osc = shell.osc();
    const auto answer = [&osc](const char* address, const std::function<OscMessage()>& make) {
        osc.handle(address, [make](const OscRequest& request) {
            request.arguments.expect(0, 0, "no arguments");
            request.reply_to.send(make());
        });
    };
    answer("/mixer/meters",
           [&desk, &process, &loudness] { return meters_message(desk, loudness.momentary(process.tap())); });
    answer("/mixer/tap", [&takes, &loudness] { return tap_message(takes, loudness); });
    answer("/mixer/state", [&shell, &desk, &takes] { return state_message(shell, desk, takes); });
    answer("/mixer/health", [&shell, &desk, &process] { return health_message(shell, desk, process); });
    // The mixer keeps no time, but the follower tells everyone.
    osc.handle_report("/tempo/line", [](const OscRequest&) {});
}

}  // namespace crowdjack
