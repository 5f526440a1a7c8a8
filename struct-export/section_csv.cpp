// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/section_csv.hpp"

#include "struct-export/text.hpp"

#include <cmath>
#include <initializer_list>

namespace crowdjack {

namespace {

std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + '"';
}

void append_row(std::string& csv, std::initializer_list<std::string> values) {
    const char* separator = "";
    for (const std::string& value : values) {
        csv.append(separator).append(field(value));
        separator = ",";
    }
    csv += '\n';
}

void append_section(std::string& csv, const ExportPlan& plan, const CutResult& result) {
    const Cues& cues = plan.order.cues;
    const double speed = plan.order.speed;
    append_row(csv, {plan.order.audio.string(), shortest(plan.tempo.bpm), plan.key, shortest(plan.target_bpm),
                     shortest(speed), fixed(cues.ini.value, 6), fixed(cues.begin.value, 6), fixed(cues.end.value, 6),
                     fixed(plan.begin_fitted.value, 6), fixed(plan.end_fitted.value, 6),
                     minutes_text(to_seconds(result.original, result.rate)),
                     minutes_text(to_seconds(result.fitted, result.rate)), plan.order.part_original.string(),
                     plan.order.part_fitted.string()});
}

}  // namespace

std::string minutes_text(Seconds duration) {
    const std::int64_t hundredths = std::llround(duration.value * 100.0);
    const std::string seconds = fixed(static_cast<double>(hundredths % 6000) / 100.0, 2);
    return std::to_string(hundredths / 6000) + (seconds.size() < 5 ? ":0" : ":") + seconds;
}

std::string section_csv(std::span<const ExportPlan> plans, std::span<const Outcome> outcomes) {
    std::string csv = "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,"
                      "duration_orig,duration_sectioned,part_file_orig,part_file\n";
    for (std::size_t i = 0; i < plans.size(); ++i) {
        if (outcomes[i].result) {
            append_section(csv, plans[i], *outcomes[i].result);
        }
    }
    return csv;
}

std::string skipped_csv(std::span<const SkippedTrack> skipped) {
    std::string csv = "struct,path,reason,detail\n";
    for (const SkippedTrack& track : skipped) {
        append_row(csv, {track.structure.string(), track.audio, track.reason, track.detail});
    }
    return csv;
}

}  // namespace crowdjack
