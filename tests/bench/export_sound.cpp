// SPDX-License-Identifier: GPL-3.0-or-later
// S5: where the beats of exported sections lie, and how long the sections are, at speeds from 0.8 to 1.25.
#include "struct-export/section_cut.hpp"
#include "tests/struct-export/click_errors.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/surroundings.hpp"

#include <array>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double bpm = 122.0;
constexpr int beats = 60;
constexpr int rate = 44100;
constexpr std::array speeds{0.8, 0.85, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.15, 1.2, 1.25};

struct Measured {
    double length_error{};           ///< frames, worst
    std::vector<double> deviations;  ///< ms, of every beat from its section's mean
    double worst_mean{};             ///< ms
};

Measured measure(const std::filesystem::path& track, const TemporaryFolder& folder, FitMethod method) {
    Measured measured;
    CutOrder order;
    order.audio = track;
    order.part_original = folder / "original.wav";
    order.part_fitted = folder / "fitted.wav";
    order.cues = {{4 * 60.0 / bpm}, {5 * 60.0 / bpm}, {(4 + beats) * 60.0 / bpm}};
    order.method = method;
    const std::atomic<bool> stop{false};
    for (const double speed : speeds) {
        order.speed = speed;
        const CutResult result = cut_section(order, stop, [](Seconds) {});
        const double exact = beats * 60.0 / bpm / speed * rate;
        measured.length_error =
            std::max(measured.length_error, std::abs(static_cast<double>(result.fitted.value) - exact));
        const std::vector<double> errors = click_errors(read_audio(order.part_fitted), bpm, speed);
        double mean = 0.0;
        for (const double error : errors) {
            mean += error / static_cast<double>(errors.size());
        }
        for (const double error : errors) {
            measured.deviations.push_back(std::abs(error - mean));
        }
        measured.worst_mean = std::max(measured.worst_mean, std::abs(mean));
    }
    return measured;
}

}  // namespace

int main() {
    const TemporaryFolder folder;
    const auto track = folder / "clicks.wav";
    write_audio(track, as_channels(click_track(bpm, (beats + 10) * 60.0 / bpm, rate), 2), 2, rate, SampleFormat::pcm16);
    struct Row {
        FitMethod method;
        double part, limit;
        const char* target;
    };
    double length_error = 0.0;
    for (const Row& row : {Row{FitMethod::rubberband, 1.0, 1.0, "≤ 1 ms"}, Row{FitMethod::rate, 1.0, 0.5, "≤ 0.5 ms"},
                           Row{FitMethod::wsola, 0.95, 15.0, "p95 ≤ 15 ms"}}) {
        const Measured measured = measure(track, folder, row.method);
        length_error = std::max(length_error, measured.length_error);
        const double error = percentile(measured.deviations, row.part);
        print_figure("S5", std::string{"export: beat error of `"} + to_text(row.method) + "` at 0.8…1.25",
                     shown(error) + " ms (means within " + shown(measured.worst_mean) + " ms)", row.target,
                     error <= row.limit);
    }
    print_figure("S5", "export: length error", shown(length_error) + " samples", "≤ 1", length_error <= 1.0);
    return 0;
}
