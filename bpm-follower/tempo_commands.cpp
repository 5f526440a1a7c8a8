// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/tempo_commands.hpp"

#include "common/protocol/tempo_messages.hpp"

#include <jack/jack.h>

#include <utility>

namespace crowdjack {

namespace {

using Kind = TraceEvent::Kind;

constexpr double slowest_bpm = 20.0;
constexpr double fastest_bpm = 400.0;
constexpr double longest_ramp_s = 3600.0;
constexpr double furthest_nudge = 16.0;  ///< beats

}  // namespace

TempoCommands::TempoCommands(ClientShell& shell, Conductor& conductor, const MovementIntake& intake,
                             std::function<JackFrame()> now, std::function<void(const TraceEvent&)> obeyed)
    : shell_{shell}, conductor_{conductor}, intake_{intake}, now_{std::move(now)}, obeyed_{std::move(obeyed)} {
    auto& osc = shell_.osc();
    osc.handle(at::tempo_set, [this](const OscRequest& request) { set(request); });
    osc.handle(at::set_tempo, [this](const OscRequest& request) { set(request); });
    osc.handle(at::tempo_jump, [this](const OscRequest& request) { jump(request); });
    osc.handle(at::tempo_hold, [this](const OscRequest& request) { hold(request); });
    osc.handle(at::tempo_tap, [this](const OscRequest& request) { tap(request); });
    osc.handle(at::tempo_nudge, [this](const OscRequest& request) { nudge(request); });
    osc.handle(at::tempo_state, [this](const OscRequest& request) { state(request); });
    osc.handle(at::tempo_health, [this](const OscRequest& request) { health(request); });
    // crowdstream's programs send it to see who is there.
    osc.handle(at::dummy, [](const OscRequest& request) { request.reply_to.done(); });
}

void TempoCommands::set(const OscRequest& request) {
    const auto& arguments = request.arguments;
    if (arguments.empty()) {
        request.reply_to.send(OscMessage{std::string{request.address}}.precise(conductor_.target().value));
        return;
    }
    const double bpm = arguments.number(0, "bpm", slowest_bpm, fastest_bpm);
    const double seconds = arguments.optional_number(1, "seconds", 0.0, longest_ramp_s).value_or(0.0);
    conductor_.set(now_(), Bpm{bpm}, seconds);
    obeyed_({0.0, Kind::set, bpm, seconds});
    request.reply_to.done();
}

void TempoCommands::jump(const OscRequest& request) {
    const double bpm = request.arguments.number(0, "bpm", slowest_bpm, fastest_bpm);
    conductor_.jump(now_(), Bpm{bpm});
    obeyed_({0.0, Kind::jump, bpm, 0.0});
    request.reply_to.done();
}

void TempoCommands::hold(const OscRequest& request) {
    if (request.arguments.empty()) {
        request.reply_to.send(OscMessage{at::tempo_hold}.flag(conductor_.mode() == FollowerMode::hold));
        return;
    }
    const bool on = request.arguments.flag(0, "hold");
    conductor_.hold(now_(), on);
    obeyed_({0.0, Kind::hold, on ? 1.0 : 0.0, 0.0});
    request.reply_to.done();
}

void TempoCommands::tap(const OscRequest& request) {
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server, so no clock to tap against"};
    }
    // Finer than a period, which at 1024 frames would be heard in the tempo.
    const JackFrame when = shell_.jack().frame_now();
    const auto bpm = conductor_.tap(now_(), to_seconds(when - JackFrame{}, shell_.jack().format().rate).value);
    obeyed_({0.0, Kind::tap, bpm ? bpm->value : 0.0, 0.0});
    auto reply = request.reply_to.reply();
    if (bpm) {
        reply.precise(bpm->value);
    }
    request.reply_to.send(reply);
}

void TempoCommands::nudge(const OscRequest& request) {
    const double beats = request.arguments.number(0, "beats", -furthest_nudge, furthest_nudge);
    conductor_.nudge(now_(), Beats{beats});
    obeyed_({0.0, Kind::nudge, beats, 0.0});
    request.reply_to.done();
}

void TempoCommands::state(const OscRequest& request) const {
    const auto state = conductor_.state(now_());
    const protocol::TempoStateMessage message{
        state.bpm.value, state.target.value, state.beat.value, conductor_.movement(), std::string{name_of(state.mode)},
        state.serial};
    request.reply_to.send(message.write());
}

void TempoCommands::health(const OscRequest& request) const {
    OscMessage message{at::tempo_health};
    const auto pair = [&message](std::string_view name, std::uint64_t count) {
        message.text(name).precise(static_cast<double>(count));
    };
    const auto& packets = shell_.osc().counters();
    const auto& movement = intake_.counters();
    pair("packets", packets.received);
    pair("packets_malformed", packets.malformed);
    pair("addresses_unknown", packets.unknown);
    pair("messages_refused", packets.refused);
    pair("reports", movement.reports);
    pair("reports_refused", movement.refused);
    pair("reports_ignored", conductor_.ignored_reports());
    pair("sources", intake_.units().sources());
    pair("sources_not_fraction", intake_.units().found().size());
    message.text("unit").text(intake_.units().unit_in_use());
    const auto zones = conductor_.zones(now_());
    pair("zones", zones.size());
    for (const auto& zone : zones) {
        message.text("zone_" + zone.zone).precise(zone.movement);
    }
    request.reply_to.send(message);
}

}  // namespace crowdjack
