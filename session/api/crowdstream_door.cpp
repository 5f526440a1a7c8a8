// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/front_door.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace crowdjack {

namespace {

constexpr float legacy_level = 0.8F;
constexpr double furthest_seconds = 600.0;
constexpr auto loading_limit = std::chrono::seconds{60};

std::string strip_of(char deck) { return std::string(1, deck); }

void refuse_too_late(double seconds) {
    if (seconds > furthest_seconds) {
        throw OscError{OscErrorCode::refused, "start_at is more than 10 minutes from now"};
    }
}

}  // namespace

std::string peer_of_kind(ClientShell& shell, const std::string& kind) {
    const auto peers = shell.peers().all();
    const auto found =
        std::find_if(peers.begin(), peers.end(), [&](const PeerInfo& peer) { return peer.kind == kind; });
    if (found == peers.end()) {
        throw OscError{OscErrorCode::not_ready, "no " + kind + " is running"};
    }
    return found->name;
}

ApiArguments plain_arguments(const OscArguments& arguments) {
    ApiArguments plain;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const char type = arguments.types()[i];
        if (type == 's' || type == 'S') {
            plain.emplace_back(std::string{arguments.text(i, "text")});
        } else if (type == 'T' || type == 'F') {
            plain.emplace_back(type == 'T');
        } else if (type == 'N') {
            plain.emplace_back();
        } else {
            plain.emplace_back(arguments.number(i, "number"));
        }
    }
    return plain;
}

CrowdstreamDoor::CrowdstreamDoor(DoorParts parts, Settings settings) : parts_{parts}, settings_{std::move(settings)} {
    serve("/cue", &CrowdstreamDoor::cue);
    serve("/start_group", &CrowdstreamDoor::start_group);
    serve("/play", &CrowdstreamDoor::play);
    serve("/fade", &CrowdstreamDoor::fade);
    serve("/crossfade_levels", &CrowdstreamDoor::crossfade_levels);
    serve("/deck_levels", &CrowdstreamDoor::deck_levels);
    serve("/deck_eq", &CrowdstreamDoor::deck_eq);
    serve("/deck_eq_all", &CrowdstreamDoor::deck_eq_all);
    serve("/deck_filter", &CrowdstreamDoor::deck_filter);
    serve("/load_buffer", &CrowdstreamDoor::load_buffer);
    serve("/play_stem", &CrowdstreamDoor::play_stem);
    serve("/play_stem_section", &CrowdstreamDoor::play_stem_section);
    serve("/stop_stem", &CrowdstreamDoor::stop_stem);
    serve("/stem_volume", &CrowdstreamDoor::stem_volume);
    serve("/set_tempo", &CrowdstreamDoor::set_tempo);
    serve("/set_meter", &CrowdstreamDoor::set_meter);
    serve("/print_clock", &CrowdstreamDoor::print_clock);
    serve("/schedule_c_at", &CrowdstreamDoor::schedule_c_at);
    serve("/reset", &CrowdstreamDoor::reset);
    serve("/get_status", &CrowdstreamDoor::get_status);
    serve("/mixer_cleanup", &CrowdstreamDoor::mixer_cleanup);
    serve("/test_tone", &CrowdstreamDoor::test_tone);
}

void CrowdstreamDoor::serve(const char* address, Handler handler) {
    parts_.shell.osc().handle(address, [this, handler](const OscRequest& request) {
        try {
            (this->*handler)(plain_arguments(request.arguments), request.reply_to);
        } catch (const ApiError& error) {
            throw OscError{OscErrorCode::bad_arguments, error.what()};
        }
    });
}

JackFrame CrowdstreamDoor::frame_in(double seconds) const {
    if (!parts_.shell.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server"};
    }
    const JackClient& jack = parts_.shell.jack();
    return jack.last_frame() + Frames{jack.period()} + to_frames(Seconds{seconds}, jack.format().rate);
}

// ---- decks

void CrowdstreamDoor::cue_deck(const api::Cue& wanted, const PeerCalls::Done& done) {
    const std::string deck = api::deck_name(wanted.deck);
    const auto finished = [this, deck, done](const PeerAnswer& answer) {
        parts_.decks.cue_ended(deck);
        done(answer);
    };
    const auto loop_it = [this, deck, finished](const PeerAnswer& answer) {
        if (!answer.ok) {
            finished(answer);
            return;
        }
        try {  // as crowdstream did
            parts_.calls.command(deck, OscMessage{"/deck/loop"}.flag(true), finished);
        } catch (const OscError& error) {
            finished({false, error.code, error.what(), nullptr});
        }
    };
    if (wanted.fraction > 0.0) {
        cue_at_fraction(wanted, loop_it);
    } else {
        parts_.calls.command(deck, OscMessage{"/deck/cue"}.text(wanted.path), loop_it, loading_limit);
    }
    parts_.decks.cue_began(deck);  // the answer comes later, never from within the call
}

void CrowdstreamDoor::cue_at_fraction(const api::Cue& wanted, const PeerCalls::Done& done) {
    const std::string deck = api::deck_name(wanted.deck);
    // Each step needs the one before it to have gone well, and the deck to be still there.
    const auto then = [done](const auto& step) {
        return [step, done](const PeerAnswer& answer) {
            if (!answer.ok) {
                done(answer);
                return;
            }
            try {
                step(answer);
            } catch (const OscError& error) {
                done({false, error.code, error.what(), nullptr});
            }
        };
    };
    // The deck knows the length once it has the track: cue it, loop it whole, ask for the loop, cue it there.
    const auto cue_there = then([this, deck, wanted, done](const PeerAnswer& loop) {
        const double length = loop.arguments->number(1, "out");
        const double seconds =
            wanted.fraction < 1.0 ? wanted.fraction * length : 0.0;  // the end of a loop is its start
        parts_.calls.command(deck, OscMessage{"/deck/cue"}.text(wanted.path).precise(seconds), done, loading_limit);
    });
    const auto ask_loop = then(
        [this, deck, cue_there](const PeerAnswer&) { parts_.calls.ask(deck, OscMessage{"/deck/loop"}, cue_there); });
    const auto loop_it = then([this, deck, ask_loop](const PeerAnswer&) {
        parts_.calls.command(deck, OscMessage{"/deck/loop"}.flag(true), ask_loop);
    });
    parts_.calls.command(deck, OscMessage{"/deck/cue"}.text(wanted.path), loop_it, loading_limit);
}

void CrowdstreamDoor::cue(const ApiArguments& arguments, const OscReplyTo& reply) {
    cue_deck(api::parse_cue(arguments), [reply](const PeerAnswer& answer) {
        if (answer.ok) {
            reply.done();
        } else {
            reply.error(answer.code, answer.message);
        }
    });
}

void CrowdstreamDoor::start_group(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::StartGroup wanted = api::parse_start_group(arguments);
    refuse_too_late(wanted.start_at);
    std::vector<std::pair<std::string, std::string>> decks;
    for (const char deck : wanted.decks) {
        decks.emplace_back(api::deck_name(deck), strip_of(deck));
    }
    parts_.starter.begin(reply, decks, wanted.start_at);
}

void CrowdstreamDoor::play(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Play wanted = api::parse_play(arguments);
    refuse_too_late(wanted.start_at);
    const SessionTime due = SessionClock::now() + SessionTime{static_cast<SessionTime::rep>(wanted.start_at * 1000.0)};
    cue_deck({wanted.deck, wanted.path, 0.0}, [this, wanted, due, reply](const PeerAnswer& answer) {
        if (!answer.ok) {
            reply.error(answer.code, answer.message);
            return;
        }
        const double left = static_cast<double>((due - SessionClock::now()).count()) / 1000.0;
        parts_.starter.begin(reply, {{api::deck_name(wanted.deck), strip_of(wanted.deck)}}, std::max(0.0, left));
    });
}

// ---- mixer

void CrowdstreamDoor::fade(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Fade wanted = api::parse_fade(arguments);
    refuse_too_late(wanted.start_at);
    const std::string mixer = peer_of_kind(parts_.shell, "mixer-bus");
    OscMessage message{"/mixer/fade"};
    message.text(strip_of(wanted.deck)).real(0.0F).precise(wanted.seconds).frame(frame_in(wanted.start_at));
    const auto joint = JointAnswer::to(reply);
    joint->command(parts_.calls, mixer, message);
    joint->seal();
    levels_[wanted.deck] = 0.0F;
}

void CrowdstreamDoor::set_levels(const api::Levels& levels, const OscReplyTo& reply) {
    const std::string mixer = peer_of_kind(parts_.shell, "mixer-bus");
    const auto joint = JointAnswer::to(reply);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (levels.at(i)) {
            const char deck = static_cast<char>('A' + i);
            joint->command(parts_.calls, mixer, OscMessage{"/mixer/gain"}.text(strip_of(deck)).real(*levels.at(i)));
            levels_[deck] = *levels.at(i);
        }
    }
    joint->seal();
}

void CrowdstreamDoor::crossfade_levels(const ApiArguments& arguments, const OscReplyTo& reply) {
    set_levels(api::parse_crossfade(arguments), reply);
}

void CrowdstreamDoor::deck_levels(const ApiArguments& arguments, const OscReplyTo& reply) {
    set_levels(api::parse_deck_levels(arguments), reply);
}

void CrowdstreamDoor::deck_eq(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Band wanted = api::parse_deck_eq(arguments);
    const auto joint = JointAnswer::to(reply);
    joint->command(parts_.calls, peer_of_kind(parts_.shell, "mixer-bus"),
                   OscMessage{"/mixer/eq"}.text(strip_of(wanted.deck)).text(wanted.band).real(wanted.value));
    joint->seal();
}

void CrowdstreamDoor::deck_eq_all(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Bands wanted = api::parse_deck_eq_all(arguments);
    OscMessage message{"/mixer/eq_all"};
    message.text(strip_of(wanted.deck));
    for (const float percent : wanted.percent) {
        message.real(percent);
    }
    const auto joint = JointAnswer::to(reply);
    joint->command(parts_.calls, peer_of_kind(parts_.shell, "mixer-bus"), message);
    joint->seal();
}

void CrowdstreamDoor::deck_filter(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Band wanted = api::parse_deck_filter(arguments);
    const auto joint = JointAnswer::to(reply);
    joint->command(parts_.calls, peer_of_kind(parts_.shell, "mixer-bus"),
                   OscMessage{"/mixer/filter"}.text(strip_of(wanted.deck)).text(wanted.band).real(wanted.value));
    joint->seal();
}

void CrowdstreamDoor::see_peers(const std::vector<PeerInfo>& peers) {
    if (!settings_.legacy_levels) {
        return;
    }
    for (const PeerInfo& peer : peers) {
        if ((peer.kind != "deck" && peer.kind != "mixer-bus") || !met_.insert(peer.name).second) {
            continue;
        }
        if (peer.kind == "deck") {
            parts_.calls.tell(peer.name, OscMessage{"/deck/gain"}.real(legacy_level));
        } else {
            for (const char deck : {'A', 'B', 'C', 'D'}) {
                parts_.calls.tell(peer.name, OscMessage{"/mixer/gain"}.text(strip_of(deck)).real(legacy_level));
                levels_[deck] = legacy_level;
            }
        }
    }
}

}  // namespace crowdjack
