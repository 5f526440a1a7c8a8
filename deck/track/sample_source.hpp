// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/track_reader.hpp"
#include "deck/track/decoded_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace crowdjack {

/// The samples of one track as two channels of floats, wherever they come from. Never on the audio thread: reading may
/// block as long as the storage does. Safe to call from several threads.
class SampleSource {
public:
    SampleSource() = default;
    SampleSource(const SampleSource&) = delete;
    SampleSource& operator=(const SampleSource&) = delete;
    virtual ~SampleSource() = default;

    [[nodiscard]] virtual const TrackFormat& format() const noexcept = 0;

    /// Fills both channels (same length) with frames first … first + size - 1, NaN and absurd values silenced; zeros
    /// before the track and after its end.
    /// @returns how many frames, counted from `first`, are as the file meant them: fewer than `size` when the file
    ///          turned out to end early (cut off, storage gone, header wrong)
    virtual std::size_t read(std::int64_t first, std::span<float> left, std::span<float> right) = 0;

    /// False once the file behind it was cut off or its storage failed: what read() missed was lost, not merely
    /// promised by a wrong header.
    [[nodiscard]] virtual bool intact() const noexcept { return true; }

    /// Says what will be read next, so that the storage can begin. Does not wait.
    virtual void expect(std::int64_t /*first*/, std::int64_t /*frames*/) {}

    /// Does a little of what can be done in advance. @returns true when there is more to do
    virtual bool work_ahead() { return false; }

    /// Samples that were not finite or absurdly large, so far.
    [[nodiscard]] virtual std::uint64_t cleaned() const noexcept { return 0; }

    /// Bytes of own memory that hold audio.
    [[nodiscard]] virtual std::size_t memory() const noexcept { return 0; }
};

/// Opens whatever open_track_reader() reads: what is not compressed straight from the mapping, the rest through a
/// decoder. @param budget  of the deck that decodes it; none: an own one of the usual size
/// @throws Failure naming the path and why it can't be played
[[nodiscard]] std::shared_ptr<SampleSource> open_sample_source(const std::filesystem::path& path,
                                                               std::shared_ptr<DecodedMemory> budget = nullptr);

}  // namespace crowdjack
