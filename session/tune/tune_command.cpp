// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session tune: which period size this machine manages with the user's own session.
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "session/commands.hpp"
#include "session/session_file.hpp"
#include "session/tune/run.hpp"

#include <unistd.h>

#include <charconv>
#include <iostream>

namespace crowdjack {

namespace {

namespace po = boost::program_options;

std::vector<std::uint32_t> parse_sizes(const std::string& text) {
    std::vector<std::uint32_t> sizes;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (at != end) {
        std::uint32_t size = 0;
        const auto [stopped, error] = std::from_chars(at, end, size);
        if (error != std::errc{} || size < 16 || size > 8192 || (stopped != end && *stopped != ',')) {
            throw UsageError{"--sizes '" + text +
                             "' must be whole numbers of frames (16…8192) with commas, e.g. 128,256"};
        }
        sizes.push_back(size);
        at = stopped == end ? end : stopped + 1;
    }
    return sizes;
}

}  // namespace

int run_tune(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session tune", "Measures period sizes with your own session and recommends one."};
    line.usage_tail = "[FILE.toml]";
    line.hidden.add_options()("file", po::value<std::string>(), "");
    line.positional.add("file", 1);
    line.own.add_options()("seconds", po::value<double>()->default_value(10.0)->value_name("S"),
                           "to measure each size")(
        "sizes", po::value<std::string>()->default_value("64,128,256,512,1024,2048")->value_name("N,N"),
        "period sizes in frames")("driver", po::value<std::string>()->value_name("NAME"),
                                  "JACK driver instead of the session file's, e.g. dummy");
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    set_up_log("tune", options->log_level);
    const double seconds = line.values()["seconds"].as<double>();
    if (!(seconds >= 1.0 && seconds <= 3600.0)) {
        throw UsageError{"--seconds must be in 1…3600"};
    }
    const auto sizes = parse_sizes(line.values()["sizes"].as<std::string>());
    const auto text_of = [&line](const char* name) {
        return line.given(name) ? std::optional{line.values()[name].as<std::string>()} : std::nullopt;
    };
    const auto file = text_of("file");
    if (file) {
        (void)load_session(*file);  // its mistakes are said once, before anything is measured
    }
    const TuneStage stage{file ? std::optional<std::filesystem::path>{*file} : std::nullopt, text_of("driver"), 60.0};
    std::vector<TuneResult> results;
    bool interrupted = false;
    for (const std::uint32_t size : sizes) {
        std::cerr << "measuring " << size << " frames for " << seconds << " s …" << std::endl;
        results.push_back(measure_period(stage, size, seconds, interrupted));
        if (interrupted) {
            return 0;
        }
    }
    std::cout << tune_table(results, stage.rate());
    return recommended_period(results) ? 0 : 1;
}

}  // namespace crowdjack
