// SPDX-License-Identifier: GPL-3.0-or-later
// What is known sample for sample beside the music: a marker in the mix that says each frame of the clock, and ears on
// what every deck gives out.
#pragma once

#include "tests/support/jack_clients.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace crowdjack::test::soak {

/// Where the server's clock left out frames: it expected one and another came. Written by one audio thread.
class ClockLog {
public:
    struct Skip {
        std::int64_t expected, came;
    };

    ClockLog() : skips_(most) {}
    /// Audio thread. @returns false when frames were left out before this cycle
    bool take(const JackProbe::Cycle& cycle) noexcept;

    [[nodiscard]] std::vector<Skip> skips() const;
    /// Frames left out since the start.
    [[nodiscard]] std::int64_t skipped() const noexcept { return skipped_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t most = 100'000;
    std::vector<Skip> skips_;
    std::int64_t next_{-1};
    std::atomic<std::size_t> count_{0};  ///< by audio (release), read by main (acquire)
    std::atomic<std::int64_t> skipped_{0};
};

/// A client whose one output says the clock's frame, as PlaceCode has it.
class Marker {
public:
    explicit Marker(const std::string& server);
    [[nodiscard]] const JackProbe& probe() const noexcept { return probe_; }
    [[nodiscard]] const ClockLog& clock() const noexcept { return clock_; }

private:
    ClockLog clock_;
    JackProbe probe_;
};

/// A known slope that goes up and down between two levels, `frames` long, without a step where it begins anew: a
/// resampled sample still says by how many frames it is away from the one before.
[[nodiscard]] std::vector<float> slopes(std::size_t frames);

/// Hears one output of each deck.
class DeckEars {
public:
    static constexpr std::size_t decks = 4;
    /// What was heard wrong. Frames.
    struct Heard {
        std::int64_t frames{};    ///< listened to
        std::int64_t silent{};    ///< in stretches of 16 or more that are exactly 0
        std::int64_t repeated{};  ///< in cycles that are the ones before again
        std::int64_t jumps{};     ///< of deck A alone: places where its slope goes on with another frame than the next
        std::int64_t unseen{};    ///< of deck A alone: frames at the turns of its slope, where a jump does not show
    };

    /// A stretch of silence.
    struct Silence {
        std::size_t deck;
        std::int64_t frame, frames;  ///< where it begins, on the clock; how long it lasts
    };

    /// Deck A plays slopes() at a speed between 0.5 and 1.5, the others something that is never silent.
    DeckEars(const std::string& server, const std::vector<std::string>& outputs);
    /// All play from now on.
    void begin() noexcept { listening_.store(true, std::memory_order_release); }
    [[nodiscard]] Heard heard(std::size_t deck) const;
    /// The first of them.
    [[nodiscard]] std::vector<Silence> silences() const;
    [[nodiscard]] jack_client_t* client() const noexcept { return probe_.client(); }
    [[nodiscard]] const ClockLog& clock() const noexcept { return clock_; }

private:
    struct Ear {
        std::atomic<std::int64_t> frames{0}, silent{0}, repeated{0}, jumps{0}, unseen{0};  // relaxed, by audio
        std::vector<float> before;                                                         ///< the last cycle
        std::int64_t run{0};                                                               ///< of zeros
        float last{0.0F};
        bool follows{false};  ///< `last` is the sample before
    };
    void hear(const JackProbe::Cycle& cycle);
    void look_for_silence(std::size_t deck, const float* samples, const JackProbe::Cycle& cycle);
    static void follow_slope(Ear& ear, const float* samples, std::uint32_t frames, bool whole);

    static constexpr std::size_t most_silences = 10'000;
    std::array<Ear, decks> ears_;
    std::vector<Silence> silences_;
    std::atomic<std::size_t> silence_count_{0};  ///< by audio (release), read by main (acquire)
    ClockLog clock_;
    std::atomic<bool> listening_{false};
    JackProbe probe_;
};

}  // namespace crowdjack::test::soak
