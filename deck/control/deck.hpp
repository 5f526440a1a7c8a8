// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/music_folders.hpp"
#include "deck/control/command_sender.hpp"
#include "deck/control/deck_condition.hpp"
#include "deck/control/deck_options.hpp"
#include "deck/control/grid_lookup.hpp"
#include "deck/control/line_intake.hpp"
#include "deck/control/pitch_keeper.hpp"
#include "deck/control/place_seeker.hpp"
#include "deck/control/saved_deck.hpp"
#include "deck/control/stream_book.hpp"
#include "deck/control/track_opener.hpp"
#include "deck/engine/deck_engine.hpp"
#include "deck/track/decoded_memory.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace crowdjack {

/// The control side of a deck: opens tracks, orders the engine about, knows what it last reported, remembers. Each
/// method is one command of PROTOCOL.md without its OSC; `finished` and `failed` answer it, perhaps later. Control
/// thread.
class Deck {
public:
    using Finished = std::function<void()>;
    using Placed = std::function<void(JackFrame at)>;
    using Failed = std::function<void(OscErrorCode code, const std::string& why)>;

    Deck(ClientShell& shell, DeckEngine& engine, const DeckOptions& options);

    /// Where to look for the beats of a track that is cued without a tempo.
    void use_grid_lookup(GridLookup lookup) { grid_lookup_ = std::move(lookup); }

    void cue(const std::string& path, double seconds, std::optional<double> track_bpm, Finished finished,
             const Failed& failed);
    /// @param on_beat  move the start by less than a beat, so that the beats of a track with a grid fall on the line's;
    ///                 /deck/sync overrides it
    void start(std::optional<JackFrame> frame, std::optional<double> seconds, bool on_beat, Placed placed,
               const Failed& failed);
    void start_on_beat(double quantum, Placed placed, Failed failed);
    void stop(std::optional<JackFrame> frame, Placed placed, Failed failed);
    void eject();
    void seek(double seconds, Finished finished, const Failed& failed);
    void nudge(double ms);
    /// In seconds; none: plays out.
    void loop(std::optional<Trajectory::Loop> seconds);
    void loop_all();
    /// Sets with `seconds` (or where it is, when that number is free), else recalls.
    void hotcue(int number, std::optional<double> seconds, Finished finished, Failed failed);
    void gain(double linear, std::optional<double> ramp_s);
    void rate(double ratio);
    void track_bpm(double bpm);
    /// The beats of what is cued, or plays: they count from the next start on.
    void grid(double bpm, double first_beat_s);
    /// Starts on the beat: always, never, or (none) as each start says.
    void sync(std::optional<bool> on);
    /// What plays when it is saved plays on by itself when its project is opened.
    void autoplay(bool on);
    void follow(bool on);
    void stretch(const std::string& method);
    void load_stem(std::size_t slot, const std::string& path, const std::string& name, Finished finished,
                   const Failed& failed);
    void play_stem(std::size_t slot, double rate, double gain, bool loop, double start_fraction, Placed placed,
                   const Failed& failed);
    void stop_stem(std::size_t slot);
    void stem_gain(std::size_t slot, double linear);
    void take_line(const std::string& sender, const NumberedLine& line);

    /// What was asked for last.
    struct Settings {
        double gain{1.0}, rate{1.0}, track_bpm{120.0};
        bool follow{true};
        std::optional<bool> sync;
        bool autoplay{false};
        StretchMethod stretch{StretchMethod::rate};
        friend bool operator==(const Settings&, const Settings&) = default;
    };
    struct Stem {
        std::string path, name;
        double rate{1.0}, gain{1.0};
        bool loop{false};
        TrackStream* stream{nullptr};
    };
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const Stem& stem(std::size_t slot) const { return stems_.at(slot); }
    /// The loop of the track, in seconds.
    [[nodiscard]] std::optional<Trajectory::Loop> loop_seconds() const;
    /// What is cued (or playing, when nothing newer is), and where its cue lies.
    [[nodiscard]] std::string cue_path() const;
    [[nodiscard]] double cue_seconds() const;
    [[nodiscard]] SavedDeck::Grid cue_grid() const;
    [[nodiscard]] double position_seconds() const;
    [[nodiscard]] const LineIntake& lines() const noexcept { return lines_; }

    [[nodiscard]] OscMessage state_message() const;
    [[nodiscard]] OscMessage health_message() const;

    // What the shell asks.
    /// As it is in this moment: what the audio thread reported since the last look counts.
    [[nodiscard]] std::string save();
    /// As if it had never stopped.
    void restore(const std::string& text);
    /// As it was saved, in place of what there is: at its place, and silent unless it is to play by itself.
    void open_saved(const std::string& text);
    /// Something was, or is still to be, restored.
    [[nodiscard]] bool has_past() const noexcept { return has_past_; }
    /// What was saved is on its way, and waits for the storage only.
    [[nodiscard]] bool opening() const;
    /// For a session manager's list: letter and track.
    [[nodiscard]] std::string label() const;
    void connected();
    void disconnected();
    /// Fades out, then calls `finished`: at the end, or to leave the graph for another project.
    void fade_away(const Finished& finished);

private:
    /// Where a restored track stands.
    struct Place {
        Trajectory motion;
        bool plays{false}, ended{false};
    };

    // Listening to the engine (deck_reports.cpp).
    void look_calmly();
    void look_after(std::chrono::milliseconds period);
    void expect_reports();
    void look_eagerly();
    void drain();
    void take(const MotionReport& motion);
    void note_loop(const MotionReport& motion);
    void take(const Started& report);
    void take(const Stopped& report);
    void take(const Ended& report);
    void take(const CutOff& report);
    void take(const Voided& report);
    void take(const Starved& report);
    void take(const LateLine& report);
    void take(const Released& report);
    void take(const Done& report) { sender_.take(report); }
    void take(const Refused& report) { sender_.take(report); }
    void publish_state();
    void wait_for_silence(const Finished& finished, int looks_left);

    // From one condition to the next (deck_changes.cpp).
    void become_opening(const std::string& path);
    void become_cued(Track track);
    void become_empty();
    void become_stopped(bool ended);
    void become_restored(Loaded there, const Place& place);
    void note_motion(bool playing, const TrackStream* stream);
    void note_start(const ComingStart& start);
    void forget_start();
    void left_cue();

    // What was saved (deck_save.cpp, deck_restore.cpp).
    [[nodiscard]] std::string kept_text(const SavedDeck& saved, const std::string& text) const;
    void save_tracks(SavedDeck& saved) const;
    void save_motion(SavedDeck& saved) const;
    void save_stems(SavedDeck& saved) const;
    void take_settings(const SavedDeck& saved);
    void begin_restore(const std::string& text, bool never_stopped);
    void finish_restore();
    [[nodiscard]] bool needs_server(const Restoring& restoring) const;
    void restore_motion(const Restoring& restoring);
    void open_saved_track(const Trajectory& motion, double start_s, bool same_run);
    void saved_track_opened(const TrackOpener::Result& result, const Trajectory& motion, bool same_run);
    void take_up(const TrackOpener::Result& result, const Trajectory& motion, bool same_run);
    [[nodiscard]] Place place_of(const SavedDeck& saved, const Track& track, Trajectory motion, bool plays,
                                 bool same_run) const;
    [[nodiscard]] Track track_of(const SavedDeck& saved, TrackStream* stream) const;
    void order_saved_start(const SavedDeck& saved, bool same_run);
    void go_missing(const std::string& why);
    void cue_wanted(std::function<void()> then);
    void restore_stems(const SavedDeck& saved, bool in_place, std::function<void()> all_there);
    void restore_stem(const SavedDeck::Stem& stem, bool in_place, const std::shared_ptr<std::function<void()>>& last);
    void try_missing_again();

    void cue_opened(const TrackOpener::Result& result, const std::filesystem::path& file, double seconds,
                    std::optional<double> track_bpm);
    void place_found(double source);
    void order_stem(const PlayStem& command, const Placed& placed, const Failed& failed);
    [[nodiscard]] std::filesystem::path allowed(const std::string& path) const;
    [[nodiscard]] Track& required();
    [[nodiscard]] Track& cued_or_playing();
    [[nodiscard]] const Track* newest() const;
    [[nodiscard]] const Track* sounding() const;
    [[nodiscard]] double checked_place(const Track& track, double seconds) const;
    void mark_points(Track& track);
    void require_server() const;
    void cancel_seeks(const std::string& why);

    ClientShell& shell_;
    DeckEngine& engine_;
    CommandSender sender_;
    MusicFolders folders_;
    StreamBook streams_;
    std::shared_ptr<DecodedMemory> decoded_;  ///< shared by all that this deck opens
    PitchKeeper pitch_;
    LineIntake lines_;
    GridLookup grid_lookup_;
    Settings settings_;
    DeckCondition condition_;
    TrackOpener opener_;
    TrackOpener next_opener_;  ///< for what was saved as cued next
    PlaceSeeker seeks_, starts_, hotcues_;
    std::array<Stem, DeckMix::stem_slots> stems_;
    std::array<std::optional<SavedDeck::Stem>, DeckMix::stem_slots> missing_stems_;
    std::vector<std::unique_ptr<TrackOpener>> stem_openers_;
    std::vector<std::unique_ptr<PlaceSeeker>> stem_seeks_;
    std::optional<MotionReport> motion_;  ///< the latest that is in force
    std::optional<TakenUp> taken_up_;     ///< what the engine has not reported yet
    std::uint64_t cue_number_{0};  ///< of the command that cued what is there now, as CommandSender::sent() counts
    std::optional<MotionReport> coming_motion_;  ///< of a start that is to come
    std::optional<JackFrame> stem_start_;        ///< stems asked for within a moment start together
    ControlLoop::TimerId next_look_{};
    bool has_past_{false};
    bool trying_again_{false};  ///< for what is missing
    bool eager_{false};         ///< a quick look at the reports is on its way
    int eager_left_{0};         ///< looks until calm is good enough
    bool was_playing_{false};
    double told_at_{0.0};  ///< the state, in steady_seconds()
};

/// Of a track that is open.
/// @{
[[nodiscard]] double rate_of(const Track& track);
[[nodiscard]] double length_s(const Track& track);
/// @}

}  // namespace crowdjack
