// SPDX-License-Identifier: GPL-3.0-or-later
// The suite where JACK is PipeWire's: no jackd, another libjack, a sink that is not called system.
#include "tests/support/jack_clients.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace crowdjack::test;

namespace {

constexpr std::int64_t master_delay = 64;  // the limiter's look-ahead
constexpr const char* libjack_is_pipewires = "CROWDJACK_UNDER_PIPEWIRE";
const std::string front_door{"osc.udp://127.0.0.1:57120/"};

/// A session bus, PipeWire with a sink that swallows everything, and WirePlumber, as on a desktop without a sound card.
class PipeWire {
public:
    PipeWire() {
        const std::filesystem::path runtime{std::getenv("XDG_RUNTIME_DIR")};
        const auto bus = runtime / "bus";
        setenv("DBUS_SESSION_BUS_ADDRESS", ("unix:path=" + bus.string()).c_str(), 1);
        setenv("XDG_CONFIG_HOME", folder_.path().c_str(), 1);
        setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
        configure("pipewire/pipewire.conf.d/hall.conf", R"(context.objects = [
    { factory = adapter
        args = { factory.name = support.null-audio-sink node.name = hall media.class = Audio/Sink
                 audio.position = [ FL FR ] } }
]
)");
        // Hands off this machine's sound cards; WirePlumber 0.4 and later.
        configure("wireplumber/main.lua.d/51-no-cards.lua", "alsa_monitor.enabled = false\n");
        configure("wireplumber/wireplumber.conf.d/no-cards.conf",
                  "wireplumber.profiles = { main = { monitor.alsa = disabled } }\n");
        start({"dbus-daemon", "--session", "--nofork", "--address=unix:path=" + bus.string()}, bus);
        start({"pipewire"}, runtime / "pipewire-0");
        start({"wireplumber"}, {});
    }
    ~PipeWire() {
        while (!processes_.empty()) {
            processes_.back()->terminate(Deadline{3000});
            processes_.pop_back();
        }
    }
    PipeWire(const PipeWire&) = delete;
    PipeWire& operator=(const PipeWire&) = delete;

    [[nodiscard]] std::string output() const {
        std::string text;
        for (const auto& process : processes_) {
            text += process->output();
        }
        return text;
    }

private:
    void configure(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream{folder_ / name} << text;
    }
    void start(const std::vector<std::string>& command, const std::filesystem::path& socket) {
        Process::Options options;
        options.environment["LD_LIBRARY_PATH"] = "";
        processes_.push_back(std::make_unique<Process>(command, options));
        if (!socket.empty() && !eventually([&] { return std::filesystem::exists(socket); })) {
            throw std::runtime_error{command.front() + " did not start: " + processes_.back()->output()};
        }
    }

    TemporaryFolder folder_;
    std::vector<std::unique_ptr<Process>> processes_;
};

/// Two decks and a mixer on that PipeWire, started by crowdjack-session; A sounds on the left, B on the right.
class DesktopStage {
public:
    DesktopStage() {
        for (const auto& [name, channels] :
             {std::pair{"a.wav", CodedChannels::left_only}, std::pair{"b.wav", CodedChannels::right_only}}) {
            write_position_coded(folder_ / name, 48'000 * 60, 48'000, SampleFormat::pcm24, channels);
        }
        std::ofstream{folder_ / "set.toml"} << R"([jack]
autostart = false
[osc]
ports = [57120, 57122]
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus"]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A"]
[[client]]
name = "deck-B"
run = ["crowdjack-deck", "--name", "B"]
[[client]]
name = "bpm-follower"
run = ["crowdjack-bpm-follower", "--osc-port", "0"]
[patch]
connect = [
  "deck-A:out_* -> mixer-bus:A_*",
  "deck-B:out_* -> mixer-bus:B_*",
  "mixer-bus:master_l -> system:playback_1",
  "mixer-bus:master_r -> system:playback_2",
]
)";
        // WirePlumber makes the sink's ports; until then there is nothing that could drive a graph.
        if (!eventually([] { return sink_is_there(); })) {
            throw std::runtime_error{"PipeWire shows no sink: " + pipewire_.output()};
        }
        auto options = armed();
        options.folder = folder_.path();
        session_ = std::make_unique<Process>(
            std::vector<std::string>{program_path("crowdjack-session"), "run", (folder_ / "set.toml").string()},
            options);
        if (!eventually([this] { return patch() == "complete"; })) {
            throw std::runtime_error{"the session is not patched; it said:\n" + session_->output() +
                                     pipewire_.output()};
        }
        ears_ = std::make_unique<Capture>("default", Capture::Settings{.name = "ears", .seconds = 120.0});
        ears_->listen_to("mixer-bus:master_l", 0);
        ears_->listen_to("mixer-bus:master_r", 1);
    }
    ~DesktopStage() {
        ears_.reset();
        session_->terminate(Deadline{5000});
    }
    DesktopStage(const DesktopStage&) = delete;
    DesktopStage& operator=(const DesktopStage&) = delete;

    [[nodiscard]] Capture& ears() noexcept { return *ears_; }
    [[nodiscard]] Process& session() noexcept { return *session_; }
    OscReceived done(const std::string& command, const std::vector<OscValue>& arguments) {
        const auto answer = osc_.request(front_door, command, arguments);
        if (!answer || answer->address == at::error) {
            throw std::runtime_error{command + ": " + (answer ? answer->shown() : "no answer") +
                                     "; the session said:\n" + session_->output()};
        }
        return *answer;
    }
    /// Cues both tracks and starts them as a group. @returns the frame it answers
    std::int64_t start_pair() {
        done(at::cue, {std::string{"A"}, (folder_ / "a.wav").string()});
        done(at::cue, {std::string{"B"}, (folder_ / "b.wav").string()});
        const auto reply = done(at::start_group, {0.0, std::string{"A"}, std::string{"B"}});
        return static_cast<std::uint32_t>(static_cast<std::int64_t>(reply.number(1)));
    }
    void stop_pair() {
        for (const auto* deck : {"deck-A", "deck-B"}) {
            (void)osc_.request(wait_for_client("default", deck), at::deck_stop);
        }
    }
    /// Text after a key of /session/state; "" when there is none or no answer.
    std::string patch() {
        const auto state = osc_.request(front_door, at::session_state, {}, Deadline{500});
        for (std::size_t i = 0; state && i + 1 < state->arguments.size(); ++i) {
            if (state->text(i) == "patch") {
                return state->text(i + 1);
            }
        }
        return {};
    }

private:
    static bool sink_is_there() {
        Process list{{"pw-link", "--input"}};
        list.wait();
        return list.whole_output(Deadline{1000}).find("hall:playback_FR") != std::string::npos;
    }

    TemporaryFolder folder_;
    PipeWire pipewire_;
    OscClient osc_;
    std::unique_ptr<Process> session_;
    std::unique_ptr<Capture> ears_;
};

std::optional<std::int64_t> position(const Capture& ears, std::size_t channel, std::int64_t frame) {
    const auto sample = ears.sample(channel, frame);
    return sample ? PositionCode{24}.frame_of(*sample) : std::nullopt;
}

/// How many frames of [from, to) don't sound the file's frame counted from `from`.
std::int64_t wrong_frames(const Capture& ears, std::size_t channel, std::int64_t from, std::int64_t to) {
    std::int64_t wrong = 0;
    for (auto frame = from; frame < to; ++frame) {
        wrong += position(ears, channel, frame) != frame - from ? 1 : 0;
    }
    return wrong;
}

/// PipeWire tells nobody of an xrun, but its clock jumps over what was not played.
bool stalled(const Capture& ears, std::int64_t from, std::int64_t to) {
    const auto gaps = ears.gaps();
    return std::any_of(gaps.begin(), gaps.end(),
                       [&](const Capture::Gap& gap) { return gap.came >= from && gap.expected < to; });
}

bool is_on_path(const std::string& program) { return Process{{"sh", "-c", "command -v " + program}}.wait() == 0; }

/// The whole test, for it listens as a client, too; and whatever it starts. @returns only if that fails
int run_again_with_its_libjack(int argc, char** argv) {
    std::vector<std::string> words{"pw-jack", "-p", "256"};
    words.insert(words.end(), argv, argv + argc);
    std::vector<char*> command;
    for (auto& word : words) {
        command.push_back(word.data());
    }
    command.push_back(nullptr);
    execvp(command.front(), command.data());
    std::cerr << "cannot run pw-jack\n";
    return 1;
}

}  // namespace

TEST_CASE(
    "under PipeWire two decks told to start together start on the same sample, 10 of 10, and play what is in them") {
    DesktopStage stage;
    auto& ears = stage.ears();
    int trials = 0;
    for (int judged = 0; judged < 10; ++trials) {
        REQUIRE_MESSAGE(trials < 100, "this machine stalled in most of a hundred starts");
        CAPTURE(trials);
        const auto start = stage.start_pair();
        const auto heard = start + master_delay;
        REQUIRE(ears.wait_until(heard + 24'000));
        if (!stalled(ears, heard - 9'600, heard + 24'000)) {
            ++judged;
            for (std::size_t channel = 0; channel < 2; ++channel) {
                CHECK(ears.first_sound(channel, heard - 9'600).value_or(0) - heard == 0);
                CHECK(wrong_frames(ears, channel, heard, heard + 24'000) == 0);
            }
        }
        stage.stop_pair();
        REQUIRE(ears.wait_until(*ears.end_frame() + 9'600));
    }
    MESSAGE("10 of ", trials, " starts could be judged");
    CHECK(stage.session().output().find("jack-server-started") == std::string::npos);
    CHECK(stage.session().output().find(sprung_trap) == std::string::npos);
    const auto code = stage.session().terminate();
    CHECK_MESSAGE(code.value_or(-1) == 0, code.value_or(-1), stage.session().output());
}

int main(int argc, char** argv) {
    for (const auto* program : {"pw-jack", "pipewire", "wireplumber", "pw-link", "dbus-daemon"}) {
        if (!is_on_path(program)) {
            std::cerr << "skipped: there is no " << program
                      << " here (Debian: pipewire, pipewire-jack, wireplumber, dbus)\n";
            return 77;
        }
    }
    if (std::getenv(libjack_is_pipewires) == nullptr) {
        setenv(libjack_is_pipewires, "yes", 1);
        return run_again_with_its_libjack(argc, argv);
    }
    return doctest::Context{argc, argv}.run();
}
