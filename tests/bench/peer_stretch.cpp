// SPDX-License-Identifier: GPL-3.0-or-later
// S5, C8: sections fitted to a tempo by the exporter and by the field's own tools, from the same file, in one run: what
// each costs, how exact the length is and where the beats lie.
#include "struct-export/section_cut.hpp"
#include "tests/bench/child_cost.hpp"
#include "tests/struct-export/click_errors.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/surroundings.hpp"

#include <array>
#include <cmath>
#include <ctime>
#include <functional>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double bpm = 122.0;
constexpr int beats = 120;
constexpr int rate = 44100;
constexpr std::array speeds{0.8, 0.95, 1.05, 1.25};
constexpr double section_seconds = beats * 60.0 / bpm;

struct Tool {
    std::string name, program;
    /// Fits FROM into TO. @returns CPU seconds
    std::function<double(const std::string& from, const std::string& to, double speed)> fit;
};

std::function<double(const std::string&, const std::string&, double)> ours(FitMethod method) {
    return [method](const std::string& from, const std::string& to, double speed) {
        CutOrder order;
        order.audio = from;
        order.part_original = to + ".original.wav";
        order.part_fitted = to;
        order.cues = {{0.0}, {60.0 / bpm}, {section_seconds}};
        order.method = method;
        order.speed = speed;
        const std::atomic<bool> stop{false};
        const std::clock_t begun = std::clock();
        (void)cut_section(order, stop, [](Seconds) {});
        return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    };
}

std::vector<Tool> tools() {
    const auto run = [](const std::function<std::vector<std::string>(const std::string&, const std::string&,
                                                                     const std::string&)>& command) {
        return [command](const std::string& from, const std::string& to, double speed) {
            return cost_of(command(from, to, shown(speed, 6))).cpu;
        };
    };
    using Words = std::vector<std::string>;
    using Text = const std::string&;
    return {{"`wsola`", "", ours(FitMethod::wsola)},
            {"`rubberband`", "", ours(FitMethod::rubberband)},
            {"`rate`", "", ours(FitMethod::rate)},
            {"soundstretch", "soundstretch",
             [](Text from, Text to, double speed) {
                 return cost_of({"soundstretch", from, to, "-tempo=" + shown((speed - 1.0) * 100.0, 6)}).cpu;
             }},
            {"ffmpeg atempo", "ffmpeg", run([](Text from, Text to, Text speed) {
                 return Words{"ffmpeg", "-y", "-loglevel", "error", "-i", from, "-filter:a", "atempo=" + speed, to};
             })},
            {"rubberband (R2)", "rubberband",
             run([](Text from, Text to, Text speed) { return Words{"rubberband", "-q", "-T", speed, from, to}; })},
            {"rubberband-r3", "rubberband-r3",
             run([](Text from, Text to, Text speed) { return Words{"rubberband-r3", "-q", "-T", speed, from, to}; })}};
}

void measure(const Tool& tool, const std::string& section, const TemporaryFolder& folder) {
    const std::string figure = "a section fitted at 0.8…1.25 by " + tool.name;
    if (!tool.program.empty() && std::system(("command -v " + tool.program + " >/dev/null").c_str()) != 0) {
        print_absent("S5", figure, tool.program);
        return;
    }
    double length_error = 0.0;
    double cpu = 0.0;
    std::vector<double> deviations;
    std::vector<double> offsets;
    for (const double speed : speeds) {
        const auto fitted = folder / "fitted.wav";
        cpu += tool.fit(section, fitted, speed);
        const auto sound = read_audio(fitted);
        length_error =
            std::max(length_error, std::abs(static_cast<double>(sound.frames()) - section_seconds / speed * rate));
        const auto errors = click_errors(sound, bpm, speed);
        offsets.push_back(std::abs(median(errors)));
        for (const double error : errors) {
            deviations.push_back(std::abs(error));
        }
    }
    const double audio_seconds = section_seconds * static_cast<double>(speeds.size());
    print_figure("S5", figure,
                 "beats off by " + shown(median(deviations)) + " ms, p95 " + shown(percentile(deviations, 0.95)) +
                     " ms, worst " + shown(percentile(deviations, 1.0)) + " ms; length by " + shown(length_error, 6) +
                     " samples",
                 "stated", true);
    print_figure("C8", figure, shown(audio_seconds / cpu) + " × real time of a core", "stated", true);
}

}  // namespace

int main() {
    const TemporaryFolder folder;
    const auto section = folder / "section.wav";
    write_audio(section, as_channels(click_track(bpm, section_seconds, rate), 2), 2, rate, SampleFormat::pcm16);
    for (const auto& tool : tools()) {
        try {
            measure(tool, section, folder);
        } catch (const std::exception& failure) {
            print_figure("S5", "a section fitted by " + tool.name, failure.what(), "stated", true);
        }
    }
    return 0;
}
