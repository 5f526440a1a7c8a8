// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/stage.hpp"

#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <numbers>
#include <random>
#include <stdexcept>

namespace crowdjack::test::soak {

namespace fs = std::filesystem;

namespace {

const std::string server_name{"soak"};
constexpr int icecast_port = 8730;
constexpr double track_s = 60.0;

/// Drums, a chord and noise, never silent and never the same for two periods. Four of them stay far below the limiter.
std::vector<float> music_of(std::uint32_t seed) {
    std::mt19937 random{seed};
    std::vector<float> samples = click_track(120.0, track_s, rate);
    const double root = 110.0 + 7.0 * static_cast<double>(seed);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        double pad = 0.0;
        for (const double part : {1.0, 1.26, 1.498, 4.01}) {
            pad += std::sin(2.0 * std::numbers::pi * root * part * static_cast<double>(i) / rate);
        }
        const double noise = static_cast<double>(random()) / 4294967296.0 - 0.5;
        samples[i] = static_cast<float>(0.2 * static_cast<double>(samples[i]) + 0.012 * pad + 0.004 * noise);
    }
    return samples;
}

std::string deck_of(char letter) { return std::string{"deck-"} + letter; }

}  // namespace

Stage::Stage(std::uint32_t period, int split_s)
    : server_{{.rate = static_cast<std::uint32_t>(rate), .period = period, .name = server_name}} {
    fs::create_directory(recordings());
    write_music();
    start_icecast();
    write_file(split_s);
    session_ = std::make_unique<Process>(
        std::vector<std::string>{program_path("crowdjack-session"), "run", (folder_ / "set.toml").string()}, armed());
    (void)wait_for_client(server_name, "session");
    std::vector<std::string> outputs;
    for (const char letter : letters) {
        outputs.push_back(deck_of(letter) + ":out_l");
        if (!eventually([&] { return server_.connected(outputs.back(), std::string{"mixer-bus:"} + letter + "_l"); })) {
            throw std::runtime_error{"the session did not connect " + outputs.back() + ":\n" + session_->output()};
        }
    }
    marker_ = std::make_unique<Marker>(server_name);
    marker_->probe().connect(marker_->probe().output(0), "mixer-bus:mic_l");
    ears_ = std::make_unique<DeckEars>(server_name, outputs);
    watch_stalls();
    play_all();
}

Stage::~Stage() {
    if (stress_) {
        stress_->signal_group(SIGKILL);
    }
    (void)session_->terminate(Deadline{5000});
}

pid_t Stage::pid_of(const std::string& client) {
    const auto entry = registry_entry(server_name, client);
    return entry && entry->contains("pid") ? std::stoi(entry->at("pid")) : 0;
}

/// Of the set's own threads only those of the same priority keep a witness waiting: next to nothing of the audio
/// threads, but whole milliseconds of the decks' workers.
void Stage::watch_stalls() {
    std::vector<pid_t> own{pid_of("mixer-bus"), pid_of("bpm-follower")};
    for (const char letter : letters) {
        own.push_back(pid_of(deck_of(letter)));
    }
    audio_stalls_ = std::make_unique<StallWitness>(ears_->client(), 0, std::vector<pid_t>{});
    worker_stalls_ = std::make_unique<StallWitness>(ears_->client(), 1, own);
}

void Stage::write_music() {
    constexpr auto frames = static_cast<std::size_t>(track_s * static_cast<double>(rate));
    write_audio(folder_ / "slopes.wav", as_channels(slopes(frames), 2), 2, rate);
    for (int number = 0; number < 5; ++number) {
        write_audio(music(number), as_channels(music_of(static_cast<std::uint32_t>(number)), 2), 2, rate,
                    number % 2 == 0 ? SampleFormat::pcm16 : SampleFormat::float32);
    }
}

void Stage::start_icecast() {
    if (!Icecast::possible()) {
        return;
    }
    fs::create_directory(folder_ / "icecast");
    fs::permissions(folder_ / "icecast", fs::perms::all);
    icecast_ = std::make_unique<Icecast>(folder_ / "icecast", icecast_port, "hackme");
    icecast_->start();
    std::ofstream{folder_ / "stream-url"} << icecast_->url("set") << " vorbis\n";
}

void Stage::write_file(int split_s) const {
    std::ofstream file{folder_ / "set.toml"};
    file << "[jack]\nserver = \"" << server_name << "\"\nautostart = false\n[osc]\nports = [57120, 57122]\n";
    const auto client = [&](const std::string& name, const std::vector<std::string>& command) {
        file << "[[client]]\nname = \"" << name << "\"\nrun = [";
        for (const auto& word : command) {
            file << "\"" << word << "\", ";
        }
        file << "]\n";
    };
    const std::string here = folder_.path().string();
    std::vector<std::string> mixer{"crowdjack-mixer-bus",         "--music-dir",     here, "--record-split",
                                   std::to_string(split_s) + "s", "--record-format", "f32"};
    if (icecast_) {
        mixer.insert(mixer.end(), {"--stream-url-file", (folder_ / "stream-url").string()});
    }
    client("mixer-bus", mixer);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        client(deck_of(letters[i]),
               {"crowdjack-deck", "--name", letters.substr(i, 1), "--music-dir", here, "--stretch", methods.at(i)});
    }
    client("bpm-follower", {"crowdjack-bpm-follower", "--osc-port", "0"});
    file << "[patch]\nconnect = [\"mixer-bus:master_l -> system:playback_1\", "
            "\"mixer-bus:master_r -> system:playback_2\"";
    for (const char letter : letters) {
        file << ", \"" << deck_of(letter) << ":out_* -> mixer-bus:" << letter << "_*\"";
    }
    file << "]\n";
}

void Stage::play_all() {
    std::vector<OscValue> group{0.5F};
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const std::string letter = letters.substr(i, 1);
        done(at::mixer_pan, {letter, 1.0F});
        done(at::cue, {letter, i == 0 ? (folder_ / "slopes.wav").string() : music(static_cast<int>(i))});
        group.emplace_back(letter);
    }
    const auto started = done(at::start_group, group);
    // A second after it: the start's own fade is over, and what follows it.
    const auto at = static_cast<std::uint32_t>(static_cast<std::int64_t>(started.number(1)) + rate);
    if (!server_.wait_for_frame(at)) {
        throw std::runtime_error{"the server's clock stands still"};
    }
}

void Stage::stress(bool yields) {
    if (std::system("command -v stress-ng >/dev/null") != 0) {
        throw std::runtime_error{"stress-ng is missing (apt-get install stress-ng): a set on an idle machine says "
                                 "nothing about this"};
    }
    fs::create_directory(folder_ / "stress");
    // Processors are shared out by session, where the kernel does so at all.
    const std::string begin =
        yields ? "echo 19 2>/dev/null >/proc/self/autogroup; exec \"$0\" \"$@\"" : "exec \"$0\" \"$@\"";
    stress_ = std::make_unique<Process>(std::vector<std::string>{"setsid", "sh", "-c", begin, "stress-ng", "--cpu", "2",
                                                                 "--hdd", "1", "--hdd-bytes", "64M", "--temp-path",
                                                                 (folder_ / "stress").string()});
}

OscReceived Stage::done(const std::string& address, const std::vector<OscValue>& arguments) {
    osc_.forget();
    const auto answer = osc_.request(door, address, arguments);
    if (!answer || answer->address == at::error) {
        throw std::runtime_error{answer ? answer->shown() : "no answer to " + address};
    }
    return *answer;
}

OscReceived Stage::ask(const std::string& client, const std::string& address) {
    const auto answer = osc_.request(wait_for_client(server_name, client), address);
    if (!answer) {
        throw std::runtime_error{client + " does not answer " + address};
    }
    return *answer;
}

int Stage::sources() const {
    const std::string log = text_of(folder_ / "icecast" / "error.log");
    int count = 0;
    for (auto found = log.find("ource logging in"); found != std::string::npos;
         found = log.find("ource logging in", found + 1)) {
        ++count;
    }
    return count;
}

std::map<std::string, Held> Stage::held() {
    std::map<std::string, Held> all;
    for (const std::string client : {"session", "mixer-bus", "deck-A", "deck-B", "deck-C", "deck-D", "bpm-follower"}) {
        all[client] = held_by(pid_of(client));
    }
    all["jackd"] = held_by(server_.process().pid());
    return all;
}

}  // namespace crowdjack::test::soak
