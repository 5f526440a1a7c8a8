// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/analysis_options.hpp"

#include "common/command_line.hpp"
#include "common/error.hpp"
#include "common/track_grid.hpp"
#include "struct-export/text.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <thread>

namespace crowdjack {

namespace po = boost::program_options;

namespace {

constexpr double slowest = 30.0, fastest = 300.0;
constexpr int most_patient = 19;  ///< nice value

void describe_analysis(PlainCommandLine& line) {
    const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
    line.own.add_options()("struct-dir", text("DIR")->default_value("struct"),
                           "where the structure JSONs go, one a track")(
        "jobs",
        po::value<unsigned>()->value_name("N")->default_value(std::max(std::thread::hardware_concurrency(), 1U)),
        "tracks at a time")("bpm-range", text("LOW..HIGH")->default_value("70..180"),
                            "the tempi to choose from: settles whether a track is at 70 or 140")(
        "plot", text("DIR"), "draw each analysed track as an SVG")(
        "into-cache", po::bool_switch(), "write where decks and setlists look by themselves, instead of --struct-dir")(
        "again", po::bool_switch(), "also what is analysed already, by this or another program")(
        "background", po::bool_switch(), "take only the time that no other program wants");
    line.hidden.add_options()("places", po::value<std::vector<std::string>>());
    line.positional.add("places", -1);
    line.usage_tail = "FOLDER|FILE…";
}

double sum_of_sizes(const std::vector<AnalysisTask>& tasks) {
    double sum = 0.0;
    for (const AnalysisTask& task : tasks) {
        std::error_code error;
        const auto size = std::filesystem::file_size(task.audio, error);
        sum += error ? 0.0 : static_cast<double>(size);
    }
    return sum;
}

}  // namespace

std::pair<double, double> parse_bpm_range(const std::string& text) {
    const auto dots = text.find("..");
    double low = 0.0;
    double high = 0.0;
    const bool numbers = dots != std::string::npos && parse_number(text.substr(0, dots), low) &&
                         parse_number(text.substr(dots + 2), high);
    if (!numbers || low < slowest || high > fastest || high < low * 1.05) {
        throw UsageError{"--bpm-range '" + text + "' must be two tempi from 30 to 300 with two dots, e.g. 70..180"};
    }
    return {low, high};
}

std::optional<AnalysisOrder> parse_analysis_options(int argc, const char* const* argv) {
    PlainCommandLine line{"crowdjack-struct-export analyse",
                          "Finds each track's beats, bars, key, form and loudness by listening to it."};
    describe_analysis(line);
    if (!line.parse(argc, argv)) {
        return std::nullopt;
    }
    AnalysisOrder order;
    if (!line.given("places")) {
        throw UsageError{"no music is named: crowdjack-struct-export analyse FOLDER (see --help)"};
    }
    for (const std::string& place : line.values()["places"].as<std::vector<std::string>>()) {
        order.places.emplace_back(place);
    }
    order.struct_dir = line.values()["struct-dir"].as<std::string>();
    order.jobs = line.values()["jobs"].as<unsigned>();
    if (order.jobs < 1 || order.jobs > 1024) {
        throw UsageError{"--jobs is " + std::to_string(order.jobs) + ": use 1…1024"};
    }
    std::tie(order.settings.lowest_bpm, order.settings.highest_bpm) =
        parse_bpm_range(line.values()["bpm-range"].as<std::string>());
    order.settings.range_is_firm = line.given("bpm-range");
    if (line.given("plot")) {
        order.plot_dir = line.values()["plot"].as<std::string>();
    }
    order.into_cache = line.values()["into-cache"].as<bool>();
    order.again = line.values()["again"].as<bool>();
    order.background = line.values()["background"].as<bool>();
    return order;
}

int analyse_music(int argc, const char* const* argv, const std::atomic<bool>& stop) {
    const auto order = parse_analysis_options(argc, argv);
    if (!order) {
        return 0;
    }
    const std::vector<AnalysisTask> tasks = analysis_tasks(*order);
    if (tasks.empty()) {
        throw Failure{"there is no audio file in " + order->places.front().string() +
                      " (looked for .wav .flac .mp3 .ogg .opus .aiff and their kin)"};
    }
    if (order->background) {
        (void)::setpriority(PRIO_PROCESS, 0, most_patient);
    }
    AnalysisCount count;
    {
        Progress progress{tasks.size(), Seconds{sum_of_sizes(tasks)}};
        count = run_analysis(tasks, *order, progress, stop);
    }
    std::printf("%zu of %zu tracks analysed into %s, %zu were up to date, %zu kept, %zu without a beat, %zu failed\n",
                count.analysed, tasks.size(),
                order->into_cache ? analysis_cache_folder().c_str() : order->struct_dir.c_str(), count.up_to_date,
                count.kept, count.without_beat, count.failed);
    return count.good() > 0 ? 0 : 1;
}

}  // namespace crowdjack
