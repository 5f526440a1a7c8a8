// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/choice.hpp"
#include "session/setlist/mixing.hpp"
#include "session/setlist/orchestra.hpp"
#include "session/setlist/sections.hpp"
#include "session/setlist/timeline.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Plays a set: chooses, cues, starts each track at the one before's begin cue, hands over, retires, and puts right
/// what the world does to it (files that are not there, decks and mixer that die and come back, a tempo line that
/// moves).
///
/// Pure logic: told what happens, it tells the Orchestra what to do. Everything lies ahead of time (starts are held by
/// the decks as beats, ramps by the mixer as frames), so a missed tick costs nothing.
class SetPlayer {
public:
    struct Settings {
        TrackChooser::Settings choice;
        std::string decks{"ABC"};  ///< in the order of their turns
        double cue_ahead_s{20.0};  ///< before the begin cue the next track is chosen
        double target_lufs{-14.0};
    };

    /// @param sections, timeline, orchestra  outlive the player
    SetPlayer(const std::vector<Section>& sections, Settings settings, Timeline& timeline, Orchestra& orchestra);

    /// What time it is; several times a second.
    void tick(const Now& now);

    /// What the suite says (tempo lines go into the Timeline). A deck that left is told of by deck_gone().
    /// @{
    void deck_report(char deck, const DeckReport& report, const Now& now);
    void deck_gone(char deck);
    void deck_cued(char deck);
    void deck_refused(char deck, const std::string& why);
    void deck_busy(char deck);  ///< could not be told anything just now: another deck's turn
    void deck_started(char deck, JackFrame frame);
    void measured(std::size_t section, const Measured& found);
    /// Whole tracks that become known while the set plays (Settings::choice.as_known): the section's fields are filled
    /// in, or it can't be played.
    void known(std::size_t section) { chooser_.known(section); }
    void unplayable(std::size_t section, const std::string& why);
    void movement(double at_s, double movement) { trend_.add(at_s, movement); }
    void mixer_returned(const Now& now);
    void server_restarted(const Now& now);  ///< all frames are void
    void beats_renumbered(const Now& now);  ///< a line came that counts from elsewhere
    /// @}

    /// Hands over to the next track at the next bar. False when there is none.
    bool hurry();
    /// Lets the current track play to its end and begins no other one; false goes on. hurry() goes on, too.
    void pause_after(bool on, const Now& now);
    [[nodiscard]] bool pausing() const noexcept { return pausing_; }
    /// It does, and nothing plays or is about to.
    [[nodiscard]] bool paused() const noexcept {
        return pausing_ && !current_ && !outgoing_ && !(next_ && next_->stage == Stage::scheduled);
    }
    /// Fades out and ends the set. @returns seconds until all is quiet
    double stop(const Now& now);

    [[nodiscard]] bool finished() const noexcept { return finished_; }
    /// The section on `deck` in the set's plan, if any.
    [[nodiscard]] std::optional<std::size_t> section_on(char deck) const;
    [[nodiscard]] std::optional<char> current_deck() const;
    /// Where the current track began to come in.
    [[nodiscard]] std::optional<JackFrame> current_start() const;
    [[nodiscard]] std::optional<char> next_deck() const;
    /// When the current track hands over, if it plays.
    [[nodiscard]] std::optional<JackFrame> next_start() const;
    [[nodiscard]] const MovementTrend& trend() const noexcept { return trend_; }
    /// In this order it is best to get to know tracks.
    [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return chooser_.order(); }

private:
    static constexpr double lead_s = 0.3;  ///< a command sent now is met everywhere by then
    static constexpr double bar = 4.0;     ///< beats

    enum class Stage { preparing, scheduled, playing };

    /// One track on its deck.
    struct Run {
        std::size_t section{};
        char deck{};
        Stage stage{Stage::preparing};
        double begin_s{}, end_s{};  ///< the section's, cut to what the file holds
        double track_bpm{};
        SetTime start;  ///< scheduled or playing
        std::optional<JackFrame> started;
        JackFrame planned;
        double start_beat{}, start_bpm{};
        bool cued{false};
        std::optional<Measured> measured;
        double asked_s{};      ///< when the last command to the deck went out
        int wrong_reports{0};  ///< in a row: plays, but elsewhere
        std::optional<double> silent_since_s;
        bool rejoining{false};
        double rejoin_s{};  ///< where in the file
        float trim{1.0F};
        Trend trend{Trend::steady};
        std::optional<double> movement;
    };

    struct Deck {
        bool alive{false};
        double heard_s{0.0}, busy_until_s{0.0};
        std::optional<DeckReport> report;
    };

    [[nodiscard]] bool time_is_known(const Now& now);
    void locate(const Now& now);
    void adopt(const Now& now);
    void prepare(const Now& now);
    void commit(const Now& now);
    void confirm(const Now& now);
    void promote(const Now& now);
    void retire(const Now& now);
    void watch(Run& run, const Now& now);
    void rejoin(Run& run, const Now& now);
    void check_place(Run& run, const DeckReport& report);
    void other_deck();
    void end_set(const std::string& why);
    [[nodiscard]] bool holds(const DeckReport& report, std::size_t section) const;
    void lost(const Now& now);
    void break_silence(const Now& now);
    [[nodiscard]] bool ready(const Now& now) const;
    [[nodiscard]] std::optional<SetTime> begin_of_next(const Now& now) const;
    [[nodiscard]] SetTime begin_after_beatless(JackFrame earliest) const;
    [[nodiscard]] SetTime next_bar(const Run& run, JackFrame not_before) const;
    [[nodiscard]] Run run_for(std::size_t section, char deck, const Now& now) const;
    [[nodiscard]] bool may_choose(const Now& now);
    void press(const Now& now, double left_s);
    [[nodiscard]] bool knows_what_plays(const Now& now);
    void cue(const Run& run, double place_s);
    void send_start(Run& run);
    void give_up_next(const std::string& why);
    void set_trim(Run& run);
    void record(const Run& run, JackFrame end, const std::string& how);
    [[nodiscard]] std::optional<char> free_deck(const Now& now) const;
    [[nodiscard]] Run* run_on(char deck);
    [[nodiscard]] const Run* run_on(char deck) const;
    [[nodiscard]] bool plays(const Run& run) const;
    [[nodiscard]] SetTime time_of(const Run& run, double file_s) const;
    [[nodiscard]] SetTime end_of(const Run& run) const;
    [[nodiscard]] JackFrame soonest(const Now& now) const;
    void time_changed_meaning(const Now& now);

    const std::vector<Section>& sections_;
    Settings settings_;
    Timeline& timeline_;
    Orchestra& orchestra_;
    Mixing mixing_;
    TrackChooser chooser_;
    MovementTrend trend_;
    std::map<char, Deck> decks_;
    std::optional<Run> outgoing_, current_, next_;
    char last_deck_;
    std::optional<double> first_tick_s_;
    std::optional<double> waits_since_s_;  ///< for anything to choose from
    std::optional<std::size_t> pressed_;
    bool adopted_{false};
    bool hurry_{false};
    bool pausing_{false};
    bool over_{false};  ///< nothing more to choose
    bool finished_{false};
    std::optional<double> stopping_until_s_;
    bool stop_sent_{false};  ///< to the deck that ends next
    bool beats_{false};      ///< what the runs' SetTimes mean: beats, else frames
    std::optional<double> line_lost_s_;
    std::optional<Now> relocate_;  ///< since when the runs' starts must be read from their decks' reports
};

}  // namespace crowdjack
