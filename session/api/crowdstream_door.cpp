// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/deck_names.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "session/api/front_door.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr double furthest_seconds = 600.0;

std::string strip_of(char deck) { return std::string(1, deck); }

void refuse_too_late(double seconds) {
    if (seconds > furthest_seconds) {
        throw OscError{OscErrorCode::refused, "start_at is more than 10 minutes from now"};
    }
}

/// A received message's arguments as the API's own plain values.
ApiArguments plain_arguments(const OscArguments& arguments) {
    ApiArguments plain;
    for (const OscAtom& atom : arguments.atoms()) {
        std::visit(Overloaded{[&](OscNothing) { plain.emplace_back(); }, [&](bool flag) { plain.emplace_back(flag); },
                              [&](const std::string& text) { plain.emplace_back(text); },
                              [&](auto number) { plain.emplace_back(static_cast<double>(number)); }},
                   atom);
    }
    return plain;
}

}  // namespace

std::string peer_of_kind(Peers& peers, std::string_view kind) {
    const auto found = peers.of_kind(kind);
    if (!found) {
        throw OscError{OscErrorCode::not_ready, "no " + std::string{kind} + " is running"};
    }
    return found->name;
}

CrowdstreamDoor::CrowdstreamDoor(DoorParts parts, Settings settings) : parts_{parts}, settings_{std::move(settings)} {
    serve(at::cue, &CrowdstreamDoor::cue);
    serve(at::start_group, &CrowdstreamDoor::start_group);
    serve(at::play, &CrowdstreamDoor::play);
    serve(at::fade, &CrowdstreamDoor::fade);
    serve(at::crossfade_levels, &CrowdstreamDoor::crossfade_levels);
    serve(at::deck_levels, &CrowdstreamDoor::deck_levels);
    serve(at::deck_eq, &CrowdstreamDoor::deck_eq);
    serve(at::deck_eq_all, &CrowdstreamDoor::deck_eq_all);
    serve(at::deck_filter, &CrowdstreamDoor::deck_filter);
    serve(at::load_buffer, &CrowdstreamDoor::load_buffer);
    serve(at::play_stem, &CrowdstreamDoor::play_stem);
    serve(at::play_stem_section, &CrowdstreamDoor::play_stem_section);
    serve(at::stop_stem, &CrowdstreamDoor::stop_stem);
    serve(at::stem_volume, &CrowdstreamDoor::stem_volume);
    serve(at::set_tempo, &CrowdstreamDoor::set_tempo);
    serve(at::set_meter, &CrowdstreamDoor::set_meter);
    serve(at::print_clock, &CrowdstreamDoor::print_clock);
    serve(at::schedule_c_at, &CrowdstreamDoor::schedule_c_at);
    serve(at::reset, &CrowdstreamDoor::reset);
    serve(at::get_status, &CrowdstreamDoor::get_status);
    serve(at::mixer_cleanup, &CrowdstreamDoor::mixer_cleanup);
    serve(at::test_tone, &CrowdstreamDoor::test_tone);
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

void CrowdstreamDoor::cue_deck(const api::Cue& wanted, const Peers::Done& done) {
    const std::string deck = deck_client(wanted.deck);
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
            parts_.peers().ask(deck, OscMessage{at::deck_loop}.flag(true), finished);
        } catch (const OscError& error) {
            finished({false, error.code, error.what(), {}, {}});
        }
    };
    if (wanted.fraction > 0.0) {
        cue_at_fraction(wanted, loop_it);
    } else {
        const protocol::DeckCue cue{.path = wanted.path, .track_bpm = wanted.bpm};
        parts_.peers().ask(deck, cue.write(), loop_it, loading_limit);
    }
    parts_.decks.cue_began(deck);  // the answer comes later, never from within the call
}

void CrowdstreamDoor::cue_at_fraction(const api::Cue& wanted, const Peers::Done& done) {
    const std::string deck = deck_client(wanted.deck);
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
                done({false, error.code, error.what(), {}, {}});
            }
        };
    };
    // The deck knows the length once it has the track: cue it, loop it whole, ask for the loop, cue it there.
    const protocol::DeckCue cue{.path = wanted.path, .track_bpm = wanted.bpm};
    const auto cue_there = then([this, deck, cue, wanted, done](const PeerAnswer& loop) {
        const double length = loop.values.number(1, "out");
        protocol::DeckCue there = cue;
        there.seconds = wanted.fraction < 1.0 ? wanted.fraction * length : 0.0;  // the end of a loop is its start
        parts_.peers().ask(deck, there.write(), done, loading_limit);
    });
    const auto ask_loop = then([this, deck, cue_there](const PeerAnswer&) {
        parts_.peers().ask(deck, OscMessage{at::deck_loop}, cue_there, std::chrono::seconds{1});
    });
    const auto loop_it = then([this, deck, ask_loop](const PeerAnswer&) {
        parts_.peers().ask(deck, OscMessage{at::deck_loop}.flag(true), ask_loop);
    });
    parts_.peers().ask(deck, cue.write(), loop_it, loading_limit);
}

void CrowdstreamDoor::cue(const ApiArguments& arguments, const OscReplyTo& reply) {
    cue_deck(api::parse_cue(arguments), [reply](const PeerAnswer& answer) { pass_answer(reply, answer); });
}

void CrowdstreamDoor::start_group(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::StartGroup wanted = api::parse_start_group(arguments);
    refuse_too_late(wanted.start_at);
    std::vector<std::pair<std::string, std::string>> decks;
    for (const char deck : wanted.decks) {
        decks.emplace_back(deck_client(deck), strip_of(deck));
    }
    parts_.starter.begin(reply, decks, wanted.start_at);
}

void CrowdstreamDoor::play(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Play wanted = api::parse_play(arguments);
    refuse_too_late(wanted.start_at);
    const SessionTime due = SessionClock::now() + SessionTime{static_cast<SessionTime::rep>(wanted.start_at * 1000.0)};
    cue_deck({wanted.deck, wanted.path}, [this, wanted, due, reply](const PeerAnswer& answer) {
        if (!answer.ok) {
            reply.error(answer.code, answer.message);
            return;
        }
        const double left = static_cast<double>((due - SessionClock::now()).count()) / 1000.0;
        parts_.starter.begin(reply, {{deck_client(wanted.deck), strip_of(wanted.deck)}}, std::max(0.0, left));
    });
}

// ---- mixer

void CrowdstreamDoor::ask_mixer(const OscReplyTo& reply, const OscMessage& message) {
    ask_for(reply, parts_.peers(), peer_of_kind(parts_.peers(), "mixer-bus"), message);
}

void CrowdstreamDoor::fade(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Fade wanted = api::parse_fade(arguments);
    refuse_too_late(wanted.start_at);
    const protocol::MixerFade fade{strip_of(wanted.deck), 0.0F, wanted.seconds, frame_in(wanted.start_at)};
    ask_mixer(reply, fade.write());
    levels_[wanted.deck] = 0.0F;
}

void CrowdstreamDoor::set_levels(const api::Levels& levels, const OscReplyTo& reply) {
    const std::string mixer = peer_of_kind(parts_.peers(), "mixer-bus");
    const auto joint = JointAnswer::to(reply);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (levels.at(i)) {
            const char deck = static_cast<char>('A' + i);
            joint->ask(parts_.peers(), mixer, protocol::MixerGain{strip_of(deck), *levels.at(i)}.write(at::mixer_gain));
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
    ask_mixer(reply, protocol::MixerBand{strip_of(wanted.deck), wanted.band, wanted.value}.write(at::mixer_eq));
}

void CrowdstreamDoor::deck_eq_all(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Bands wanted = api::parse_deck_eq_all(arguments);
    ask_mixer(reply, protocol::MixerBands{strip_of(wanted.deck), wanted.percent}.write());
}

void CrowdstreamDoor::deck_filter(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::Band wanted = api::parse_deck_filter(arguments);
    ask_mixer(reply, protocol::MixerBand{strip_of(wanted.deck), wanted.band, wanted.value}.write(at::mixer_filter));
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
            parts_.peers().tell(peer, OscMessage{at::deck_gain}.real(legacy_level));
        } else {
            for (const char deck : {'A', 'B', 'C', 'D'}) {
                parts_.peers().tell(peer, protocol::MixerGain{strip_of(deck), legacy_level}.write(at::mixer_gain));
                levels_[deck] = legacy_level;
            }
        }
    }
}

}  // namespace crowdjack
