// SPDX-License-Identifier: GPL-3.0-or-later
// What a soak is judged by.
//
// 1. The recording. Its left channel says the frame of the clock in each sample: what is missing though the clock had
//    it, what stands twice, what was never sent. Its right channel holds the four decks, whose sum nobody can know;
// 2. so the decks are heard before the mixer: samples of exactly 0 that last, periods that came before, and of deck A
//    (whose track is a known slope) each step to another frame than the next. And the decks' own counts. The figure
//    wants no silence at all; the verdict of the run leaves a stretcher's reserve the time to learn how busy the
//    machine is (soak_decks.cpp).
// 3. The clock of the set: what it left out in excess of what a clock left out that nobody uses, on a server of its
//    own. What is missing, silent or left out while a do-nothing thread of the same priority waited for its processor,
//    too, and not for the set (soak_stalls.hpp), is the machine's, and counted apart. Cycles in which JACK left out the
//    mixer alone (it says so itself) are lost, too; they are a fault where they are more than what the machine made
//    either clock leave out.
// 4. The stream: one source for the whole time, bytes that grow, nothing left out.
// 5. What each program holds: the least of it in the last third of the time, beside the least in the first third (but
//    for a tenth, in which it grows warm). The least, because two tracks are there while one goes over into the other.
#pragma once

#include "tests/bench/soak/recording.hpp"
#include "tests/bench/soak/stage.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace crowdjack::test::soak {

/// What is sent at frame F leaves the master this much later: the limiter's look-ahead.
inline constexpr std::int64_t mixer_latency = 64;

class Judgement {
public:
    struct Run {
        double seconds{};
        std::uint32_t period{};
        std::int64_t first{}, last{};  ///< of the recording: frames of the clock
        std::int64_t witnessed{};      ///< frames that the clock nobody uses left out
    };

    explicit Judgement(Stage& stage) : stage_{stage} {}

    void begin();
    /// Each minute, from a tenth of the time on: prints a point, notes what is held, looks whether the stream grew.
    void look(double at_s, const Followed& recorded, std::int64_t witnessed);
    /// The last moment at which all goes on.
    void end();
    /// Prints the figures.
    void judge(const Run& run, const RecordingFollower& recording);
    /// Ends the session and prints what was wrong. @returns whether nothing was
    [[nodiscard]] bool close();

private:
    using Counts = std::map<std::string, double>;

    void check(bool fine, const std::string& otherwise);
    [[nodiscard]] Counts counts_of_decks();
    void judge_recording(const Run& run, const RecordingFollower& recording);
    [[nodiscard]] bool machine_broke(std::int64_t frame, std::int64_t frames, std::uint32_t period) const;
    [[nodiscard]] bool machine_silenced(const DeckEars::Silence& silence) const;
    void judge_decks(const Run& run);
    [[nodiscard]] std::int64_t judge_silences(const Run& run);
    [[nodiscard]] double counted_by_all(const std::string& name) const;
    /// What the set's clock left out in the time of the recording, and how much of it while the machine stalled.
    /// Frames.
    struct Skipped {
        std::int64_t frames{0}, stalled{0};
    };
    [[nodiscard]] Skipped skipped(const Run& run) const;
    [[nodiscard]] std::int64_t mixer_holes();
    void judge_clock(const Run& run);
    void judge_stream(const Run& run);
    void judge_growth(const Run& run);
    [[nodiscard]] static std::map<std::string, Held> stretching(const std::map<std::string, Held>& all, bool they_do);
    [[nodiscard]] std::uintmax_t streamed() const;

    Stage& stage_;
    Counts before_, after_;
    std::int64_t skipped_before_{0};
    std::vector<std::map<std::string, Held>> held_;  ///< at each look
    std::vector<std::uintmax_t> shm_;                ///< bytes in /dev/shm, likewise
    std::uintmax_t streamed_{0}, streamed_at_first_{0};
    std::vector<std::string> faults_;
};

}  // namespace crowdjack::test::soak
