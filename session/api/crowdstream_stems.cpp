// SPDX-License-Identifier: GPL-3.0-or-later
// The crowdstream API's buffers, clock and housekeeping.
#include "common/deck_names.hpp"
#include "common/log.hpp"
#include "common/protocol/deck_messages.hpp"
#include "session/api/front_door.hpp"

#include <algorithm>
#include <memory>

namespace crowdjack {

namespace {

constexpr std::int32_t deck_c_buffer = 2100;

OscMessage stem_message(const char* address, int slot) {
    OscMessage message{address};
    message.integer(slot);
    return message;
}

}  // namespace

int CrowdstreamDoor::slot_of(std::int32_t buffer) {
    const auto slot = slots_[api::deck_of_buffer(buffer)].use(buffer);
    if (!slot) {
        throw OscError{OscErrorCode::not_found,
                       "buffer " + std::to_string(buffer) + " is not loaded: send /load_buffer first"};
    }
    return *slot;
}

void CrowdstreamDoor::load_buffer(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::LoadBuffer wanted = api::parse_load_buffer(arguments);
    const char deck = api::deck_of_buffer(wanted.id);
    const int slot = slots_[deck].slot_for(wanted.id);
    // The slot's buffer of before stays, and stays what it was called, until the new one is there.
    const auto done = [this, deck, slot, id = wanted.id, reply](const PeerAnswer& answer) {
        if (answer.ok) {
            ++plays_[id];
            slots_[deck].take(slot, id);
        } else {
            slots_[deck].give_up(slot, id);
        }
        pass_answer(reply, answer);
    };
    const protocol::StemLoad load{slot, wanted.path, wanted.name};
    try {
        parts_.peers().ask(deck_client(deck), load.write(), done, loading_limit);
    } catch (...) {
        slots_[deck].give_up(slot, wanted.id);
        throw;
    }
}

void CrowdstreamDoor::play_stem_now(const api::PlayStem& stem, const OscReplyTo& reply) {
    const std::string deck = deck_client(api::deck_of_buffer(stem.id));
    const int slot = slot_of(stem.id);
    const double volume = stem.volume               ? static_cast<double>(*stem.volume)
                          : settings_.legacy_levels ? legacy_level
                                                    : 1.0;
    const protocol::StemPlay play{slot, stem.rate, volume, stem.loop, stem.start};
    ask_for(reply, parts_.peers(), deck, play.write());
    const std::uint64_t number = ++plays_[stem.id];
    if (stem.seconds) {
        const auto length = std::chrono::milliseconds{static_cast<std::int64_t>(*stem.seconds * 1000.0)};
        parts_.shell.loop().after(length, [this, deck, number, id = stem.id] {
            const auto present = slots_[api::deck_of_buffer(id)].use(id);
            if (plays_[id] == number && present) {  // else another play or another stem would be cut short
                parts_.peers().tell(deck, stem_message(at::deck_stem_stop, *present));
            }
        });
    }
}

void CrowdstreamDoor::play_stem(const ApiArguments& arguments, const OscReplyTo& reply) {
    play_stem_now(api::parse_play_stem(arguments), reply);
}

void CrowdstreamDoor::play_stem_section(const ApiArguments& arguments, const OscReplyTo& reply) {
    play_stem_now(api::parse_play_stem_section(arguments), reply);
}

void CrowdstreamDoor::stop_stem(const ApiArguments& arguments, const OscReplyTo& reply) {
    const std::int32_t id = api::parse_stop_stem(arguments);
    ++plays_[id];
    ask_for(reply, parts_.peers(), deck_client(api::deck_of_buffer(id)), stem_message(at::deck_stem_stop, slot_of(id)));
}

void CrowdstreamDoor::stem_volume(const ApiArguments& arguments, const OscReplyTo& reply) {
    const api::StemVolume wanted = api::parse_stem_volume(arguments);
    OscMessage message = stem_message(at::deck_stem_gain, slot_of(wanted.id));
    ask_for(reply, parts_.peers(), deck_client(api::deck_of_buffer(wanted.id)), message.real(wanted.volume));
}

// ---- tempo and clock

void CrowdstreamDoor::set_tempo(const ApiArguments& arguments, const OscReplyTo& reply) {
    const double bpm = api::parse_set_tempo(arguments);
    if (!parts_.tempo.has_follower()) {
        parts_.tempo.set_tempo(Bpm{bpm});
        reply.done();
        return;
    }
    // As in crowdstream: a jump, and the crowd keeps the lead.
    ask_for(reply, parts_.peers(), peer_of_kind(parts_.peers(), "bpm-follower"),
            OscMessage{at::tempo_jump}.precise(bpm));
}

void CrowdstreamDoor::set_meter(const ApiArguments& arguments, const OscReplyTo& reply) {
    parts_.tempo.set_meter(api::parse_set_meter(arguments));
    reply.done();
}

void CrowdstreamDoor::print_clock(const ApiArguments& arguments, const OscReplyTo& reply) {
    parts_.tempo.print_clock(api::parse_print_clock(arguments));
    reply.done();
}

void CrowdstreamDoor::reset(const ApiArguments&, const OscReplyTo& reply) {
    zero_ = frame_in(0.0);
    parts_.tempo.reset_clock();
    reply.done();
}

void CrowdstreamDoor::frames_are_void() { zero_.reset(); }

void CrowdstreamDoor::schedule_c_at(const ApiArguments& arguments, const OscReplyTo& reply) {
    const double at = api::parse_schedule(arguments);
    const JackFrame now = frame_in(0.0);
    const double rate = parts_.shell.jack().format().rate;
    const double passed = to_seconds(now - zero_.value_or(JackFrame{0}), rate).value;
    const double left = std::max(0.0, at - passed);
    if (left > 600.0) {
        throw OscError{OscErrorCode::refused, "that is more than 10 minutes from now"};
    }
    if (!slots_['C'].use(deck_c_buffer)) {  // not loaded as a buffer: what is cued on deck C
        parts_.starter.begin(reply, {{"deck-C", "C"}}, left);
        return;
    }
    api::PlayStem stem;
    stem.id = deck_c_buffer;
    parts_.shell.loop().after(std::chrono::milliseconds{static_cast<std::int64_t>(left * 1000.0)}, [this, stem] {
        try {
            play_stem_now(stem, OscReplyTo{});
        } catch (const OscError& error) {
            log_event(LogLevel::warning, "scheduled-start-failed", {{"deck", "C"}, {"why", error.what()}});
        }
    });
    reply.done();
}

// ---- housekeeping

void CrowdstreamDoor::get_status(const ApiArguments&, const OscReplyTo& reply) {
    // Asks every deck, and answers when the last has said how it is (or did not in time).
    auto open = std::make_shared<std::size_t>(parts_.decks.views().size());
    if (*open == 0) {
        reply.send(status_message(reply));
        return;
    }
    std::vector<std::string> names;
    for (const auto& [deck, view] : parts_.decks.views()) {
        names.push_back(deck);
    }
    for (const std::string& deck : names) {
        parts_.decks.ask(deck, [this, open, reply] {
            if (--*open == 0) {
                reply.send(status_message(reply));
            }
        });
    }
}

OscMessage CrowdstreamDoor::status_message(const OscReplyTo& reply) const {
    OscMessage message = reply.reply();
    const bool there = parts_.shell.has_jack();
    message.text("rate").real(there ? static_cast<float>(parts_.shell.jack().format().rate) : 0.0F);
    message.text("period").integer(there ? static_cast<std::int32_t>(parts_.shell.jack().period()) : 0);
    message.text("bpm").real(static_cast<float>(parts_.tempo.bpm().value_or(Bpm{0.0}).value));
    message.text("beat").precise(parts_.tempo.beat().value_or(Beats{0.0}).value);
    std::int32_t buffers = 0;
    for (const auto& [deck, slots] : slots_) {
        buffers += static_cast<std::int32_t>(slots.loaded().size());
    }
    const auto playing = std::count_if(parts_.decks.views().begin(), parts_.decks.views().end(),
                                       [](const auto& deck) { return deck.second.said.state == "playing"; });
    message.text("buffers").integer(buffers);
    message.text("playing").integer(static_cast<std::int32_t>(playing));
    for (const auto& [deck, view] : parts_.decks.views()) {
        message.text(deck).text(view.said.state.empty() ? "unknown" : view.said.state);
        message.text(deck + ".path").text(view.said.path);
        message.text(deck + ".position").precise(view.said.position_s);
        message.text(deck + ".length").precise(view.said.length_s);
        const char letter = deck.back();
        if (const auto level = levels_.find(letter); deck == deck_client(letter) && level != levels_.end()) {
            message.text(deck + ".level").real(level->second);
        }
    }
    return message;
}

void CrowdstreamDoor::mixer_cleanup(const ApiArguments&, const OscReplyTo& reply) {
    const auto joint = JointAnswer::to(reply);
    for (auto& [deck, slots] : slots_) {
        for (const std::int32_t buffer : slots.loaded()) {
            joint->ask(parts_.peers(), deck_client(deck),
                       stem_message(at::deck_stem_stop, slots.use(buffer).value_or(0)));
        }
        slots.clear();
    }
    for (const auto& [deck, view] : parts_.decks.views()) {
        joint->ask(parts_.peers(), deck, OscMessage{at::deck_eject});
    }
    joint->seal();
}

void CrowdstreamDoor::test_tone(const ApiArguments& arguments, const OscReplyTo& reply) {
    const double hz = api::parse_test_tone(arguments);
    (void)peer_of_kind(parts_.peers(), "mixer-bus");  // else nobody would hear it
    settings_.play_tone(hz);
    reply.done();
}

}  // namespace crowdjack
