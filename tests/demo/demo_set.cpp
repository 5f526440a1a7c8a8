// SPDX-License-Identifier: GPL-3.0-or-later
// Plays a short set on a running session as a controller would, through the front door, and listens with a ruler.
#include "common/command_line.hpp"
#include "common/run_main.hpp"
#include "tests/demo/demo_report.hpp"
#include "tests/demo/witness.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>

namespace {

using namespace crowdjack;
using test::OscClient;
using test::OscReceived;

struct Plan {
    std::string server, recording, track_a, track_b;
    double bpm_a{}, bpm_b{}, seconds{};
    [[nodiscard]] double crossfade_seconds() const { return seconds / 3.0; }
};

/// The running session and the ears on it.
struct Stage {
    explicit Stage(const Plan& plan)
        : front_door{test::wait_for_client(plan.server, "session")},
          mixer{test::wait_for_client(plan.server, "mixer-bus")},
          decks{{"deck-A", test::wait_for_client(plan.server, "deck-A")},
                {"deck-B", test::wait_for_client(plan.server, "deck-B")}},
          follower{test::wait_for_client(plan.server, "bpm-follower")},
          capture{plan.server, {.name = "demo-ears", .channels = 4, .seconds = plan.seconds + 60.0}} {
        capture.listen_to("mixer-bus:master_l", 0);
        capture.listen_to("mixer-bus:master_r", 1);
        capture.listen_to("deck-A:out_l", 2);
        capture.listen_to("deck-B:out_l", 3);
        for (const auto& [name, url] : decks) {
            ask(url, at::subscribe);
        }
    }

    /// Sends a command and insists on a good answer.
    OscReceived ask(const std::string& url, const std::string& command,
                    const std::vector<test::OscValue>& arguments = {}) {
        const auto answer = osc.request(url, command, arguments);
        if (!answer) {
            throw std::runtime_error{"no answer to " + command};
        }
        if (answer->address == at::error) {
            throw std::runtime_error{answer->shown()};
        }
        return *answer;
    }

    std::string front_door, mixer;
    std::map<std::string, std::string> decks;
    std::string follower;
    OscClient osc;
    test::Capture capture;
};

void cue(Stage& stage, const std::string& deck, const std::string& path, double bpm) {
    // 0: an unknown tempo; such a track plays at its own.
    stage.ask(stage.decks.at(deck), at::deck_follow, {bpm > 0.0});
    stage.ask(stage.decks.at(deck), at::deck_cue, {path, 0.0, bpm > 0.0 ? bpm : 120.0});
    std::printf("  cued %s: %s\n", deck.c_str(), path.c_str());
}

/// Both on one frame, A alone to hear; later a crossfade that every client plans for the same frames.
std::int64_t play(Stage& stage, const Plan& plan, double rate) {
    stage.ask(stage.front_door, at::deck_levels, {1.0, 0.0});
    const auto started = stage.ask(stage.front_door, at::start_group, {0.5, std::string{"A"}, std::string{"B"}});
    const auto frame = static_cast<std::int64_t>(started.number(1));
    const auto fade_at = static_cast<std::int32_t>(frame + static_cast<std::int64_t>(plan.seconds / 3.0 * rate));
    for (const auto& [strip, to] : {std::pair{"A", 0.0F}, std::pair{"B", 1.0F}}) {
        stage.ask(stage.mixer, at::mixer_fade,
                  {std::string{strip}, to, plan.crossfade_seconds(), fade_at, std::string{"equal-power"}});
    }
    std::printf("  both decks start at frame %lld; crossfade over %.0f s\n", static_cast<long long>(frame),
                plan.crossfade_seconds());
    return frame;
}

demo::DeckFigures figures_of(Stage& stage, const std::string& deck, std::size_t channel) {
    const auto health = stage.ask(stage.decks.at(deck), at::deck_health);
    demo::DeckFigures figures{deck, stage.capture.first_sound(channel, 0).value_or(0), 0,
                              health.named("starved_frames"), health.named("xruns")};
    return figures;
}

int perform(const Plan& plan) {
    Stage stage{plan};
    const double rate = jack_get_sample_rate(stage.capture.probe().client());
    const std::uint32_t period = jack_get_buffer_size(stage.capture.probe().client());
    demo::Witness witness{static_cast<std::uint32_t>(rate), period, plan.seconds + 60.0};
    cue(stage, "deck-A", plan.track_a, plan.bpm_a);
    cue(stage, "deck-B", plan.track_b, plan.bpm_b);
    demo::Figures figures;
    figures.rate = rate;
    figures.recording = plan.recording;
    figures.period = period;
    figures.agreed_frame = play(stage, plan, rate);
    witness.watch();
    figures.begin = figures.agreed_frame;
    figures.end = figures.begin + static_cast<std::int64_t>(plan.seconds * rate);
    figures.bpm_first = stage.ask(stage.follower, at::tempo_state).number(0);
    const auto patience = test::patient + test::Deadline{static_cast<std::int64_t>(plan.seconds * 1000.0)};
    if (!stage.capture.wait_until(figures.end, patience)) {
        throw std::runtime_error{"the JACK server's clock does not advance"};
    }
    figures.witness_lost = witness.lost_frames();
    figures.bpm_last = stage.ask(stage.follower, at::tempo_state).number(0);
    figures.decks = {figures_of(stage, "deck-A", 2), figures_of(stage, "deck-B", 3)};
    const auto started = stage.osc.received(at::deck_started);
    for (std::size_t i = 0; i < figures.decks.size() && i < started.size(); ++i) {
        figures.decks[i].started = static_cast<std::int64_t>(started[i].number(0));
    }
    figures.lost_samples = demo::lost_samples(stage.capture, figures.begin, figures.end);
    figures.peak = demo::write_recording(stage.capture, figures.begin, figures.end, rate, plan.recording);
    std::printf("\nMeasured:\n");
    return started.size() == 2 && demo::report(figures) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return run_main("demo_set", [&] {
        namespace po = boost::program_options;
        Plan plan;
        PlainCommandLine line{"demo_set", "Plays two tracks on a running session and measures what came out."};
        line.own.add_options()("server", po::value(&plan.server)->default_value("default"),
                               "JACK server")("a", po::value(&plan.track_a)->required(), "track of deck A")(
            "b", po::value(&plan.track_b)->required(),
            "track of deck B")("bpm-a", po::value(&plan.bpm_a)->default_value(0.0), "its tempo; 0: plays at its own")(
            "bpm-b", po::value(&plan.bpm_b)->default_value(0.0), "its tempo; 0: plays at its own")(
            "seconds", po::value(&plan.seconds)->default_value(30.0),
            "length of the set")("recording", po::value(&plan.recording)->required(), "WAV file to write");
        return line.parse(argc, argv) ? perform(plan) : 0;
    });
}
