// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/demo_report.hpp"

#include "tests/support/waves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace crowdjack::demo {

std::size_t lost_samples(const test::Capture& capture, std::int64_t begin, std::int64_t end) {
    std::int64_t lost = 0;
    for (const auto& gap : capture.gaps()) {
        lost += std::max<std::int64_t>(0, std::min(gap.came, end) - std::max(gap.expected, begin));
    }
    return static_cast<std::size_t>(lost);
}

double write_recording(const test::Capture& capture, std::int64_t begin, std::int64_t end, double rate,
                       const std::filesystem::path& path) {
    const auto left = capture.samples(0, begin, end);
    const auto right = capture.samples(1, begin, end);
    std::vector<float> interleaved;
    interleaved.reserve(left.size() * 2);
    double peak = 0.0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        for (const float sample : {left[i], right[i]}) {
            interleaved.push_back(std::isnan(sample) ? 0.0F : sample);
            peak = std::max(peak, std::abs(static_cast<double>(interleaved.back())));
        }
    }
    test::write_audio(path, interleaved, 2, static_cast<int>(rate), test::SampleFormat::float32);
    return peak;
}

namespace {

/// Who lost what was lost, in a sentence.
std::string who_lost(const Figures& figures) {
    const auto cycles = [&figures](std::size_t frames) {
        return std::to_string((frames + figures.period - 1) / std::max(figures.period, 1U));
    };
    if (figures.lost_samples == 0) {
        return "No cycle was lost.";
    }
    const std::string lost = cycles(figures.lost_samples) + " cycles were lost";
    if (!figures.witness_lost) {
        return lost + "; there was no witness to tell whether this machine or the suite lost them.";
    }
    if (*figures.witness_lost > 0) {
        return lost + " by this machine: a client that does nothing, on a server of its own, lost " +
               cycles(*figures.witness_lost) + " in the same time.";
    }
    return lost + " by the suite: a client that does nothing, on a server of its own, lost none in the same time.";
}

void print_verdict(bool kept, const Figures& figures) {
    const bool machine = figures.lost_samples > 0 && figures.witness_lost.value_or(0) > 0;
    std::printf("\n%s\n", who_lost(figures).c_str());
    std::printf("Verdict: %s\n", !kept                       ? "something went wrong: see the figures above."
                                 : figures.lost_samples == 0 ? "all is well."
                                 : machine                   ? "the suite is well; this machine needs a longer period."
                                                             : "the set was played, with gaps.");
    std::printf("\nTry next:\n");
    if (figures.lost_samples > 0) {
        std::printf("  crowdjack-session tune             which period this machine manages\n");
    }
    std::printf("  session/demo FOLDER                a set from a folder of your own music\n"
                "  crowdjack-session play FOLDER      the same for as long as the music lasts\n");
}

}  // namespace

bool report(const Figures& figures) {
    std::int64_t delta = 0;
    double starved = 0.0;
    double xruns = 0.0;
    bool heard = true;
    for (const auto& deck : figures.decks) {
        delta = std::max(delta, std::abs(deck.started - figures.decks.front().started));
        starved += deck.starved_frames;
        xruns += deck.xruns;
        heard = heard && deck.first_sound > 0;
        std::printf("  %-18s started at frame %lld, first sound at %lld\n", deck.name.c_str(),
                    static_cast<long long>(deck.started), static_cast<long long>(deck.first_sound));
    }
    std::printf("  start delta        %lld samples (promised frame: %lld)\n", static_cast<long long>(delta),
                static_cast<long long>(figures.agreed_frame));
    std::printf("  xruns              %.0f\n", xruns);
    std::printf("  starved frames     %.0f\n", starved);
    std::printf("  lost samples       %zu of %lld recorded\n", figures.lost_samples,
                static_cast<long long>(figures.end - figures.begin));
    std::printf("  tempo              %.2f BPM at the start, %.2f at the end\n", figures.bpm_first, figures.bpm_last);
    std::printf("  peak level         %.2f dBFS\n", 20.0 * std::log10(figures.peak));
    std::printf("  recording          %s (%.1f s)\n", figures.recording.c_str(),
                static_cast<double>(figures.end - figures.begin) / figures.rate);
    const bool kept = delta == 0 && starved == 0.0 && heard && figures.peak > 0.0;
    print_verdict(kept, figures);
    return kept;
}

}  // namespace crowdjack::demo
