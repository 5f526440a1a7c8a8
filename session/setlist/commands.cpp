// SPDX-License-Identifier: GPL-3.0-or-later
// The player's wishes as OSC.
#include "common/log.hpp"
#include "session/setlist/live_suite.hpp"

#include <cmath>
#include <ctime>

namespace crowdjack {

namespace {

std::string strip_name(char strip) { return std::string(1, strip); }

const char* band_name(Control control) {
    return control == Control::low ? "low" : control == Control::mid ? "mid" : "high";
}

const char* event_name(SetlistEvent::Kind kind) {
    using Kind = SetlistEvent::Kind;
    switch (kind) {
    case Kind::cued:
        return "cued";
    case Kind::started:
        return "started";
    case Kind::handover:
        return "handover";
    case Kind::skipped:
        return "skipped";
    case Kind::ended:
        break;
    }
    return "ended";
}

}  // namespace

void LiveSuite::to_deck(char deck, const OscMessage& message) { link_.send(std::string{"deck-"} + deck, message); }

void LiveSuite::to_mixer(const OscMessage& message) {
    if (const auto mixer = link_.peer_of_kind("mixer-bus")) {
        link_.send(*mixer, message);
    }
}

void LiveSuite::cue(char deck, const std::string& path, double seconds, double track_bpm) {
    to_deck(deck, OscMessage{"/deck/cue"}.text(path).precise(seconds).precise(track_bpm));
}

void LiveSuite::start_at_beat(char deck, Beats beat) {
    // The next multiple of a beat that has not come yet is that beat itself.
    asked_beats_[deck] = beat;
    to_deck(deck, OscMessage{"/deck/start_beat"}.precise(beat.value));
}

void LiveSuite::start_at(char deck, JackFrame frame, double seconds) {
    to_deck(deck, OscMessage{"/deck/start"}.frame(frame).precise(seconds));
}

void LiveSuite::stop(char deck, std::optional<JackFrame> frame) {
    OscMessage message{"/deck/stop"};
    to_deck(deck, frame ? message.frame(*frame) : message);
}

void LiveSuite::trim(char strip, float gain) {
    constexpr double inaudible_s = 0.02;
    to_mixer(OscMessage{"/mixer/trim"}.text(strip_name(strip)).real(gain).precise(inaudible_s));
}

void LiveSuite::ramp(char strip, Control control, float to, double seconds, std::optional<JackFrame> frame) {
    const bool fader = control == Control::fader;
    OscMessage message{fader ? "/mixer/fade" : "/mixer/eq"};
    message.text(strip_name(strip));
    if (!fader) {
        message.text(band_name(control));
    }
    message.real(to).precise(seconds);
    to_mixer(frame ? message.frame(*frame) : message);
}

void LiveSuite::forget_scheduled(char strip) { to_mixer(OscMessage{"/mixer/forget"}.text(strip_name(strip))); }

void LiveSuite::measure(std::size_t section) {
    const Section& wanted = sections_[section];
    if (!wanted.lufs) {
        loudness_.ask(section, wanted.part_file, wanted.start_s + wanted.end_s);
        return;
    }
    const Measured known{true, {}, wanted.start_s + wanted.end_s, wanted.lufs};
    link_.loop().post([this, section, known] { player_.measured(section, known); });
}

void LiveSuite::get_to_know(std::size_t section) {
    if (wish_) {
        wish_(section);
    }
}

void LiveSuite::report(const SetlistEvent& event) {
    const std::string name = event_name(event.kind);
    const std::string path = event.section ? sections_[*event.section].part_file : "";
    OscMessage message{"/setlist/" + name};
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
    link_.osc().publish(OscMessage{"/setlist/played"}
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
    answer.text("trend").text(trend_name(player_.trend().at(SuiteLink::seconds())));
}

}  // namespace crowdjack
