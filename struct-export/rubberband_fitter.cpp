// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/fitters.hpp"

#include <rubberband/RubberBandStretcher.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace crowdjack {

namespace {

using RubberBand::RubberBandStretcher;

constexpr std::size_t chunk = 2048;  ///< frames handed over at once
constexpr int engine = RubberBandStretcher::OptionProcessOffline | RubberBandStretcher::OptionEngineFiner |
                       RubberBandStretcher::OptionThreadingNever;

/// Where R3 puts beats at this speed, on average, against where they belong: up to 1.2 ms early or 0.5 ms late, in no
/// simple relation to the speed, so it is measured: single samples go through an engine of the same kind, at many
/// phases of its hop.
Seconds measured_offset(double rate, double speed) {
    const auto length = static_cast<std::size_t>(2.5 * rate);
    const auto spacing = static_cast<std::size_t>(0.17 * rate);
    std::vector<float> clicks(length);
    for (std::size_t at = spacing; at + spacing < length; at += spacing) {
        clicks[at] = 1.0F;
    }
    RubberBandStretcher stretcher{static_cast<std::size_t>(rate), 1, engine, 1.0 / speed, 1.0};
    stretcher.setExpectedInputDuration(length);
    stretcher.setMaxProcessSize(chunk);
    std::vector<float> output;
    for (std::size_t at = 0; at < length; at += chunk) {
        // In the same chunks as the music: with longer ones R3 places beats otherwise.
        const float* const input = clicks.data() + at;
        stretcher.process(&input, std::min(chunk, length - at), at + chunk >= length);
        const std::size_t had = output.size();
        output.resize(had + static_cast<std::size_t>(std::max(stretcher.available(), 0)));
        float* const pointer = output.data() + had;
        output.resize(had + stretcher.retrieve(&pointer, output.size() - had));
    }

    double sum = 0.0;
    int count = 0;
    const auto reach = static_cast<std::ptrdiff_t>(0.05 * rate);
    for (std::size_t at = spacing; at + spacing < length; at += spacing) {
        const double ideal = static_cast<double>(at) / speed;
        const auto from = output.begin() + std::lround(ideal) - reach;
        const auto until = from + 2 * reach;
        if (from < output.begin() || until > output.end()) {
            continue;
        }
        const float peak =
            std::abs(*std::max_element(from, until, [](float a, float b) { return std::abs(a) < std::abs(b); }));
        const auto onset = std::find_if(from, until, [peak](float x) { return std::abs(x) >= 0.5F * peak; });
        sum += static_cast<double>(onset - output.begin()) - ideal;
        ++count;
    }
    return {count > 0 ? sum / count / rate : 0.0};
}

/// Rubber Band R3 offline. It is told the length instead of being shown the audio twice: R3's study pass only counts
/// frames, and so the file is decoded once.
class RubberBandFitter : public TempoFitter {
public:
    explicit RubberBandFitter(const FitSettings& settings)
        : channels_{static_cast<std::size_t>(settings.channels)},
          stretcher_{static_cast<std::size_t>(settings.rate), channels_, engine, 1.0 / settings.speed, 1.0},
          offset_{measured_offset(settings.rate, settings.speed)},
          planar_(channels_, std::vector<float>(chunk)) {
        for (auto& channel : planar_) {
            pointers_.push_back(channel.data());
        }
        stretcher_.setExpectedInputDuration(static_cast<std::size_t>(settings.source_length.value));
        stretcher_.setMaxProcessSize(chunk);
        follow(settings.anchors);
    }

    void process(std::span<const float> block, bool last, std::vector<float>& output) override {
        const std::size_t frames = block.size() / channels_;
        for (std::size_t at = 0; at < frames; at += chunk) {
            const std::size_t count = std::min(chunk, frames - at);
            for (std::size_t i = 0; i < count * channels_; ++i) {
                planar_[i % channels_][i / channels_] = block[at * channels_ + i];
            }
            stretcher_.process(pointers_.data(), count, last && at + count == frames);
            take(output);
        }
    }

    [[nodiscard]] Seconds offset() const noexcept override { return offset_; }

private:
    void follow(const std::vector<FitAnchor>& anchors) {
        if (anchors.empty()) {
            return;
        }
        std::map<std::size_t, std::size_t> places;
        for (const auto& [source, fitted] : anchors) {
            places[static_cast<std::size_t>(source.value)] = static_cast<std::size_t>(fitted.value);
        }
        // The ratio of the whole and its key frames must say the same.
        stretcher_.setTimeRatio(static_cast<double>(anchors.back().fitted.value) /
                                static_cast<double>(anchors.back().source.value));
        stretcher_.setKeyFrameMap(places);
    }

    void take(std::vector<float>& output) {
        for (int available = stretcher_.available(); available > 0; available = stretcher_.available()) {
            const std::size_t count =
                stretcher_.retrieve(pointers_.data(), std::min(chunk, static_cast<std::size_t>(available)));
            for (std::size_t i = 0; i < count * channels_; ++i) {
                output.push_back(planar_[i % channels_][i / channels_]);
            }
        }
    }

    std::size_t channels_;
    RubberBandStretcher stretcher_;
    Seconds offset_;
    std::vector<std::vector<float>> planar_;
    std::vector<float*> pointers_;
};

}  // namespace

std::unique_ptr<TempoFitter> make_rubberband_fitter(const FitSettings& settings) {
    return std::make_unique<RubberBandFitter>(settings);
}

}  // namespace crowdjack
