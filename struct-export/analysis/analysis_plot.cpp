// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/analysis_plot.hpp"

#include "common/atomic_file.hpp"
#include "struct-export/track_plot.hpp"

#include <algorithm>
#include <system_error>

namespace crowdjack {

namespace {

constexpr std::size_t columns = 1552;  ///< of the picture

ExportPlan plan_of(const TrackAnalysis& analysis) {
    ExportPlan plan;
    plan.track.audio = analysis.file.string();
    plan.track.segments = analysis.form.segments;
    plan.track.beats = analysis.beats.beats;
    for (const std::size_t downbeat : analysis.beats.downbeats) {
        plan.track.downbeats.push_back(analysis.beats.beats[downbeat]);
    }
    plan.tempo.bpm = analysis.beats.bpm;
    plan.tempo.source = TempoSource::beats;
    plan.key = analysis.key.name;
    plan.target_bpm = analysis.beats.bpm;
    plan.order.audio = analysis.file;
    plan.order.speed = 1.0;
    plan.order.tags.title = analysis.tags.title;
    plan.order.tags.artist = analysis.tags.artist;
    plan.order.cues.ini = {analysis.beats.first_beat_s};
    plan.order.cues.begin = plan.order.cues.end = {analysis.length_s};
    for (const Segment& segment : analysis.form.segments) {
        if (segment.label == "outro") {
            plan.order.cues.begin = std::min(plan.order.cues.begin, segment.start);
            plan.order.cues.end = segment.end;
        }
    }
    return plan;
}

}  // namespace

void plot_analysis(const TrackAnalysis& analysis, const std::filesystem::path& svg, const std::atomic<bool>& stop) {
    std::error_code error;
    std::filesystem::create_directories(svg.parent_path(), error);
    const Waveform waveform = read_waveform(analysis.file, columns, stop);
    write_atomically(svg, track_svg(plan_of(analysis), waveform), Durability::process, 0644);
}

}  // namespace crowdjack
