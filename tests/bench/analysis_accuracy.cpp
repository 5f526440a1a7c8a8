// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/beats.hpp"
#include "struct-export/analysis/key_finder.hpp"
#include "struct-export/musical_key.hpp"
#include "tests/support/song.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

using namespace crowdjack;

int main(int argc, char** argv) {
    const int seeds = argc > 1 ? std::atoi(argv[1]) : 4;
    const int first = argc > 2 ? std::atoi(argv[2]) : 1;
    const int only = argc > 3 ? std::atoi(argv[3]) : -1;
    int n = 0, bpm_ok = 0, octave_ok = 0, phase_ok = 0, bar_ok = 0, key_ok = 0, keys = 0, fifths = 0, exact = 0;
    double seconds = 0.0, spent = 0.0;
    for (const auto style : test::all_styles) {
        if (only >= 0 && static_cast<int>(style) != only)
            continue;
        for (int seed = first; seed < first + seeds; ++seed) {
            const auto spec = test::random_spec(style, static_cast<std::uint32_t>(seed));
            const auto song = test::make_song(spec);
            const auto begun = std::clock();
            FeatureExtractor extractor{static_cast<double>(spec.rate)};
            std::vector<float> mono(4096);
            for (std::size_t i = 0; i < song.stereo.size() / 2; i += 4096) {
                const std::size_t count = std::min<std::size_t>(4096, song.stereo.size() / 2 - i);
                for (std::size_t k = 0; k < count; ++k)
                    mono[k] = 0.5F * (song.stereo[2 * (i + k)] + song.stereo[2 * (i + k) + 1]);
                extractor.add(std::span{mono}.first(count));
            }
            const auto features = extractor.finish();
            const auto features_done = std::clock();
            const auto track = track_beats(features, onset_curves(features), {});
            const auto end = std::clock();
            spent += double(end - begun) / CLOCKS_PER_SEC;
            seconds += features.length_s;
            (void)features_done;
            ++n;
            const double ratio = track.bpm / song.bpm;
            const bool bpm = std::abs(track.bpm - song.bpm) <= 0.05;
            const bool octave = std::abs(ratio - 1.0) < 0.04;
            const double period = 60.0 / song.bpm;
            double off = std::remainder(track.first_beat_s - song.first_beat_s, period);
            const bool phase = octave && std::abs(off) <= 0.010;
            const double bar_off = std::remainder(track.first_beat_s - song.first_beat_s, period * song.beats_per_bar);
            const bool bar = phase && track.beats_per_bar == song.beats_per_bar && std::abs(bar_off) < 0.05;
            bpm_ok += bpm;
            octave_ok += octave;
            phase_ok += phase;
            bar_ok += bar;
            const auto key = find_key(features);
            const int heard = musical_key(key.name).value_or(-1);
            const int rel = song.key < 12 ? (song.key + 9) % 12 + 12 : (song.key + 3) % 12;
            const bool fifth = heard >= 0 && song.key / 12 == heard / 12 &&
                               ((heard - song.key + 24) % 12 == 7 || (heard - song.key + 24) % 12 == 5);
            const char* mark = heard == song.key ? "K" : heard == rel ? "r" : fifth ? "5" : "-";
            ++keys;
            key_ok += heard == song.key || heard == rel;
            if (fifth)
                ++fifths;
            exact += heard == song.key;
            std::printf("%-10s %2d %s  true %7.2f  got %8.3f  %s%s%s%s off %6.1f ms bar %5.2f/%d conf %.2f %.2f key %s "
                        "%s %.2f lib %d\n",
                        test::style_name(style), seed, spec.rate == 48000 ? "48" : "44", song.bpm, track.bpm,
                        bpm ? "B" : "-", octave ? "O" : "-", phase ? "P" : "-", bar ? "D" : "-", off * 1000.0,
                        bar_off / period, track.beats_per_bar, track.confidence, track.bar_confidence, mark,
                        key.name.c_str(), key.confidence,
                        features.key_strengths.empty()
                            ? -1
                            : int(std::max_element(features.key_strengths.begin(), features.key_strengths.end()) -
                                  features.key_strengths.begin()) -
                                  song.key);
        }
    }
    std::printf("n %d  bpm %.1f %%  octave %.1f %%  phase %.1f %%  downbeat %.1f %%  key %.1f %% exact, %.1f %% with "
                "relative, %.1f %% with fifth; speed %.0f x\n",
                n, 100.0 * bpm_ok / n, 100.0 * octave_ok / n, 100.0 * phase_ok / n, 100.0 * bar_ok / n,
                100.0 * exact / n, 100.0 * key_ok / n, 100.0 * (key_ok + fifths) / n, seconds / spent);
}
