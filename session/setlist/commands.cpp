// SPDX-License-Identifier: GPL-3.0-or-later
// The player's wishes as OSC.
#include "common/deck_names.hpp"
#include "common/log.hpp"
#include "common/protocol/deck_messages.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "session/setlist/live_suite.hpp"

#include <cmath>
#include <ctime>

namespace crowdjack {

namespace {

std::string strip_name(char strip) { return std::string(1, strip); }

const char* band_name(Control control) {
    return control == Control::low ? "low" : control == Control::mid ? "mid" : "high";
}

const char* event_address(SetlistEvent::Kind kind) {
    using Kind = SetlistEvent::Kind;
    switch (kind) {
    case Kind::cued:
        return at::setlist_cued;
    case Kind::started:
        return at::setlist_started;
    case Kind::handover:
        return at::setlist_handover;
    case Kind::skipped:
        return at::setlist_skipped;
    case Kind::ended:
        break;
    }
    return at::setlist_ended;
}

}  // namespace

void LiveSuite::to_mixer(const OscMessage& message) {
    if (const auto mixer = link_.peers().of_kind("mixer-bus")) {
        command(mixer->client, message);
    }
}

void LiveSuite::tell_title() {
    const auto deck = player_.current_deck();
    const auto section = deck ? player_.section_on(*deck) : std::nullopt;
    if (!section || told_ == std::pair{*deck, *section} || !link_.peers().of_kind("mixer-bus")) {
        return;
    }
    told_ = std::pair{*deck, *section};
    const Section& track = sections_[*section];
    to_mixer(protocol::MixerNowPlaying{std::string(1, *deck), track.artist,
                                       track.title.empty() ? track.name() : track.title, player_.current_start()}
                 .write());
}

void LiveSuite::pause_after(bool on) {
    const auto present = now();
    if (!present) {
        throw OscError{OscErrorCode::not_ready, "no deck has answered yet"};
    }
    player_.pause_after(on, *present);
}

void LiveSuite::cue(char deck, const std::string& path, double seconds, double track_bpm) {
    command(deck_client(deck), protocol::DeckCue{path, seconds, track_bpm}.write(),
            [this, deck](const PeerAnswer& answer) {
                if (answer.ok) {
                    player_.deck_cued(deck);
                } else if (answer.code == OscErrorCode::not_ready) {
                    player_.deck_busy(deck);
                } else {
                    player_.deck_refused(deck, answer.message);
                }
            });
}

void LiveSuite::start_at_beat(char deck, Beats beat) {
    // The next multiple of a beat that has not come yet is that beat itself.
    command(deck_client(deck), OscMessage{at::deck_start_beat}.precise(beat.value),
            [this, deck, beat](const PeerAnswer& answer) {
                if (!answer.ok) {  // it has not heard the line that we have
                    start_at(deck, timeline_.frame_of({beat.value}), 0.0);
                }
            });
}

void LiveSuite::start_at(char deck, JackFrame frame, double seconds) {
    command(deck_client(deck), protocol::DeckStart{frame, seconds}.write());
}

void LiveSuite::stop(char deck, std::optional<JackFrame> frame) {
    command(deck_client(deck), protocol::DeckStop{frame}.write());
}

void LiveSuite::trim(char strip, float gain) {
    constexpr double inaudible_s = 0.02;
    to_mixer(protocol::MixerGain{strip_name(strip), gain, inaudible_s}.write(at::mixer_trim));
}

void LiveSuite::ramp(char strip, Control control, float to, double seconds, std::optional<JackFrame> frame) {
    if (control == Control::fader) {
        to_mixer(protocol::MixerFade{strip_name(strip), to, seconds, frame}.write());
    } else {
        to_mixer(protocol::MixerBand{strip_name(strip), band_name(control), to, seconds, frame}.write(at::mixer_eq));
    }
}

void LiveSuite::forget_scheduled(char strip) { to_mixer(OscMessage{at::mixer_forget}.text(strip_name(strip))); }

void LiveSuite::measure(std::size_t section) {
    const Section& wanted = sections_[section];
    if (!wanted.lufs) {
        loudness_.ask(section, wanted.part_file, wanted.start_s + wanted.end_s);
        return;
    }
    const Measured known{true, {}, wanted.start_s + wanted.end_s, wanted.lufs};
    link_.loop().post([this, section, known] { player_.measured(section, known); });
}

void LiveSuite::get_to_know(std::size_t section, Acquaintance how) {
    if (wish_) {
        wish_(section, how);
    }
}

void LiveSuite::report(const SetlistEvent& event) {
    const std::string address = event_address(event.kind);
    const std::string name = address.substr(address.rfind('/') + 1);
    const std::string path = event.section ? sections_[*event.section].part_file : "";
    OscMessage message{address};
    message.text(std::string(1, event.deck)).text(path);
    using Kind = SetlistEvent::Kind;
    if (event.kind == Kind::started || event.kind == Kind::handover) {
        message.frame(event.frame);
    }
    if (event.kind == Kind::handover) {
        message.frame(event.until);
    }
    if (event.kind == Kind::skipped || event.kind == Kind::ended) {
        message.text(event.why);
    }
    link_.osc().publish(message);
    log_event(event.kind == Kind::skipped ? LogLevel::warning : LogLevel::info, name,
              {{"deck", std::string(1, event.deck)},
               {"track", event.section ? sections_[*event.section].name() : ""},
               {"part", path},
               {"frame", wire_frame(event.frame)},
               {"why", event.why}});
}

void LiveSuite::played(const PlayedTrack& track) {
    if (log_ != nullptr) {
        const auto present = now();
        const double ago_s = present ? to_seconds(present->frame - track.start_frame, timeline_.rate()).value : 0.0;
        log_->add(track, sections_[track.section], std::time(nullptr) - static_cast<std::time_t>(std::lround(ago_s)));
    }
    link_.osc().publish(OscMessage{at::setlist_played}
                            .text(std::string(1, track.deck))
                            .text(sections_[track.section].part_file)
                            .frame(track.start_frame)
                            .frame(track.end_frame)
                            .text(track.end)
                            .text(sections_[track.section].artist)
                            .text(sections_[track.section].title));
}

void LiveSuite::describe(OscMessage& answer) const {
    const auto part = [this](std::optional<char> deck) {
        const auto section = deck ? player_.section_on(*deck) : std::nullopt;
        return section ? sections_[*section].part_file : std::string{};
    };
    const auto track = [this](std::optional<char> deck) {
        const auto section = deck ? player_.section_on(*deck) : std::nullopt;
        return section ? sections_[*section] : Section{};
    };
    const auto letter = [](std::optional<char> deck) { return deck ? std::string(1, *deck) : std::string{}; };
    const auto present = now();
    answer.text("current").text(letter(player_.current_deck()));
    answer.text("current_part").text(part(player_.current_deck()));
    const Section current = track(player_.current_deck());
    answer.text("current_title").text(current.title).text("current_artist").text(current.artist);
    answer.text("current_key").text(current.key).text("current_bpm").precise(current.bpm);
    answer.text("next").text(letter(player_.next_deck()));
    answer.text("next_part").text(part(player_.next_deck()));
    const Section next = track(player_.next_deck());
    answer.text("next_title").text(next.title).text("next_artist").text(next.artist);
    if (const auto start = player_.next_start(); start && present) {
        answer.text("next_start").frame(*start);
        answer.text("next_in_s").precise(to_seconds(*start - present->frame, timeline_.rate()).value);
    }
    answer.text("pause_after").flag(player_.pausing()).text("paused").flag(player_.paused());
    answer.text("trend").text(trend_name(player_.trend().at(steady_seconds())));
}

}  // namespace crowdjack
