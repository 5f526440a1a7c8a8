// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/drawing.hpp"

#include "bpm-follower/plot.hpp"
#include "bpm-follower/rehearsal.hpp"
#include "bpm-follower/trace_writer.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string>

namespace crowdjack {

namespace {

struct Extent {
    double low{1e9}, high{0.0};
};

Extent tempo_extent(const Rehearsal& rehearsal) {
    Extent extent;
    for (const auto& moment : rehearsal.moments) {
        extent = {std::min(extent.low, moment.bpm), std::max(extent.high, moment.bpm)};
    }
    return extent;
}

}  // namespace

void draw_replay(const FollowerOptions& options) {
    TracePlayer player{read_trace_file(options.replay, options.unit), options.speed};
    const auto& trace = player.trace();
    for (const auto& notice : trace.notices) {
        log_event(LogLevel::warning, notice);
    }
    std::optional<TraceWriter> writer;
    if (!options.trace_out.empty()) {
        writer.emplace(options.trace_out);
    }
    const auto write = [&](double time_s, const auto& what) {
        if (writer) {
            writer->write(time_s, what);
        }
    };
    const auto rehearsal = rehearse(
        options.conductor, player, [&](double time_s, const TraceEvent& event) { write(time_s, event); },
        [&](double time_s, const Decision& decision) { write(time_s, decision); });
    if (writer) {
        writer->flush();
    }
    const auto subtitle =
        std::to_string(rehearsal.reports.size()) + " reports in " + trace.unit.name() + " (" + trace.unit_reason + ")";
    std::ofstream picture{options.plot};
    picture << plot_svg(rehearsal, options.replay.filename().string(), subtitle);
    if (!picture.flush()) {
        throw Failure{"--plot '" + options.plot.string() + "' can't be written: " + errno_text(errno)};
    }
    const auto tempo = tempo_extent(rehearsal);
    log_event(LogLevel::info, "drawn",
              {{"plot", options.plot.string()},
               {"reports", rehearsal.reports.size()},
               {"unit", trace.unit.name()},
               {"because", trace.unit_reason},
               {"slowest", tempo.low},
               {"fastest", tempo.high}});
}

}  // namespace crowdjack
