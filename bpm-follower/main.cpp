// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/drawing.hpp"
#include "bpm-follower/follower.hpp"
#include "bpm-follower/follower_audio.hpp"
#include "bpm-follower/follower_options.hpp"
#include "common/client_shell.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/run_main.hpp"

namespace {

using namespace crowdjack;

void say_what_the_config_said(const BpmConfig& config) {
    for (const auto& notice : config.notices) {
        log_event(LogLevel::info, notice);
    }
    for (const auto& warning : config.warnings) {
        log_event(LogLevel::warning, warning);
    }
}

int follow(const FollowerOptions& options) {
    FollowerAudio audio;
    ClientShell shell{
        {"bpm-follower", {"bpm-follower"}, "crowdjack-bpm-follower", "crowdjack bpm-follower"}, options.common, audio};
    const Follower follower{shell, audio, options};
    return shell.run();
}

int run(int argc, char** argv) {
    const auto options = parse_follower_options(argc, argv);
    if (!options) {
        return 0;
    }
    set_up_log("crowdjack-bpm-follower", options->common.log_level);
    say_what_the_config_said(options->config);
    if (!options->plot.empty()) {
        draw_replay(*options);
        return 0;
    }
    return follow(*options);
}

}  // namespace

int main(int argc, char** argv) {
    return crowdjack::run_main("crowdjack-bpm-follower", [&] { return run(argc, argv); });
}
