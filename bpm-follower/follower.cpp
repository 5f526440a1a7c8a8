// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/follower.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

using namespace std::chrono_literals;

constexpr auto trace_tick = 20ms;
constexpr auto calm_tick = 100ms;
constexpr auto refresh_period = 500ms;
constexpr auto bpm_period = 1000ms;
constexpr auto registry_period = 100ms;
constexpr auto health_period = 1000ms;
constexpr auto eq_period = 100ms;
constexpr double bpm_change = 0.1;
constexpr double bpm_apart_s = 0.1;
constexpr double target_said_apart_s = 1.0;  ///< a restless crowd is no reason for a log of gigabytes

}  // namespace

Follower::Follower(ClientShell& shell, FollowerAudio& audio, const FollowerOptions& options)
    : shell_{shell},
      audio_{audio},
      options_{options},
      conductor_{options.conductor, 48000.0},
      sender_{shell, conductor_.announced(), options.send_to},
      intake_{
          shell.osc(),
          options.unit,
          options.config.above_one,
          {[this](const TraceEvent& event) { hear(event); }, [this] { unit_changed(); }, [this] { return now_s(); }}},
      commands_{shell, conductor_, intake_, [this] { return now(); },
                [this](const TraceEvent& event) { hear(event); }} {
    if (options_.eq) {
        eq_.emplace(shell_, options_.eq_floor_percent);
    }
    if (!options_.replay.empty()) {
        player_.emplace(read_trace_file(options_.replay, options_.unit), options_.speed);
        intake_.ignore_network();
        const auto& trace = player_->trace();
        log_event(LogLevel::info, "replay",
                  {{"trace", options_.replay.string()},
                   {"seconds", player_->length_s()},
                   {"unit", trace.unit.name()},
                   {"because", trace.unit_reason}});
        for (const auto& notice : trace.notices) {
            log_event(LogLevel::warning, notice);
        }
    }
    if (!options_.trace_out.empty()) {
        trace_.emplace(options_.trace_out);
    }
    if (options_.link) {
        link_ = std::make_unique<LinkBridge>(options_.conductor.base);
    }
    if (options_.outside != OutsideLead::none) {
        audio_.listen_to(options_.outside);
        conductor_.let_outside_lead();
    }
    conductor_.on_decision([this](const Decision& decision) { decided(decision); });
    shell_.osc().handle_report(at::tempo_line, [this](const OscRequest& request) { hear_line(request); });
    fill_hooks();
    start_timers();
}

void Follower::fill_hooks() {
    shell_.hooks.ports = [this](const std::string&) {
        std::vector<PortSpec> ports{{"midi_clock", PortDirection::output, PortKind::midi, "MIDI clock"}};
        if (options_.outside == OutsideLead::midi_clock) {
            ports.push_back({"clock_in", PortDirection::input, PortKind::midi, "Clock in"});
        }
        return ports;
    };
    shell_.hooks.save = [this] { return save(); };
    shell_.hooks.restore = [this](const std::string& text) {
        saved_ = parse_state(text);
        conductor_.restore(saved_->conductor);
        intake_.restore(saved_->units);
    };
    shell_.hooks.open_saved = [this](const std::string& text) {
        const bool ran = conductor_.running();
        shell_.hooks.restore(text);
        if (ran) {  // another project in place of the one that ran: its line is nothing to go on with
            saved_.reset();
            from_project_ = true;
        }
    };
    shell_.hooks.connected = [this] { connected(); };
    shell_.hooks.disconnected = [this] { disconnected(); };
    shell_.hooks.tick = [this] { tick(); };
    shell_.hooks.tick_period = player_ ? trace_tick : calm_tick;
    shell_.hooks.stop = [this](std::function<void()> finished) { stop(std::move(finished)); };
}

void Follower::start_timers() {
    const auto while_running = [this](std::chrono::milliseconds period, std::function<void()> action) {
        shell_.loop().every(period, [this, action = std::move(action)] {
            if (phase_ == Phase::running && shell_.has_jack()) {
                action();
            }
        });
    };
    while_running(refresh_period, [this] {
        sender_.send_lines();
        tell_audio(FollowerCommand::Clock::as_it_is);
    });
    while_running(bpm_period, [this] { sender_.send_bpm(conductor_.bpm_at(now())); });
    while_running(registry_period, [this] {
        sender_.greet_newcomers();
        greet_gear();
    });
    while_running(health_period, [this] { sender_.ask_decks(); });
    while_running(eq_period, [this] {
        if (eq_) {
            eq_->tick(now_s());
        }
        if (link_ && options_.outside != OutsideLead::link) {
            lead_link();
        }
    });
    while_running(bpm_period, [this] {
        if (trace_) {
            trace_->flush();
        }
    });
}

JackFrame Follower::now() const {
    return phase_ == Phase::running && shell_.has_jack() ? shell_.jack().last_frame() : conductor_.latest();
}

double Follower::now_s() const { return conductor_.seconds_at(now()); }

void Follower::tick() {
    switch (phase_) {
    case Phase::away:
        break;
    case Phase::waiting_for_clock:
        if (shell_.jack().cycles() > cycles_at_connect_) {
            look_for_lines();
        }
        break;
    case Phase::asking:
        begin_if_answered();
        break;
    case Phase::running: {
        const JackFrame frame = now();
        conductor_.set_lead(sender_.lead());
        play_trace(frame);
        hear_outside(frame);
        conductor_.tick(frame);
        send_what_changed(frame);
        break;
    }
    }
}

void Follower::send_what_changed(JackFrame frame) {
    if (conductor_.announced().serial() != sent_serial_) {
        sent_serial_ = conductor_.announced().serial();
        tell_audio(FollowerCommand::Clock::as_it_is);
        sender_.send_lines();
        if (conductor_.mode() == FollowerMode::manual) {
            shell_.state_changed();  // somebody set it
        } else {
            shell_.state_moved();
        }
    }
    const FollowerMode mode = conductor_.mode();
    const FollowerMode before = std::exchange(saved_mode_, mode);
    if (mode != before && mode != FollowerMode::stale && before != FollowerMode::stale) {
        shell_.state_changed();  // giving the lead back to the crowd needs no new line
    } else if (mode != before) {
        shell_.state_moved();
    }
    const Bpm bpm = conductor_.bpm_at(frame);
    const double seconds = conductor_.seconds_at(frame);
    if (std::abs(bpm.value - sent_bpm_) >= bpm_change && seconds - bpm_sent_s_ >= bpm_apart_s) {
        sent_bpm_ = bpm.value;
        bpm_sent_s_ = seconds;
        sender_.send_bpm(bpm);
    }
}

void Follower::tell_audio(FollowerCommand::Clock clock) {
    if (!audio_.send({conductor_.announced().tempo(), clock})) {
        log_event(LogLevel::debug, "the audio thread does not keep up");
    }
}

void Follower::play_trace(JackFrame frame) {
    if (!player_ || trace_over_) {
        return;
    }
    const double seconds = conductor_.seconds_at(frame);
    trace_began_s_ = trace_began_s_.value_or(seconds);
    const bool more = player_->play_to(seconds - *trace_began_s_, [&](const TraceEvent& event) {
        conduct(conductor_, event, frame);
        if (trace_) {
            trace_->write(seconds, event);
        }
        if (eq_) {
            eq_->hear(event, seconds);
        }
    });
    if (!more) {
        trace_over_ = true;
        log_event(LogLevel::info, "the trace is over", {{"seconds", player_->length_s()}});
    }
}

void Follower::hear(TraceEvent event) {
    event.time_s = now_s();
    if (trace_) {
        trace_->write(event.time_s, event);
    }
    if (eq_) {
        eq_->hear(event, event.time_s);
    }
    if (event.kind == TraceEvent::Kind::total) {
        conduct(conductor_, event, now());
    }
    if (phase_ == Phase::running && shell_.has_jack()) {
        send_what_changed(now());
        make_up_soon();
    }
}

void Follower::unit_changed() {
    conductor_.forget_reports();
    shell_.state_changed();
}

/// Reports and commands that come faster than lines may be announced.
void Follower::make_up_soon() {
    if (!conductor_.waits() || std::exchange(making_up_, true)) {
        return;
    }
    shell_.loop().after(
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{Conductor::announce_apart_s}),
        [this] {
            making_up_ = false;
            if (phase_ == Phase::running && shell_.has_jack()) {
                tick();
                make_up_soon();
            }
        });
}

void Follower::decided(const Decision& decision) {
    if (trace_) {
        trace_->write(now_s(), decision);
    }
    switch (decision.kind) {
    case Decision::Kind::target:
        if (std::exchange(target_said_, decision.target.value) != decision.target.value) {
            const double seconds = now_s();
            const bool often = seconds - target_said_s_ < target_said_apart_s;
            target_said_s_ = often ? target_said_s_ : seconds;
            log_event(often ? LogLevel::debug : LogLevel::info, "target",
                      {{"bpm", decision.target.value},
                       {"movement", decision.movement},
                       {"mode", name_of(conductor_.mode())}});
        }
        break;
    case Decision::Kind::stale:
        log_event(LogLevel::warning, "no movement report: back to the base tempo",
                  {{"seconds", options_.conductor.stale_after_s},
                   {"base", decision.target.value},
                   {"listening_on", shell_.osc().url()}});
        break;
    case Decision::Kind::heard_again:
        log_event(LogLevel::info, "movement is reported again", {{"movement", decision.movement}});
        break;
    case Decision::Kind::ignored:
        log_event(LogLevel::info, "movement moves nothing",
                  {{"mode", name_of(conductor_.mode())},
                   {"reports", decision.reports},
                   {"give_the_lead_back_with", "/tempo/hold F"}});
        break;
    case Decision::Kind::line:
        break;
    }
}

/// Gear that is patched in while the line runs has missed its Start.
void Follower::greet_gear() {
    jack_client_t* const jack = shell_.jack().raw();
    const auto* const port = jack_port_by_name(jack, (shell_.jack().name() + ":midi_clock").c_str());
    const int listeners = port != nullptr ? jack_port_connected(port) : 0;
    const int before = std::exchange(clock_listeners_, listeners);
    if (listeners > before) {
        // The first one starts; others are already running, so the newcomer is told where they are.
        const bool starts = before == 0 && !continued_;
        tell_audio(starts ? FollowerCommand::Clock::start : FollowerCommand::Clock::go_on);
    }
}

void Follower::hear_outside(JackFrame frame) {
    std::optional<OutsideTempo> tempo;
    for (OutsideReport report; audio_.heard(report);) {
        if (options_.outside == OutsideLead::transport) {
            tempo = report.transport;
        } else if (midi_in_) {
            midi_in_->take(report.midi);
        }
    }
    if (midi_in_) {
        tempo = midi_in_->tempo(frame);
    }
    if (options_.outside == OutsideLead::link) {
        if (const auto heard = link_->heard()) {
            const JackFrame moment = shell_.jack().frame_now();
            tempo = OutsideTempo{moment, heard->beat, heard->bpm, 4.0};
        }
    }
    // The transport tells less often than we look.
    const bool told = tempo.has_value() || (options_.outside == OutsideLead::transport && outside_heard_);
    if (tempo && !std::exchange(outside_heard_, told)) {
        log_event(LogLevel::info, "an outside clock leads",
                  {{"bpm", tempo->bpm}, {"bars_known", tempo->quantum > 1.0}});
    }
    if (!told && std::exchange(outside_heard_, false)) {
        log_event(LogLevel::warning, "the outside clock stopped: the tempo stays",
                  {{"bpm", conductor_.target().value}});
    }
    if (tempo) {
        conductor_.hear_outside(frame, *tempo);
    }
}

void Follower::lead_link() {
    // The frame that is now, finer than a period.
    const JackFrame frame = shell_.jack().frame_now();
    link_->lead(conductor_.beat_at(frame), conductor_.bpm_at(frame));
}

void Follower::stop(std::function<void()> finished) {
    if (eq_) {
        eq_->flatten();
    }
    if (trace_) {
        trace_->flush();
    }
    tell_audio(FollowerCommand::Clock::stop);
    // MIDI gear must hear Stop: the next cycle takes it there.
    shell_.loop().every(5ms, [this, finished = std::move(finished), from = shell_.jack().cycles()] {
        if (!shell_.has_jack() || shell_.jack().cycles() > from + 1) {
            finished();
        }
    });
}

std::string Follower::save() const {
    const double rate = shell_.has_jack() ? shell_.jack().format().rate : 48000.0;
    return to_text({conductor_.state(now()), rate, uptime_s(), intake_.saved()});
}

}  // namespace crowdjack
