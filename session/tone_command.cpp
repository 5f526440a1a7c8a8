// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session tone: one second of sine into the mixer, for /test_tone.
#include "common/control_loop.hpp"
#include "common/error.hpp"
#include "common/jack_client.hpp"
#include "common/options.hpp"
#include "common/registry.hpp"
#include "session/commands.hpp"
#include "session/patch/patchbay.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <numbers>

namespace crowdjack {

namespace {

constexpr double length_s = 1.0;
constexpr double ramp_s = 0.01;
constexpr double amplitude = 0.25;

/// Sounds once from the first cycle after begin().
class ToneAudio final : public AudioProcess {
public:
    explicit ToneAudio(double hz) : hz_{hz} {}

    void prepare(const ServerFormat& format) override { rate_ = format.rate; }

    CROWDJACK_REALTIME void process(const AudioCycle& cycle) noexcept override {
        const bool sounds = begun_.load(std::memory_order_acquire);
        for (float& sample : cycle.audio(0)) {
            sample = sounds ? next_sample() : 0.0F;
        }
        ended_.store(position_ / rate_ > length_s, std::memory_order_release);
    }

    void begin() { begun_.store(true, std::memory_order_release); }
    [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }

private:
    CROWDJACK_REALTIME float next_sample() noexcept {
        const double seconds = position_ / rate_;
        position_ += 1.0;
        const double envelope = std::clamp(std::min(seconds, length_s - seconds) / ramp_s, 0.0, 1.0);
        return static_cast<float>(amplitude * envelope * std::sin(2.0 * std::numbers::pi * hz_ * seconds));
    }

    double hz_;
    double rate_{48000.0};            ///< control thread, before activation
    double position_{0.0};            ///< audio thread
    std::atomic<bool> begun_{false};  ///< written by control (release), read by audio (acquire)
    std::atomic<bool> ended_{false};  ///< written by audio (release), read by control (acquire)
};

/// The strip a tone goes into: the microphone's if there is one, it is the least in the way.
std::vector<std::string> tone_inputs(jack_client_t* client, const std::string& server) {
    const auto peers = list_peers(server);
    const auto mixer =
        std::find_if(peers.begin(), peers.end(), [](const PeerInfo& p) { return p.kind == "mixer-bus"; });
    std::vector<std::string> inputs;
    for (const PortView& port : look_at_graph(client, server).ports) {
        if (mixer != peers.end() && !port.output && !port.midi && client_of(port.name) == mixer->jack) {
            inputs.push_back(port.name);
        }
    }
    const auto is_mic = [](const std::string& name) { return name.find(":mic_") != std::string::npos; };
    if (std::any_of(inputs.begin(), inputs.end(), is_mic)) {
        std::erase_if(inputs, [&is_mic](const std::string& name) { return !is_mic(name); });
    }
    inputs.resize(std::min<std::size_t>(inputs.size(), 2));
    return inputs;
}

}  // namespace

int run_tone(int argc, const char* const* argv) {
    CommandLine command{"crowdjack-session tone", "Plays one second of a sine into the mixer."};
    command.own.add_options()("hz", boost::program_options::value<double>()->default_value(440.0), "frequency");
    const auto options = command.parse(argc, argv);
    if (!options) {
        return 0;
    }
    ControlLoop loop;
    loop.on_signal(SIGTERM, [&loop] { loop.stop(); });
    loop.on_signal(SIGINT, [&loop] { loop.stop(); });
    ToneAudio tone{command.values()["hz"].as<double>()};
    JackClient::Settings settings;
    settings.server = options->server;
    settings.name = Patchbay::exempt_prefix;
    settings.ports = {{"out", PortDirection::output, PortKind::audio, "Test tone"}};
    settings.session_aware = false;
    JackClient jack{loop, std::move(settings), tone, nullptr};
    jack.open();
    const auto inputs = tone_inputs(jack.raw(), options->server);
    if (inputs.empty()) {
        throw Failure{"there is no mixer-bus to play the test tone into"};
    }
    for (const std::string& input : inputs) {
        (void)jack.connect("out", input);
    }
    tone.begin();
    loop.every(std::chrono::milliseconds{20}, [&loop, &tone] {
        if (tone.ended()) {
            loop.stop();
        }
    });
    loop.run();
    jack.close();
    return 0;
}

}  // namespace crowdjack
