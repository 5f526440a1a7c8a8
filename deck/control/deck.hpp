// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/music_folders.hpp"
#include "deck/control/command_sender.hpp"
#include "deck/control/deck_options.hpp"
#include "deck/control/line_intake.hpp"
#include "deck/control/pitch_keeper.hpp"
#include "deck/control/saved_deck.hpp"
#include "deck/control/stream_book.hpp"
#include "deck/track/decoded_memory.hpp"
#include "deck/engine/deck_engine.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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

    void cue(const std::string& path, double seconds, std::optional<double> track_bpm, Finished finished,
             Failed failed);
    void start(std::optional<JackFrame> frame, std::optional<double> seconds, Placed placed, Failed failed);
    void start_on_beat(double quantum, Placed placed, Failed failed);
    void stop(std::optional<JackFrame> frame, Placed placed, Failed failed);
    void eject();
    void seek(double seconds, Finished finished, Failed failed);
    void nudge(double ms);
    /// In seconds; none: plays out.
    void loop(std::optional<Trajectory::Loop> seconds);
    void loop_all();
    /// Sets with `seconds` (or where it is, when that number is free), else recalls.
    void hotcue(int number, std::optional<double> seconds, Finished finished);
    void gain(double linear, std::optional<double> ramp_s);
    void rate(double ratio);
    void track_bpm(double bpm);
    void follow(bool on);
    void stretch(const std::string& method);
    void load_stem(std::size_t slot, const std::string& path, const std::string& name, Finished finished,
                   Failed failed);
    void play_stem(std::size_t slot, double rate, double gain, bool loop, double start_fraction, Placed placed,
                   Failed failed);
    void stop_stem(std::size_t slot);
    void stem_gain(std::size_t slot, double linear);
    void take_line(const std::string& sender, const NumberedLine& line);

    /// What was asked for last.
    struct Settings {
        double gain{1.0}, rate{1.0}, track_bpm{120.0};
        bool follow{true};
        StretchMethod stretch{StretchMethod::rate};
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
    [[nodiscard]] const std::string& cue_path() const { return current().path; }
    [[nodiscard]] double cue_seconds() const;
    [[nodiscard]] double position_seconds() const;
    [[nodiscard]] const LineIntake& lines() const noexcept { return lines_; }

    [[nodiscard]] OscMessage state_message() const;
    [[nodiscard]] OscMessage health_message() const;

    // What the shell asks.
    [[nodiscard]] std::string save() const;
    void restore(const std::string& text);
    void connected();
    void disconnected();
    /// Fades out, then calls `finished`.
    void fade_away(Finished finished);

private:
    /// A track as the deck's user knows it.
    struct Track {
        TrackStream* stream{nullptr};
        std::string path;
        double cue_source{0.0};
        std::optional<Trajectory::Loop> loop;  ///< file frames
        std::map<int, double> hotcues;         ///< seconds
    };

    void look_calmly();
    void look_after(std::chrono::milliseconds period);
    void expect_reports();
    void look_eagerly();
    void drain();
    void take(const MotionReport& motion);
    void take(const Started& report);
    void take(const Stopped& report);
    void take(const Ended& report);
    void take(const CutOff& report);
    void take(const Starved& report);
    void take(const LateLine& report);
    void take(const Released& report);
    void take(const Done& report) { sender_.take(report); }
    void take(const Refused& report) { sender_.take(report); }
    void publish_state();

    void cue_opened(Track track, double seconds, std::optional<double> track_bpm);
    void finish_restore();
    void take_up(TrackStream* stream, const SavedDeck& saved, const Trajectory& motion, bool same_run);
    void restore_stems(const SavedDeck& saved, bool in_place);
    using StreamOpened =
        std::function<void(const StreamBook::Owned& stream, const std::optional<std::string>& failure)>;
    void open_stream(const std::filesystem::path& file, double start_s, StreamOpened opened);
    void order_stem(const PlayStem& command, const Placed& placed, const Failed& failed);
    [[nodiscard]] std::filesystem::path allowed(const std::string& path) const;
    [[nodiscard]] Track& current();
    [[nodiscard]] const Track& current() const;
    [[nodiscard]] Track& required();
    [[nodiscard]] double rate_of(const Track& track) const;
    [[nodiscard]] double length_s(const Track& track) const;
    [[nodiscard]] double checked_place(const Track& track, double seconds) const;
    void mark_points(Track& track);
    void require_server() const;
    void state_changed();

    ClientShell& shell_;
    DeckEngine& engine_;
    CommandSender sender_;
    MusicFolders folders_;
    StreamBook streams_;
    std::shared_ptr<DecodedMemory> decoded_;  ///< shared by all that this deck opens
    PitchKeeper pitch_;
    LineIntake lines_;
    Settings settings_;
    Track track_;                  ///< what the engine plays or would play
    std::optional<Track> next_;    ///< cued while track_ plays
    std::uint64_t cue_number_{0};  ///< the latest cue; an older one that opens late is dropped
    Failed cue_failed_;            ///< of the cue that is being opened
    std::array<Stem, DeckMix::stem_slots> stems_;
    std::array<std::uint64_t, DeckMix::stem_slots> stem_numbers_{};
    std::optional<MotionReport> motion_;   ///< the latest that is in force
    std::optional<JackFrame> stem_start_;  ///< stems asked for within a moment start together
    std::optional<SavedDeck> to_restore_;
    bool just_cued_{false};  ///< the audio thread has not said yet that it knows track_
    bool restoring_{false};
    ControlLoop::TimerId next_look_{};
    bool state_due_{false};  ///< at the next look
    bool eager_{false};      ///< a quick look at the reports is on its way
    int eager_left_{0};      ///< looks until calm is good enough
    bool was_playing_{false};
};

}  // namespace crowdjack
