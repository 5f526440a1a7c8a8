// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tune/report.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace crowdjack {

std::optional<std::uint32_t> recommended_period(const std::vector<TuneResult>& results) {
    std::vector<TuneResult> sorted = results;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.period > b.period; });
    std::optional<std::uint32_t> best;
    for (const TuneResult& result : sorted) {
        if (!result.clean() || result.dsp_load > comfortable_load) {
            break;
        }
        best = result.period;
    }
    return best;
}

std::string tune_table(const std::vector<TuneResult>& results, double rate) {
    std::ostringstream out;
    out << std::fixed
        << "frames  period ms  latency ms  xruns  lost  starved  worst µs  mean µs  of period  DSP load  busiest\n";
    for (const TuneResult& result : results) {
        out << std::setw(6) << result.period << std::setprecision(2) << std::setw(11) << result.period * 1000.0 / rate;
        if (!result.failure.empty()) {
            out << "  " << result.failure << '\n';
            continue;
        }
        const double share = result.budget_us > 0.0 ? result.worst_us / result.budget_us : 0.0;
        out << std::setprecision(1) << std::setw(12) << result.latency_ms << std::setw(7) << result.xruns
            << std::setw(6) << result.lost_frames << std::setw(9) << result.starved_frames << std::setprecision(0)
            << std::setw(10) << result.worst_us << std::setw(9) << result.mean_us << std::setw(9) << share * 100.0
            << " %" << std::setw(8) << result.dsp_load * 100.0 << " %  " << result.busiest << '\n';
    }
    if (const auto best = recommended_period(results)) {
        out << "\nRecommended: " << *best << " frames (" << std::setprecision(1) << *best * 1000.0 / rate
            << " ms). Put  period = " << *best << "  under [jack], or run with --period " << *best << ".\n";
    } else {
        out << "\nNo size ran without losses: close other programs, choose a larger size with --sizes, let JACK run "
               "with\n"
               "real-time priority (see /etc/security/limits.d), or use fewer decks and lighter tempo methods.\n";
    }
    return out.str();
}

}  // namespace crowdjack
