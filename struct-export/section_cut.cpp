// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/section_cut.hpp"

#include "common/error.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crowdjack {

namespace {

constexpr std::int64_t block_frames = 8192;
constexpr Seconds declick{0.003};
constexpr float silent = 0.001F;             ///< −60 dBFS
constexpr Seconds forgiven_shortfall{0.25};  ///< decoders disagree about a compressed file's padding by less

/// Falls from 1 at frame 0 to 0 at frame `length`.
double falling(std::int64_t frame, std::int64_t length) {
    return frame < length
               ? 0.5 + 0.5 * std::cos(std::numbers::pi * static_cast<double>(frame) / static_cast<double>(length))
               : 0.0;
}

/// Takes a stream, keeps `length` frames from `skip` on, takes the click out of both cuts, and writes them.
///
/// A fade-in would blunt the beat that a section usually begins with. What clicks is the sample before the cut being
/// gone: so that value is made to fall away over 3 ms instead, and only a tenth of that is faded in. After silence
/// nothing is done.
class PartEdge {
public:
    PartEdge(PartWriter& writer, int channels, double rate, Frames skip, Frames length, const bool& soften_start)
        : writer_{writer},
          channels_{static_cast<std::size_t>(channels)},
          skip_{skip.value},
          length_{length.value},
          declick_{std::min(to_frames(declick, rate).value, length.value / 2)},
          soften_start_{soften_start},
          before_(channels_, 0.0F) {}

    /// Changes `block` in place.
    void write(std::span<float> block) {
        const auto frames = static_cast<std::int64_t>(block.size() / channels_);
        const std::int64_t first = std::clamp<std::int64_t>(skip_ - seen_, 0, frames);
        const std::int64_t last = std::clamp<std::int64_t>(skip_ + length_ - seen_, 0, frames);
        seen_ += frames;
        if (done_ == 0 && first > 0) {
            std::ranges::copy(block.subspan(static_cast<std::size_t>(first - 1) * channels_, channels_),
                              before_.begin());
        }
        if (first < last) {
            const auto kept = block.subspan(static_cast<std::size_t>(first) * channels_,
                                            static_cast<std::size_t>(last - first) * channels_);
            soften(kept);
            writer_.write(kept);
            done_ += last - first;
        }
    }

    /// Silence up to the length, for a stream that ended early.
    void fill() {
        std::vector<float> silence(static_cast<std::size_t>(length_ - done_) * channels_);
        writer_.write(silence);
        done_ = length_;
    }

private:
    void soften(std::span<float> kept) const {
        const auto frames = static_cast<std::int64_t>(kept.size() / channels_);
        const std::int64_t start_end = soften_start_ ? std::clamp<std::int64_t>(declick_ - done_, 0, frames) : 0;
        const std::int64_t tail = std::clamp<std::int64_t>(length_ - declick_ - done_, 0, frames);
        for (std::int64_t i = 0; i < start_end; ++i) {
            const auto remnant = static_cast<float>(falling(done_ + i, declick_));
            const auto gain = static_cast<float>(1.0 - falling(done_ + i, declick_ / 10));
            for (std::size_t c = 0; c < channels_; ++c) {
                float& sample = kept[static_cast<std::size_t>(i) * channels_ + c];
                sample = (sample - before_[c] * remnant) * gain;
            }
        }
        for (std::int64_t i = tail; i < frames; ++i) {
            const auto gain = static_cast<float>(falling(done_ + i - (length_ - declick_), declick_));
            for (std::size_t c = 0; c < channels_; ++c) {
                kept[static_cast<std::size_t>(i) * channels_ + c] *= gain;
            }
        }
    }

    PartWriter& writer_;
    std::size_t channels_;
    std::int64_t skip_, length_, declick_;
    const bool& soften_start_;   ///< known when the first kept frame comes
    std::vector<float> before_;  ///< the last frame that is not kept
    std::int64_t seen_{0}, done_{0};
};

/// Where in the file the section lies and what is read around it.
struct Span {
    Span(const CutOrder& order, double rate)
        : ini{to_frames(order.cues.ini, rate).value},
          length{to_frames(order.cues.end, rate) - Frames{ini}},
          fitted_length{to_frames(order.warp.empty()
                                      ? Seconds{(order.cues.end.value - order.cues.ini.value) / order.speed}
                                      : order.warp.back().fitted,
                                  rate)},
          margin{fit_margin(order.method, rate)},
          total{margin.before + length + margin.after} {}

    /// The warp in frames of the stream, which begins a margin before the section.
    [[nodiscard]] std::vector<FitAnchor> anchors(const CutOrder& order, double rate) const {
        std::vector<FitAnchor> anchors;
        const Frames before = to_frames(Seconds{to_seconds(margin.before, rate).value / order.speed}, rate);
        for (const WarpPoint& point : order.warp) {
            anchors.push_back(
                {margin.before + to_frames(point.source, rate) - Frames{ini}, before + to_frames(point.fitted, rate)});
        }
        if (!anchors.empty()) {
            const Frames after = to_frames(Seconds{to_seconds(margin.after, rate).value / order.speed}, rate);
            anchors.push_back({total, before + fitted_length + after});
        }
        return anchors;
    }

    std::int64_t ini;  ///< first frame of the section
    Frames length;     ///< of the original part
    Frames fitted_length;
    FitMargin margin;  ///< read before and after
    Frames total;      ///< margins included
};

PartTags tags_of(const CutOrder& order, const AudioReader& reader) {
    PartTags tags = order.tags;
    if (tags.title.empty()) {
        const PartTags own = reader.tags();
        tags.title = own.title;
        tags.artist = tags.artist.empty() ? own.artist : tags.artist;
    }
    if (tags.title.empty()) {
        tags.title = order.audio.stem().string();
    }
    return tags;
}

void check_length(const CutOrder& order, const AudioReader& reader, Frames missing) {
    if (missing > to_frames(forgiven_shortfall, reader.rate())) {
        throw NotExported{"end cue after the audio's end",
                          order.audio.string() + " ends at " +
                              fixed(to_seconds(reader.length(), reader.rate()).value, 2) + " s, the end cue is at " +
                              fixed(order.cues.end.value, 2) + " s"};
    }
}

AudioReader open_audio(const std::filesystem::path& file) {
    try {
        return AudioReader{file};
    } catch (const Failure& error) {
        throw NotExported{"unreadable", error.what()};
    }
}

/// How many frames of the section lie beyond the file's end.
Frames missing_frames(const Span& span, const AudioReader& reader) {
    return {std::max<std::int64_t>(span.ini + span.length.value - reader.length().value, 0)};
}

/// The two parts on their way, fed from one pass over the file.
class Cutting {
public:
    Cutting(const CutOrder& order, AudioReader& reader, const Span& span)
        : fitter_{make_tempo_fitter({order.method, reader.channels(), reader.rate(), order.speed, span.total,
                                     span.anchors(order, reader.rate())})},
          span_{span},
          channels_{static_cast<std::size_t>(reader.channels())},
          window_{to_frames(declick, reader.rate())},
          tags_{tags_of(order, reader)},
          original_file_{order.part_original, reader.channels(), reader.rate(), format(order, reader), tags_},
          fitted_file_{order.part_fitted, reader.channels(), reader.rate(), format(order, reader), tags_},
          original_{original_file_, reader.channels(), reader.rate(), span.margin.before, span.length, soften_start_},
          fitted_{fitted_file_,       reader.channels(), reader.rate(), skip(order, reader, span),
                  span.fitted_length, soften_start_} {}

    /// Changes `block` in place.
    void take(std::span<float> block, bool last) {
        look_before(block);
        output_.clear();
        fitter_->process(block, last, output_);
        fitted_.write(output_);
        original_.write(block);
    }

    CutResult finish(const AudioReader& reader, Frames padded) {
        fitted_.fill();
        original_file_.commit();
        fitted_file_.commit();
        return {original_file_.written(), fitted_file_.written(), reader.rate(),
                reader.cleaned(),         fitted_file_.clipped(), padded};
    }

private:
    static PartFormat format(const CutOrder& order, const AudioReader& reader) {
        return order.format == PartFormat::source ? reader.integer_format() : order.format;
    }

    /// Fitted frames before the section. It may begin between two of them: at most half a frame off.
    [[nodiscard]] Frames skip(const CutOrder& order, const AudioReader& reader, const Span& span) const {
        const double exact = static_cast<double>(span.margin.before.value) / order.speed;
        return {std::llround(exact + fitter_->offset().value * reader.rate())};
    }

    /// Is there anything in the 3 ms before the section that cutting could break off?
    void look_before(std::span<const float> block) {
        const auto frames = static_cast<std::int64_t>(block.size() / channels_);
        const std::int64_t section = span_.margin.before.value - seen_;
        const std::int64_t first = std::clamp<std::int64_t>(section - window_.value, 0, frames);
        const std::int64_t last = std::clamp<std::int64_t>(section, 0, frames);
        seen_ += frames;
        const auto before = block.subspan(static_cast<std::size_t>(first) * channels_,
                                          static_cast<std::size_t>(last - first) * channels_);
        soften_start_ =
            soften_start_ || std::ranges::any_of(before, [](float sample) { return std::abs(sample) >= silent; });
    }

    std::unique_ptr<TempoFitter> fitter_;
    Span span_;
    std::size_t channels_;
    Frames window_;
    std::int64_t seen_{0};
    bool soften_start_{false};
    PartTags tags_;
    PartWriter original_file_, fitted_file_;
    PartEdge original_, fitted_;
    std::vector<float> output_;
};

}  // namespace

CutResult cut_section(const CutOrder& order, const std::atomic<bool>& stop,
                      const std::function<void(Seconds)>& advanced) {
    AudioReader reader = open_audio(order.audio);
    const Span span{order, reader.rate()};
    check_length(order, reader, missing_frames(span, reader));
    Cutting cutting{order, reader, span};
    reader.seek(span.ini - span.margin.before.value);
    std::vector<float> block;
    for (std::int64_t done = 0; done < span.total.value;) {
        if (stop.load(std::memory_order_relaxed)) {
            throw Interrupted{};
        }
        const std::int64_t frames = std::min(block_frames, span.total.value - done);
        block.resize(static_cast<std::size_t>(frames) * static_cast<std::size_t>(reader.channels()));
        reader.read(block);
        done += frames;
        cutting.take(block, done == span.total.value);
        advanced(to_seconds(Frames{frames}, reader.rate()));
    }
    const Frames padded = missing_frames(span, reader);
    check_length(order, reader, padded);
    return cutting.finish(reader, padded);
}

}  // namespace crowdjack
