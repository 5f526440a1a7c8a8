// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/track_analysis.hpp"

#include "struct-export/analysis/audio_blocks.hpp"
#include "struct-export/analysis/loudness_meter.hpp"
#include "struct-export/musical_key.hpp"
#include "struct-export/section_cut.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <vector>

namespace crowdjack {

namespace {

constexpr std::size_t block_frames = 8192;
constexpr double tag_reach = 0.02;  ///< relative

BeatHints hints_of(const TrackTags& tags, const AnalysisSettings& settings) {
    BeatHints hints{settings.lowest_bpm, settings.highest_bpm, tags.bpm};
    if (tags.bpm > 0.0 && !settings.range_is_firm) {
        hints.lowest_bpm = std::min(hints.lowest_bpm, tags.bpm * (1.0 - tag_reach));
        hints.highest_bpm = std::max(hints.highest_bpm, tags.bpm * (1.0 + tag_reach));
    }
    return hints;
}

void mix_down(std::span<const float> interleaved, std::size_t channels, std::vector<float>& mono) {
    mono.resize(interleaved.size() / channels);
    const float part = 1.0F / static_cast<float>(channels);
    for (std::size_t frame = 0; frame < mono.size(); ++frame) {
        float sum = 0.0F;
        for (std::size_t channel = 0; channel < channels; ++channel) {
            sum += interleaved[frame * channels + channel];
        }
        mono[frame] = sum * part;
    }
}

/// What is heard in one reading. All that reading takes is given back with its end.
struct Heard {
    TrackFeatures features;
    std::optional<double> lufs, true_peak_db;
};

Heard listen_to(const std::filesystem::path& file, const std::atomic<bool>& stop,
                const std::function<void(double)>& advanced) {
    AudioBlocks audio{file};
    const std::size_t channels = audio.channels();
    FeatureExtractor extractor{audio.rate()};
    LoudnessMeter meter{channels, audio.rate()};
    std::vector<float> block(block_frames * channels);
    std::vector<float> mono;
    while (const std::size_t count = audio.read(block)) {
        if (stop.load(std::memory_order_relaxed)) {
            throw Interrupted{};
        }
        const auto heard = std::span{block}.first(count * channels);
        meter.add(heard);
        mix_down(heard, channels, mono);
        extractor.add(mono);
        advanced(static_cast<double>(count) / audio.rate());
    }
    return {extractor.finish(), meter.lufs(), meter.true_peak_db()};
}

}  // namespace

std::string AnalysisSettings::analyser() const {
    return "crowdjack-struct-export " CROWDJACK_VERSION ", bpm " + shortest(lowest_bpm) + ".." + shortest(highest_bpm);
}

TrackAnalysis analyse_track(const std::filesystem::path& file, const AnalysisSettings& settings,
                            const std::atomic<bool>& stop, const std::function<void(double)>& advanced) {
    const Heard heard = listen_to(file, stop, advanced);
    const TrackFeatures& features = heard.features;
    TrackAnalysis analysis;
    analysis.file = std::filesystem::absolute(file).lexically_normal();
    analysis.length_s = features.length_s;
    analysis.tags = read_track_tags(file);
    const OnsetCurves curves = onset_curves(features);
    analysis.beats = track_beats(features, curves, hints_of(analysis.tags, settings));
    if (features.heard_s < features.length_s) {
        analysis.beats.constant = false;
        analysis.beats.why = "longer than 20 minutes: a mix, not a track";
    }
    analysis.form =
        find_form(analysis.beats, sounds_by_beat(features, curves, analysis.beats.beats), features.length_s);
    analysis.key = find_key(features);
    if (musical_key(analysis.tags.key)) {
        analysis.key = {analysis.tags.key, 1.0};
        analysis.key_from_tag = true;
    }
    analysis.lufs = heard.lufs;
    analysis.true_peak_db = heard.true_peak_db;
    return analysis;
}

}  // namespace crowdjack
