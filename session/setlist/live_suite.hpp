// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/clock.hpp"
#include "session/setlist/loudness.hpp"
#include "session/setlist/played.hpp"
#include "session/setlist/set_player.hpp"
#include "session/suite_link.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// The running suite as the player's orchestra: commands go out as OSC, what comes back is told to the player.
class LiveSuite final : public Orchestra {
public:
    /// @param link, sections  outlive this; @param log  may be null
    LiveSuite(SuiteLink& link, const std::vector<Section>& sections, SetPlayer::Settings settings, PlayedLog* log);

    /// Called when the player wants to know of a track before others.
    void on_get_to_know(std::function<void(std::size_t, Acquaintance)> wish) { wish_ = std::move(wish); }

    /// Looks at who is there, asks how they are, lets the player decide; every 50 ms.
    void turn();

    /// @throws OscError when no deck has answered yet
    void pause_after(bool on);

    [[nodiscard]] SetPlayer& player() noexcept { return player_; }
    /// Nothing until a deck has said what frame it is.
    [[nodiscard]] std::optional<Now> now() const;
    [[nodiscard]] std::size_t deck_count() const noexcept { return decks_.size(); }
    /// `/setlist/state`: name/value pairs.
    void describe(OscMessage& answer) const;

    void cue(char deck, const std::string& path, double seconds, double track_bpm) override;
    void start_at_beat(char deck, Beats beat) override;
    void start_at(char deck, JackFrame frame, double seconds) override;
    void stop(char deck, std::optional<JackFrame> frame) override;
    void trim(char strip, float gain) override;
    void ramp(char strip, Control control, float to, double seconds, std::optional<JackFrame> frame) override;
    void forget_scheduled(char strip) override;
    void measure(std::size_t section) override;
    void get_to_know(std::size_t section, Acquaintance how) override;
    void report(const SetlistEvent& event) override;
    void played(const PlayedTrack& track) override;

private:
    struct Client {
        std::string url;
        pid_t pid{};
    };

    void look_around();
    void ask();
    void hear();
    void hear_deck(char letter, const OscArguments& arguments);
    void hear_line(const std::string& client, const OscArguments& arguments);
    void learn_rate(const OscArguments& pairs);
    /// Asks the client of that name, if it is there; `answered` hears of it.
    void question(const std::string& client, const OscMessage& message, const Peers::Done& answered);
    /// A command: what is refused is logged, and `refused` hears of it.
    void command(const std::string& client, const OscMessage& message, const Peers::Done& answered = {});
    void to_mixer(const OscMessage& message);
    /// What plays, for the stream's listeners and the recording: at each hand-over, and to a mixer that is new.
    void tell_title();

    SuiteLink& link_;
    const std::vector<Section>& sections_;
    std::string letters_;
    PlayedLog* log_;
    std::function<void(std::size_t, Acquaintance)> wish_;
    SetClock clock_;
    Timeline timeline_{48000.0};
    bool rate_known_{false};
    std::map<char, Client> decks_;
    std::optional<Client> mixer_;
    std::optional<std::pair<char, std::size_t>> told_;  ///< to the mixer: deck and section
    bool paused_{false};                                ///< as last said
    std::string line_sender_;
    std::int32_t line_serial_{0};
    double looked_s_{-1.0}, asked_s_{-1.0};
    LoudnessWorker loudness_;
    SetPlayer player_;
};

}  // namespace crowdjack
