// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/engine/mix_source.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

/// Reads a source along its loop.
class SourceRun final : public SampleRun {
public:
    SourceRun(SampleSource& source, std::optional<FrameLoop> loop) noexcept : source_{&source}, loop_{loop} {}

    void gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept override {
        for (std::size_t done = 0; done < left.size();) {
            const std::int64_t frame = first + static_cast<std::int64_t>(done);
            const std::int64_t place = folded(frame, loop_);
            std::size_t count = left.size() - done;
            if (loop_) {
                count = std::min(count, static_cast<std::size_t>(loop_->out - place));
            }
            read(place, left.subspan(done, count), right.subspan(done, count));
            done += count;
        }
    }

private:
    void read(std::int64_t place, std::span<float> left, std::span<float> right) noexcept {
        try {
            source_->read(place, left, right);
        } catch (...) {  // out of memory while decoding: silence, as for storage that failed
            std::fill(left.begin(), left.end(), 0.0F);
            std::fill(right.begin(), right.end(), 0.0F);
        }
    }

    SampleSource* source_;
    std::optional<FrameLoop> loop_;
};

bool same_loop(const std::optional<FrameLoop>& a, const std::optional<FrameLoop>& b) noexcept {
    return a.has_value() == b.has_value() && (!a || (a->in == b->in && a->out == b->out));
}

}  // namespace

MixSource::MixSource(const DeckMix& mix, const StreamBook& streams) : part_left_(8192), part_right_(8192) {
    DeckMix copy = mix;
    copy.each_voice([&](DeckVoice& voice) {
        if (!voice.sounds() || voice.fade.target() == 0.0F) {
            return;
        }
        if (const auto stream = streams.find(voice.stream)) {
            parts_.push_back({stream->source(), voice});
        }
    });
}

void MixSource::read(const Trajectory& motion, double position, double step, std::span<float> left,
                     std::span<float> right) {
    std::fill(left.begin(), left.end(), 0.0F);
    std::fill(right.begin(), right.end(), 0.0F);
    const std::span<float> part_left{part_left_.data(), left.size()};
    const std::span<float> part_right{part_right_.data(), right.size()};
    for (Part& part : parts_) {
        SourceRun run{*part.source, part.voice.loop_under(motion)};
        const PositionCurve curve{part.voice.own_position(position), part.voice.scale * step, 0.0};
        part.voice.head.render({curve, left.size()}, 0, run, scratch_, part_left, part_right);
        const float gain = part.voice.gain.target();
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] += gain * part_left[i];
            right[i] += gain * part_right[i];
        }
    }
}

bool MixSource::same_as(const MixSource& other) const noexcept {
    return std::equal(
        parts_.begin(), parts_.end(), other.parts_.begin(), other.parts_.end(), [](const Part& a, const Part& b) {
            return a.source == b.source && a.voice.scale == b.voice.scale && a.voice.offset == b.voice.offset &&
                   a.voice.gain.target() == b.voice.gain.target() && same_loop(a.voice.own_loop, b.voice.own_loop);
        });
}

}  // namespace crowdjack
