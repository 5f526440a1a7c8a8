// SPDX-License-Identifier: GPL-3.0-or-later
// Decks on a second machine: the two example files, run as they stand, between two network namespaces.
#include "tests/set/second_machine.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

using namespace crowdjack::test;

namespace {

constexpr std::int64_t coded_frames = 48'000 * 120;
constexpr std::int64_t master_delay = 64;  // the limiter's look-ahead
const std::string front_door{"osc.udp://127.0.0.1:57120/"};
const std::string remote_deck{"osc.udp://10.0.0.2:9003/"};

/// An example file with a few words exchanged; each must be in it. @throws std::runtime_error
void adapt_example(const std::string& name, const std::filesystem::path& to,
                   const std::vector<std::array<std::string, 2>>& words) {
    std::string text = text_of(std::filesystem::path{CROWDJACK_EXAMPLES} / name);
    for (const auto& [old_word, new_word] : words) {
        const auto at = text.find(old_word);
        if (at == std::string::npos) {
            throw std::runtime_error{name + " does not contain " + old_word};
        }
        text.replace(at, old_word.size(), new_word);
    }
    std::ofstream{to} << text;
}

int server_pid(const Process& session) {
    int pid = 0;
    for (const auto& line : session.lines()) {
        if (const auto at = line.find("jack-server-started pid="); at != std::string::npos) {
            pid = std::stoi(line.substr(line.find('=', at) + 1));
        }
    }
    return pid;
}

/// network.toml here and booth.toml on the other machine, patched through. A and C sound on the left and the right of
/// the master alone.
class TwoMachines {
public:
    TwoMachines() {
        write_position_coded(folder_ / "a.wav", coded_frames, 48'000, SampleFormat::pcm24, CodedChannels::left_only);
        write_position_coded(folder_ / "c.wav", coded_frames, 48'000, SampleFormat::pcm24, CodedChannels::right_only);
        adapt_example("network.toml", folder_ / "network.toml",
                      {{{"driver = \"alsa\"", "driver = \"dummy\""}, {"device = \"hw:0\"", ""}}});
        adapt_example("booth.toml", folder_ / "booth.toml", {{{"/home/dj/Music", folder_.path().string()}}});
        start_here();
        start_there();
    }
    ~TwoMachines() {
        // The other machine first: its ports here would keep our server running.
        there_->terminate(Deadline{5000});
        (void)eventually([this] { return !has_port("booth:to_slave_1"); }, Deadline{5000});
        ears_.reset();
        close_client(observer_);
        here_->terminate(Deadline{5000});
    }
    TwoMachines(const TwoMachines&) = delete;
    TwoMachines& operator=(const TwoMachines&) = delete;

    /// Hears the master on channels 0 and 1, deck A (left) on 2, what comes from the other machine (left) on 3.
    [[nodiscard]] Capture& ears() noexcept { return *ears_; }
    [[nodiscard]] const SecondMachine& machine() const noexcept { return machine_; }
    [[nodiscard]] OscClient& osc() noexcept { return osc_; }
    [[nodiscard]] Process& here() noexcept { return *here_; }
    [[nodiscard]] Process& there() noexcept { return *there_; }
    [[nodiscard]] std::string track(const std::string& name) const { return (folder_ / name).string(); }

    OscReceived done(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments) {
        const auto answer = osc_.request(url, command, arguments);
        if (!answer || answer->address == at::error) {
            throw std::runtime_error{command + ": " + (answer ? answer->shown() : "no answer") + "; here:\n" +
                                     here_->output() + "there:\n" + there_->output()};
        }
        return *answer;
    }
    /// Whether the session here has found out where the other machine's frames lie.
    [[nodiscard]] bool clock_is_known() { return here_->wait_for_line(" remote-clock-known ").has_value(); }
    void stop_both() {
        for (const auto& deck : {wait_for_client("default", "deck-A"), remote_deck}) {
            done(deck, at::deck_eject, {});
        }
        // Silent for as long as the link may hold back.
        const auto from = *ears_->end_frame();
        (void)ears_->wait_until(from + 24'000);
    }
    /// Both decks from the start of their files. @returns the frame on which A starts
    std::int64_t start_both() {
        done(front_door, at::cue, {std::string{"A"}, track("a.wav")});
        done(front_door, at::cue, {std::string{"C"}, track("c.wav")});
        const auto reply = done(front_door, at::start_group, {0.0, std::string{"A"}, std::string{"C"}});
        CHECK(reply.text(2) == "A");
        CHECK(reply.text(3) == "C");
        return static_cast<std::uint32_t>(static_cast<std::int64_t>(reply.number(1)));
    }

private:
    void start_here() {
        Process::Options options;
        options.folder = folder_.path();
        here_ = std::make_unique<Process>(
            std::vector<std::string>{program_path("crowdjack-session"), "run", "network.toml", "--osc-bind", "0.0.0.0"},
            options);
        try {
            (void)wait_for_client("default", "mixer-bus");
            (void)wait_for_client("default", "deck-A");
        } catch (const std::runtime_error& failure) {
            throw std::runtime_error{std::string{failure.what()} + "; here:\n" + here_->output()};
        }
        observer_ = open_client("default", "observer");
        ears_ = std::make_unique<Capture>("default", Capture::Settings{.name = "ears", .channels = 4, .seconds = 90.0});
        ears_->listen_to("mixer-bus:master_l", 0);
        ears_->listen_to("mixer-bus:master_r", 1);
        ears_->listen_to("deck-A:out_l", 2);
    }

    void start_there() {
        const auto options = machine_.surroundings();
        there_ = std::make_unique<Process>(
            machine_.there({program_path("crowdjack-session"), "run", (folder_ / "booth.toml").string()}), options);
        const bool patched = there_->wait_for_line("patched source=deck-C:out_r").has_value() &&
                             eventually([this] { return connected("booth:from_slave_2", "mixer-bus:C_r"); });
        if (!patched) {
            throw std::runtime_error{"the machines are not patched through; here:\n" + here_->output() + "there:\n" +
                                     there_->output()};
        }
        ears_->listen_to("booth:from_slave_1", 3);
    }

    [[nodiscard]] bool has_port(const std::string& port) const {
        return observer_ != nullptr && jack_port_by_name(observer_, port.c_str()) != nullptr;
    }
    [[nodiscard]] bool connected(const std::string& from, const std::string& to) const {
        const jack_port_t* port = jack_port_by_name(observer_, from.c_str());
        return port != nullptr && jack_port_connected_to(port, to.c_str()) != 0;
    }

    TemporaryFolder folder_;
    SecondMachine machine_;
    OscClient osc_;
    std::unique_ptr<Process> here_;
    std::unique_ptr<Process> there_;
    jack_client_t* observer_{nullptr};
    std::unique_ptr<Capture> ears_;
};

/// What a coded channel of the ears brought from a frame on.
struct Heard {
    std::int64_t first{-1};  ///< the first frame with sound; -1: none yet
    std::int64_t run{};      ///< latest frames in which every sample was its file's next
    std::int64_t best{};     ///< the longest such run
    std::int64_t lost{};     ///< frames after the first that did not bring the next sample
    std::int64_t foreign{};  ///< samples that are neither silence nor any of the file's
};

Heard listen(const Capture& ears, std::size_t channel, std::int64_t from) {
    Heard heard;
    std::int64_t expected = -1;  // the next position; -1: any
    for (auto frame = from; frame < ears.end_frame().value_or(from); ++frame) {
        const auto sample = ears.sample(channel, frame);
        if (!sample) {
            expected = -1;  // this machine stalled: its clock jumped over the frame
            heard.run = 0;
            continue;
        }
        const auto position = PositionCode{24}.frame_of(*sample);
        heard.foreign += *sample != 0.0F && !position ? 1 : 0;
        if (position && heard.first < 0) {
            heard.first = frame;
        }
        const bool next = position && (expected < 0 || *position == expected);
        heard.run = next ? heard.run + 1 : (position ? 1 : 0);
        heard.best = std::max(heard.best, heard.run);
        heard.lost += heard.first >= 0 && !next ? 1 : 0;
        expected = position ? *position + 1 : -1;
    }
    return heard;
}

/// Waits until the channel brought so many samples in a row, each the file's next. @returns what it brought by then
Heard wait_for_run(const Capture& ears, std::size_t channel, std::int64_t from, std::int64_t frames) {
    for (auto until = *ears.end_frame();; until += 12'000) {
        const bool came = ears.wait_until(until);
        const auto heard = listen(ears, channel, from);
        if (heard.best >= frames || !came || ears.full()) {
            return heard;
        }
    }
}

/// Frames of [from, to) at which deck A, through the mixer, does not sound the file's frame `frame - start`. Where this
/// machine stalled its clock jumped, and the mixer's delay brings a little from before the jump.
std::int64_t wrong_frames(const Capture& ears, std::int64_t start, std::int64_t from, std::int64_t to) {
    std::int64_t wrong = 0;
    std::int64_t judged_from = from;
    for (auto frame = from; frame < to; ++frame) {
        const auto sample = ears.sample(0, frame);
        if (!sample) {
            judged_from = frame + 1 + master_delay;
        } else if (frame >= judged_from) {
            wrong += PositionCode{24}.frame_of(*sample) != frame - master_delay - start ? 1 : 0;
        }
    }
    return wrong;
}

/// Frames from here to the other machine's graph and back, by an impulse through its server.
std::int64_t round_trip(TwoMachines& machines) {
    machines.machine().run({"jack_connect", "system:capture_1", "system:playback_1"});
    Player impulse{"default", "impulse", {{1.0F}}};
    impulse.probe().connect(impulse.probe().output(0), "booth:to_slave_1");
    std::int64_t frames = 0;
    for (int trial = 0; trial < 20 && frames == 0; ++trial) {
        const auto sent = *machines.ears().end_frame() + 24'000;
        impulse.start_at(sent);
        (void)machines.ears().wait_until(sent + 24'000);
        const auto came = machines.ears().first_sound(3, sent);
        frames = came ? *came - sent : 0;  // lost on the way: once more
    }
    machines.machine().run({"jack_disconnect", "system:capture_1", "system:playback_1"});
    return frames;
}

}  // namespace

TEST_CASE("a deck on another machine starts on arrival, and every sample of it arrives as it was") {
    TwoMachines machines;
    const auto there_and_back = round_trip(machines);
    CHECK(there_and_back > 0);

    const auto start = machines.start_both();
    const auto heard = wait_for_run(machines.ears(), 1, start - 24'000, 3 * 48'000);
    CHECK(heard.best >= 3 * 48'000);
    CHECK(heard.foreign == 0);
    if (machines.ears().sample(2, start)) {
        CHECK(machines.ears().first_sound(2, start - 24'000) == start);
    }
    CHECK(wrong_frames(machines.ears(), start, start + master_delay, start + 48'000) == 0);
    std::printf(
        "link: %lld frames there and back; heard %lld frames after deck A; %lld samples lost before 3 s in a row\n",
        static_cast<long long>(there_and_back), static_cast<long long>(heard.first - start - master_delay),
        static_cast<long long>(heard.lost));

    const auto refused = machines.osc().request(remote_deck, at::deck_start, {static_cast<std::int32_t>(start)});
    REQUIRE(refused);
    REQUIRE_MESSAGE(refused->is_error_of(at::deck_start), refused->shown());
    CHECK(refused->number(1) == 4);
    CHECK(machines.osc().request(remote_deck, at::deck_start)->is_reply_to(at::deck_start));
}

TEST_CASE("once the other machine's clock is known its deck is heard on the common frame, to a millisecond") {
    constexpr std::int64_t millisecond = 48;
    TwoMachines machines;
    for (int trial = 0; trial < 3; ++trial) {
        REQUIRE(machines.clock_is_known());
        const auto start = machines.start_both();
        const auto heard = wait_for_run(machines.ears(), 1, start - 24'000, 24'000);
        REQUIRE(heard.best >= 24'000);
        const auto late = heard.first - start - master_delay;
        std::printf("heard %lld frames after deck A\n", static_cast<long long>(late));
        CHECK_MESSAGE(std::abs(late) <= millisecond, machines.here().output(), machines.there().output());
        machines.stop_both();
    }
}

TEST_CASE("when the other machine's server is killed the mix goes on, and its deck is heard again") {
    TwoMachines machines;
    const auto start = machines.start_both();
    REQUIRE(wait_for_run(machines.ears(), 1, start, 24'000).best >= 24'000);

    const auto pid = server_pid(machines.there());
    REQUIRE(pid > 0);
    const auto killed = *machines.ears().end_frame();
    kill(pid, SIGKILL);
    // A tenth of a second of silence on the right tells the old server's sound from the new one's.
    std::int64_t silent = 0;
    REQUIRE(eventually([&] {
        const auto end = *machines.ears().end_frame();
        std::int64_t length = 0;
        for (auto frame = killed; frame < end && silent == 0; ++frame) {
            length = machines.ears().sample(1, frame).value_or(0.0F) == 0.0F ? length + 1 : 0;
            silent = length >= 4'800 ? frame : 0;
        }
        return silent != 0;
    }));
    const auto heard = wait_for_run(machines.ears(), 1, silent, 48'000);
    // How it fades in again is its own business; then every sample is right again.
    CHECK_MESSAGE(heard.best >= 48'000, machines.here().output(), machines.there().output());
    const auto now = *machines.ears().end_frame();
    CHECK(wrong_frames(machines.ears(), start, now - 24'000, now) == 0);
    std::printf("other server killed: heard again after %lld frames\n", static_cast<long long>(heard.first - killed));
}

int main(int argc, char** argv) {
    if (const auto reason = SecondMachine::missing()) {
        std::fprintf(stderr, "skipped: no second machine to be had on this system: %s\n", reason->c_str());
        return 77;
    }
    return doctest::Context{argc, argv}.run();
}
