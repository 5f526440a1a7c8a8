// SPDX-License-Identifier: GPL-3.0-or-later
// The suite on paper: decks and strips as the closed forms they are, so that hours of a set take milliseconds.
#pragma once

#include "session/setlist/set_player.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace crowdjack::test {

class PaperSuite final : public Orchestra {
public:
    static constexpr double rate = 48000.0;

    struct Ramp {
        char strip;
        Control control;
        float to;
        double seconds;
        std::optional<JackFrame> frame;
        JackFrame sent;
    };
    struct Start {
        char deck;
        std::string path;
        SetTime at;       ///< as the deck holds it
        JackFrame frame;  ///< where it came to pass
    };
    struct Deck {
        DeckReport::State state{DeckReport::State::empty};
        std::string path;
        double cue_s{}, bpm{120.0};
        SetTime start;  ///< of position 0
        bool beats{false};
        bool alive{true};
        std::optional<JackFrame> stop;
    };

    PaperSuite(std::vector<Section> set, SetPlayer::Settings settings, JackFrame begin = {480000})
        : sections{std::move(set)}, player{sections, std::move(settings), timeline, *this}, now{begin, 0.0} {
        for (const char letter : {'A', 'B', 'C'}) {
            decks[letter];
        }
    }

    void cue(char deck, const std::string& path, double seconds, double track_bpm) override {
        if (!decks.at(deck).alive || deaf) {
            return;
        }
        Deck& d = decks.at(deck);
        answers.push_back([this, deck, path] {
            if (refused.contains(path)) {
                player.deck_refused(deck, "no such file: " + path);
            } else {
                player.deck_cued(deck);
            }
        });
        if (!refused.contains(path)) {
            d.state = DeckReport::State::cued;
            d.path = path;
            d.cue_s = seconds;
            d.bpm = track_bpm;
            ++cues;
        }
    }
    void start_at_beat(char deck, Beats beat) override { start(deck, {beat.value}, true); }
    void start_at(char deck, JackFrame frame, double seconds) override {
        start(deck, timeline.start_of(timeline.at(frame), seconds, decks.at(deck).bpm), timeline.has_line());
    }
    void stop(char deck, std::optional<JackFrame> frame) override { decks.at(deck).stop = frame.value_or(now.frame); }
    void trim(char strip, float gain) override { trims[strip] = gain; }
    void ramp(char strip, Control control, float to, double seconds, std::optional<JackFrame> frame) override {
        ramps.push_back({strip, control, to, seconds, frame, now.frame});
    }
    void forget_scheduled(char strip) override {
        std::erase_if(ramps,
                      [strip, this](const Ramp& r) { return r.strip == strip && r.frame && *r.frame > now.frame; });
    }
    void measure(std::size_t section) override {
        answers.push_back([this, section] {
            const bool there = !missing.contains(sections[section].part_file);
            player.measured(section, {there, there ? "" : "it is not there", sections[section].end_s, lufs});
        });
    }
    void get_to_know(std::size_t section, Acquaintance how) override {
        if (on_get_to_know) {
            answers.push_back([this, section, how] { on_get_to_know(section, how); });
        }
    }
    void report(const SetlistEvent& event) override { events.push_back(event); }
    void played(const PlayedTrack& track) override { rows.push_back(track); }

    /// 50 ms.
    void step() { step_to({now.frame + Frames{2400}, now.seconds + 0.05}); }
    /// To a moment that is not past.
    void step_to(const Now& then) {
        now = then;
        if (on_step) {
            on_step();
        }
        for (auto& [letter, deck] : decks) {
            play(letter, deck);
        }
        std::vector<std::function<void()>> due;
        due.swap(answers);
        for (const auto& answer : due) {
            answer();
        }
        player.tick(now);
    }
    bool run_until(const std::function<bool()>& reached, double seconds = 36000.0) {
        for (const double until = now.seconds + seconds; now.seconds < until && !reached();) {
            step();
        }
        return reached();
    }
    void run_for(double seconds) {
        run_until([] { return false; }, seconds);
    }
    void kill(char deck) {
        decks.at(deck) = Deck{};
        decks.at(deck).alive = false;
        player.deck_gone(deck);
    }
    void revive(char deck) { decks.at(deck).alive = true; }
    double position(const Deck& deck) const { return timeline.position(deck.start, timeline.at(now.frame), deck.bpm); }

    std::vector<Section> sections;
    Timeline timeline{rate};
    SetPlayer player;
    Now now;
    std::map<char, Deck> decks;
    std::map<char, float> trims;
    std::set<std::string> missing, refused;
    bool deaf{false};  ///< no deck takes or answers a cue
    std::optional<double> lufs{-20.0};
    std::vector<Ramp> ramps;
    std::vector<Start> starts;
    std::vector<SetlistEvent> events;
    std::vector<PlayedTrack> rows;
    std::function<void()> on_step;
    std::function<void(std::size_t, Acquaintance)> on_get_to_know;
    int cues{0};

private:
    void start(char letter, SetTime at, bool beats) {
        Deck& deck = decks.at(letter);
        if (!deck.alive) {
            return;
        }
        deck.start = at;
        deck.beats = beats;
        deck.state = DeckReport::State::waiting;
        deck.stop.reset();
    }
    void play(char letter, Deck& deck) {
        if (!deck.alive) {
            return;
        }
        using State = DeckReport::State;
        if (deck.stop && *deck.stop <= now.frame) {
            deck.state = deck.state == State::empty ? State::empty : State::stopped;
            deck.stop.reset();
        }
        if (deck.state == State::waiting && timeline.frame_of(deck.start) <= now.frame) {
            deck.state = State::playing;
            starts.push_back({letter, deck.path, deck.start, timeline.frame_of(deck.start)});
            player.deck_started(letter, timeline.frame_of(deck.start));
        }
        const double place = deck.state == State::playing ? position(deck) : 0.0;
        player.deck_report(letter, {deck.state, deck.path, now.frame, place}, now);
    }

    std::vector<std::function<void()>> answers;
};

/// A section whose begin cue lies `begin_beats` in, of `end_beats`.
inline Section section(const std::string& name, double begin_beats, double end_beats, double bpm = 120.0,
                       double target_bpm = 125.0) {
    Section made;
    made.path = "/music/" + name + ".wav";
    made.part_file = "/parts/" + name + ".wav";
    made.bpm = bpm;
    made.target_bpm = target_bpm;
    made.begin_s = begin_beats * 60.0 / target_bpm;
    made.end_s = end_beats * 60.0 / target_bpm;
    return made;
}

/// `count` sections of 64 beats that hand over during their last 16.
inline std::vector<Section> plain_set(int count) {
    std::vector<Section> set;
    for (int i = 0; i < count; ++i) {
        set.push_back(section("track" + std::to_string(i), 48.0, 64.0, 100.0 + i));
    }
    return set;
}

}  // namespace crowdjack::test
