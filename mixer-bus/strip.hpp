// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "mixer-bus/isolator.hpp"
#include "mixer-bus/levels.hpp"
#include "mixer-bus/parameters.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace crowdjack {

/// Most frames a strip handles at once: its scratch stays in the first-level cache.
inline constexpr std::size_t chunk_frames = 256;
using Chunk = std::array<float, chunk_frames>;

/// The automations one strip reads.
class StripControls {
public:
    StripControls(Parameters& parameters, std::size_t strip) noexcept : parameters_{&parameters}, strip_{strip} {}
    [[nodiscard]] Automation& operator[](StripParameter parameter) const noexcept {
        return (*parameters_)[{strip_, parameter}];
    }

private:
    Parameters* parameters_;
    std::size_t strip_;
};

/// A strip's insert in one chunk: empty spans where nothing is connected.
struct StripInsert {
    std::array<std::span<float>, 2> send;        ///< left, right: what leaves the EQ
    std::array<std::span<const float>, 2> back;  ///< what takes its place
};

/// One stereo channel of the mixer: cleaning, trim, isolator, insert; then fader, mute, solo and pan into the sum, PFL
/// into the phones.
///
/// The isolator is out of the way (bit-exact) while all its bands are flat; it comes in with a 20 ms blend when a band
/// begins to move and goes out the same way 100 ms after all are flat again. A strip that receives silence costs next
/// to nothing. Audio thread only.
class Strip {
public:
    /// Sets the rate and forgets all sound.
    void prepare(double rate, bool has_eq) noexcept;

    /// Takes in a chunk: cleans, trims and meters what arrives. `left`, `right`: at most chunk_frames, equally long.
    CROWDJACK_REALTIME void take(std::span<const float> left, std::span<const float> right, JackFrame frame,
                                 StripControls controls) noexcept;

    [[nodiscard]] std::size_t chunk_length() const noexcept { return frames_; }

    /// The isolator's share of this chunk, when it has one: all of it, but in the chunk in which the isolator comes in
    /// only what follows that frame. Between take() and give().
    [[nodiscard]] CROWDJACK_REALTIME std::optional<IsolatorJob> isolator_job(JackFrame frame,
                                                                             StripControls controls) noexcept;

    /// Sends what left the EQ, and takes what comes back in its place; coming and going is a 10 ms blend. Between
    /// isolator_job() and give(), only while something is or was connected: needs_insert().
    CROWDJACK_REALTIME void run_insert(const StripInsert& insert, JackFrame frame) noexcept;
    [[nodiscard]] bool needs_insert() const noexcept { return insert_on_ || insert_leaving_; }

    /// Adds the strip to the sum (and the phones' PFL sum), and meters it before the fader.
    CROWDJACK_REALTIME void give(std::span<float> sum_left, std::span<float> sum_right, std::span<float> pfl_left,
                                 std::span<float> pfl_right, JackFrame frame, StripControls controls) noexcept;

    struct Meter {
        Levels left, right;
        std::uint64_t cleaned{};  ///< samples replaced since the last take_meter()
    };
    [[nodiscard]] CROWDJACK_REALTIME Meter take_meter() noexcept;

    [[nodiscard]] bool eq_engaged() const noexcept { return eq_state_ != EqState::bypassed; }

private:
    enum class EqState { bypassed, engaged, leaving };

    /// @returns the frames of this chunk that go by before the isolator comes in
    CROWDJACK_REALTIME std::size_t update_eq_state(JackFrame frame, StripControls controls) noexcept;
    CROWDJACK_REALTIME void give_moving(std::span<float> sum_left, std::span<float> sum_right, JackFrame frame,
                                        StripControls controls) noexcept;

    double rate_{48000.0};
    bool has_eq_{true};
    std::size_t frames_{};  ///< of the current chunk
    Chunk left_{}, right_{};
    bool silent_{true};
    std::size_t silent_frames_{};  ///< since the last sound
    EqState eq_state_{EqState::bypassed};
    Automation wet_{0.0F};
    JackFrame flat_since_{};
    std::array<IsolatorState, 2> isolator_{};
    std::array<Chunk, band_count> band_gains_{};
    bool insert_on_{false}, insert_leaving_{false};
    std::array<bool, 2> insert_sides_{};  ///< left, right: came back since the insert came in
    Automation insert_{0.0F};             ///< 0: what left the EQ, 1: what came back
    Chunk wet_gains_{}, gains_{}, more_gains_{};
    Meter meter_{};
};

}  // namespace crowdjack
