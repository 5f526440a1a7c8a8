// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/chaos/stage.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace crowdjack::test::chaos {

using std::string;
namespace fs = std::filesystem;

namespace {

void mount_small(const fs::path& folder, const char* options) {
    fs::create_directory(folder);
    if (::mount("chaos", folder.c_str(), "tmpfs", 0, options) != 0) {
        std::perror(("a small " + folder.string() + " can't be had").c_str());
    }
}

}  // namespace

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void pause_for(double seconds) {
    (void)eventually([] { return false; }, Deadline{static_cast<int>(seconds * 1000.0)});
}

Stage::Stage(const string& witness) {
    mount_small(runtime(), "size=4m,mode=0700");
    mount_small(recordings(), "size=128m,mode=0700");  // five minutes
    ::setenv("XDG_RUNTIME_DIR", runtime().c_str(), 1);
    write_server();
    if (::mkfifo((folder / "log").c_str(), 0600) != 0) {
        std::perror("no log");
    }
    reader_ =
        std::make_unique<Process>(std::vector<string>{"sh", "-c", "exec cat <>'" + (folder / "log").string() + "'"});
    if (Icecast::possible()) {
        fs::create_directory(folder / "icecast");
        fs::permissions(folder / "icecast", fs::perms::all);
        icecast_ = std::make_unique<Icecast>(folder / "icecast", 8000, "hackme");
        icecast_->start();
        std::ofstream{folder / "stream-url"} << icecast_->url("set") << " vorbis\n";
    } else {
        std::printf("  no icecast2 here: nothing is streamed\n");
    }
    write_file();
    start();
    // A new one for each server.
    witness_ = std::make_unique<Process>(
        std::vector<string>{"sh", "-c", "while :; do '" + witness + "' test; sleep 0.05; done"},
        Process::Options{.environment = {}, .folder = {}, .own_group = true});
}

Stage::~Stage() {
    // What a failed run leaves.
    witness_->signal_group(SIGKILL);
    if (session_) {
        session_->kill_hard();
    }
    reader_->kill_hard();
    (void)::umount2(runtime().c_str(), MNT_DETACH);
    (void)::umount2(recordings().c_str(), MNT_DETACH);
}

/// What the session takes for jackd.
void Stage::write_server() const {
    fs::create_directory(folder / "bin");
    set_rate(static_cast<int>(rate));
    std::ofstream{folder / "bin" / "jackd"} << "#!/bin/bash\n[ -e '" << away().string()
                                            << "' ] && exit 1\nexec /usr/bin/jackd \"${@/#" << rate << "/$(cat '"
                                            << (folder / "rate").string() << "')}\"\n";
    fs::permissions(folder / "bin" / "jackd", fs::perms::owner_all);
    ::setenv("PATH", ((folder / "bin").string() + ":" + std::getenv("PATH")).c_str(), 1);
}

void Stage::set_rate(int hertz) const { std::ofstream{folder / "rate"} << hertz; }

void Stage::write_file() const {
    const string music = folder.path().string();
    std::ofstream file{folder / "set.toml"};
    file << "[jack]\nserver = \"test\"\nautostart = true\ndriver = \"dummy\"\nrate = " << rate
         << "\nperiod = 1024\n[osc]\nports = [57120, 57122]\n";
    const auto client = [&file](const string& name, const string& run) {
        file << "[[client]]\nname = \"" << name << "\"\nrun = [" << run << "]\n";
    };
    client("mixer-bus", "\"crowdjack-mixer-bus\", \"--music-dir\", \"" + music + "\", \"--record\", \"" +
                            recording_name() + "\", \"--record-split\", \"20s\", \"--record-keep\", \"14d\"" +
                            (icecast_ ? ", \"--stream-url-file\", \"" + music + "/stream-url\"" : ""));
    for (const string letter : {"A", "B"}) {
        client("deck-" + letter,
               "\"crowdjack-deck\", \"--name\", \"" + letter + "\", \"--music-dir\", \"" + music + "\"");
    }
    client("bpm-follower", "\"crowdjack-bpm-follower\"");
    file << "[patch]\nconnect = [\"deck-A:out_* -> mixer-bus:A_*\", \"deck-B:out_* -> mixer-bus:B_*\",\n"
            "\"mixer-bus:master_l -> system:playback_1\", \"mixer-bus:master_r -> system:playback_2\"]\n";
}

void Stage::start() {
    session_ = std::make_unique<Process>(std::vector<string>{"sh", "-c",
                                                             "exec '" + program_path("crowdjack-session") + "' run '" +
                                                                 (folder / "set.toml").string() + "' >/dev/null 2>'" +
                                                                 (folder / "log").string() + "'"});
}

bool Stage::play_both() {
    for (const auto& [letter, channels] :
         {std::pair{"A", CodedChannels::left_only}, std::pair{"B", CodedChannels::right_only}}) {
        const string path = (folder / (string{letter} + ".wav")).string();
        write_position_coded(path, track_frames, static_cast<int>(rate), SampleFormat::pcm24, channels);
        (void)osc.request(front_door, at::cue, {string{letter}, path});
    }
    const auto started = osc.request(front_door, at::start_group, {0.1F, string{"A"}, string{"B"}});
    return started && started->is_reply_to(at::start_group);
}

pid_t Stage::pid_of(const string& client) const {
    const auto entry = registry_entry("test", client);
    return entry && entry->contains("pid") ? std::stoi(entry->at("pid")) : 0;
}

pid_t Stage::server_pid() const {
    std::ifstream state{registry_of("test") / "session.state"};
    for (string line; std::getline(state, line);) {
        if (line.ends_with(" jackd")) {
            return std::atoi(line.c_str() + 4);
        }
    }
    return 0;
}

int Stage::health(string& line) const {
    Process status{{program_path("crowdjack-session"), "status", "--check", "--server", "test"}};
    const int code = status.wait().value_or(-1);
    line = status.whole_output();
    return code;
}

bool Stage::healthy(Deadline deadline) const {
    string line;
    return eventually([&] { return health(line) == 0; }, deadline);
}

std::optional<OscReceived> Stage::mixer_state() { return osc.request(front_door, at::mixer_state, {}, Deadline{500}); }

bool Stage::records_nothing() {
    const auto state = mixer_state();
    for (std::size_t i = 0; state && i + 1 < state->arguments.size(); ++i) {
        if (state->text(i) == "recording") {
            return state->text(i + 1).empty();
        }
    }
    return false;
}

double Stage::mixer_rate() {
    const auto state = mixer_state();
    return state ? state->named("rate") : std::nan("");
}

bool Stage::streams() const { return icecast_ && icecast_->status().find("/set\"") != string::npos; }

}  // namespace crowdjack::test::chaos
