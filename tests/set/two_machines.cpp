// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/set/two_machines.hpp"

#include "tests/support/jack_server.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace crowdjack::test {

namespace {

constexpr std::int64_t coded_frames = 48'000 * 120;
const std::string front_door{"osc.udp://127.0.0.1:57120/"};

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

}  // namespace

TwoMachines::TwoMachines(const Cable& cable) : machine_{cable} {
    write_position_coded(folder_ / "a.wav", coded_frames, 48'000, SampleFormat::pcm24, CodedChannels::left_only);
    write_position_coded(folder_ / "c.wav", coded_frames, 48'000, SampleFormat::pcm24, CodedChannels::right_only);
    adapt_example("network.toml", folder_ / "network.toml",
                  {{{"driver = \"alsa\"", "driver = \"dummy\""}, {"device = \"hw:0\"", ""}}});
    adapt_example("booth.toml", folder_ / "booth.toml", {{{"/home/dj/Music", folder_.path().string()}}});
    start_here();
    start_there();
}

TwoMachines::~TwoMachines() {
    // The other machine first: its ports here would keep our server running.
    there_->terminate(Deadline{5000});
    (void)eventually([this] { return !has_port("booth:to_slave_1"); }, Deadline{5000});
    ears_.reset();
    close_client(observer_);
    here_->terminate(Deadline{5000});
}

OscReceived TwoMachines::done(const std::string& url, const std::string& command,
                              const std::vector<OscValue>& arguments) {
    const auto answer = osc_.request(url, command, arguments);
    if (!answer || answer->address == at::error) {
        throw std::runtime_error{command + ": " + (answer ? answer->shown() : "no answer") + "; here:\n" +
                                 here_->output() + "there:\n" + there_->output()};
    }
    return *answer;
}

bool TwoMachines::clock_is_known(std::ptrdiff_t times) {
    return eventually([&] {
        return std::ranges::count_if(here_->lines(), [](const std::string& line) {
                   return line.find(" remote-clock-known ") != std::string::npos;
               }) >= times;
    });
}

void TwoMachines::stop_both() {
    for (const auto& deck : {wait_for_client("default", "deck-A"), std::string{remote_deck}}) {
        done(deck, at::deck_eject, {});
    }
    // Silent for as long as the link may hold back.
    const auto from = *ears_->end_frame();
    (void)ears_->wait_until(from + 24'000);
}

std::int64_t TwoMachines::start_both() {
    done(front_door, at::cue, {std::string{"A"}, track("a.wav")});
    done(front_door, at::cue, {std::string{"C"}, track("c.wav")});
    const auto reply = done(front_door, at::start_group, {0.0, std::string{"A"}, std::string{"C"}});
    if (reply.text(2) != "A" || reply.text(3) != "C") {
        throw std::runtime_error{"not both started: " + reply.shown()};
    }
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(reply.number(1)));
}

void TwoMachines::start_here() {
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
    ears_ = std::make_unique<Capture>("default", Capture::Settings{.name = "ears", .channels = 4, .seconds = 150.0});
    ears_->listen_to("mixer-bus:master_l", 0);
    ears_->listen_to("mixer-bus:master_r", 1);
    ears_->listen_to("deck-A:out_l", 2);
}

void TwoMachines::start_there() {
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

bool TwoMachines::has_port(const std::string& port) const {
    return observer_ != nullptr && jack_port_by_name(observer_, port.c_str()) != nullptr;
}

bool TwoMachines::connected(const std::string& from, const std::string& to) const {
    const jack_port_t* port = jack_port_by_name(observer_, from.c_str());
    return port != nullptr && jack_port_connected_to(port, to.c_str()) != 0;
}

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

Heard wait_for_run(const Capture& ears, std::size_t channel, std::int64_t from, std::int64_t frames) {
    for (auto until = *ears.end_frame();; until += 12'000) {
        const bool came = ears.wait_until(until);
        const auto heard = listen(ears, channel, from);
        if (heard.best >= frames || !came || ears.full()) {
            return heard;
        }
    }
}

}  // namespace crowdjack::test
