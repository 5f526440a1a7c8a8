// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/control/stream_book.hpp"
#include "deck/render/deck_mix.hpp"
#include "deck/stretch/stretch_source.hpp"

#include <memory>
#include <vector>

namespace crowdjack {

/// The sum of a deck's track and stems at their own pitch, read on a stretcher's worker straight from the tracks'
/// sources: it may block with the storage, but never touches what the audio thread reads.
class MixSource final : public StretchSource {
public:
    /// Control thread. What sounds in `mix`.
    MixSource(const DeckMix& mix, const StreamBook& streams);

    void read(const Trajectory& motion, double position, double step, std::span<float> left,
              std::span<float> right) override;

    /// Plays the same tracks in the same way, so that going from one to the other is no jump.
    [[nodiscard]] bool same_as(const MixSource& other) const noexcept;

private:
    struct Part {
        std::shared_ptr<SampleSource> source;
        DeckVoice voice;
    };

    std::vector<Part> parts_;
    ReadHead::Scratch scratch_;
    std::vector<float> part_left_, part_right_;
};

}  // namespace crowdjack
