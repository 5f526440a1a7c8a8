// SPDX-License-Identifier: GPL-3.0-or-later
// A set that plays and is recorded while everything around it breaks, at random but repeatably: clients and the session
// killed and stopped, packets in floods, the card away, the runtime folder away or full, the log not read.
//
// Then: every recorded frame is the right one of its track, or silence near something that was broken; no client is
// missing; descriptors, mappings, memory and /dev/shm are as they were.
//
// usage: session_chaos [SECONDS [SEED]]   (60 and 1 by default)
#include "tests/session/session_room.hpp"

#include <fcntl.h>
#include <sndfile.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>

using namespace crowdjack::test;
using std::string;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t rate = 48000;
constexpr std::int64_t track_frames = 60 * rate;
const std::array<string, 5> clients{"session", "mixer-bus", "deck-A", "deck-B", "bpm-follower"};

void pause_for(double seconds) {
    (void)eventually([] { return false; }, Deadline{static_cast<int>(seconds * 1000.0)});
}

/// What a process holds.
struct Held {
    int descriptors{}, mappings{};
    std::map<string, int> kinds;  ///< of the descriptors: what each leads to, numbers left out
    std::size_t resident_kib{};
};

Held held_by(pid_t pid) {
    const string folder = "/proc/" + std::to_string(pid);
    std::error_code error;
    Held held;
    for (const auto& entry : fs::directory_iterator{folder + "/fd", error}) {
        ++held.descriptors;
        string kind = fs::read_symlink(entry.path(), error).string();
        std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
        ++held.kinds[kind];
    }
    std::ifstream maps{folder + "/maps"};
    for (string line; std::getline(maps, line);) {
        ++held.mappings;
    }
    held.resident_kib = memory_of(pid).anonymous / 1024;
    return held;
}

std::uintmax_t bytes_in(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator{folder, error}) {
        bytes += entry.is_regular_file(error) ? entry.file_size(error) : 0;
    }
    return bytes;
}

/// The suite in its room: a card that can be pulled, a small runtime folder, a log whose reader can be stopped.
class Stage {
public:
    explicit Stage(bool long_run) {
        const fs::path runtime = folder / "run";
        fs::create_directory(runtime);
        if (::mount("chaos", runtime.c_str(), "tmpfs", 0, "size=4m,mode=0700") != 0) {
            std::perror("a small runtime folder can't be had");
        }
        ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
        fs::create_directory(folder / "bin");
        std::ofstream{folder / "bin" / "jackd"} << "#!/bin/sh\n[ -e '" << away().string()
                                                << "' ] && exit 1\nexec /usr/bin/jackd \"$@\"\n";
        fs::permissions(folder / "bin" / "jackd", fs::perms::owner_all);
        ::setenv("PATH", ((folder / "bin").string() + ":" + std::getenv("PATH")).c_str(), 1);
        if (::mkfifo((folder / "log").c_str(), 0600) != 0) {
            std::perror("no log");
        }
        reader_ = std::make_unique<Process>(
            std::vector<string>{"sh", "-c", "exec cat <>'" + (folder / "log").string() + "'"});
        write_file(long_run ? "night.rf64" : "night.wav");
        start();
    }
    ~Stage() {
        // What a failed run leaves.
        if (session_) {
            session_->kill_hard();
        }
        reader_->kill_hard();
        (void)::umount2((folder / "run").c_str(), MNT_DETACH);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    void start() {
        session_ = std::make_unique<Process>(std::vector<string>{
            "sh", "-c",
            "exec '" + program_path("crowdjack-session") + "' run '" + (folder / "set.toml").string() +
                "' >/dev/null 2>'" + (folder / "log").string() + "'"});
    }
    [[nodiscard]] Process& session() { return *session_; }
    [[nodiscard]] Process& reader() { return *reader_; }
    [[nodiscard]] fs::path away() const { return folder / "away"; }

    [[nodiscard]] pid_t pid_of(const string& client) const {
        const auto entry = registry_entry("test", client);
        return entry && entry->contains("pid") ? std::stoi(entry->at("pid")) : 0;
    }
    /// The JACK server's, by what the session remembers of it.
    [[nodiscard]] pid_t server_pid() const {
        std::ifstream state{registry_of("test") / "session.state"};
        for (string line; std::getline(state, line);) {
            if (line.ends_with(" jackd")) {
                return std::atoi(line.c_str() + 4);
            }
        }
        return 0;
    }
    [[nodiscard]] int health(string& line) const {
        Process status{{program_path("crowdjack-session"), "status", "--check", "--server", "test"}};
        const int code = status.wait().value_or(-1);
        line = status.whole_output();
        return code;
    }
    [[nodiscard]] bool healthy(Deadline deadline) const {
        string line;
        return eventually([&] { return health(line) == 0; }, deadline);
    }

    TemporaryFolder folder;
    OscClient osc;

private:
    void write_file(const string& recording) const {
        const string music = folder.path().string();
        std::ofstream file{folder / "set.toml"};
        file << "[jack]\nserver = \"test\"\nautostart = true\ndriver = \"dummy\"\nperiod = 1024\n"
                "[osc]\nports = [57120, 57122]\n";
        const auto client = [&file](const string& name, const string& run) {
            file << "[[client]]\nname = \"" << name << "\"\nrun = [" << run << "]\n";
        };
        client("mixer-bus", "\"crowdjack-mixer-bus\", \"--record\", \"" + music + "/" + recording + "\"");
        for (const string letter : {"A", "B"}) {
            client("deck-" + letter,
                   "\"crowdjack-deck\", \"--name\", \"" + letter + "\", \"--music-dir\", \"" + music + "\"");
        }
        client("bpm-follower", "\"crowdjack-bpm-follower\"");
        file << "[patch]\nconnect = [\"deck-A:out_* -> mixer-bus:A_*\", \"deck-B:out_* -> mixer-bus:B_*\",\n"
                "\"mixer-bus:master_l -> system:playback_1\", \"mixer-bus:master_r -> system:playback_2\"]\n";
    }

    std::unique_ptr<Process> reader_, session_;
};

/// What is done to it, each with what it takes to be over.
class Chaos {
public:
    Chaos(Stage& stage, std::uint32_t seed) : stage_{stage}, random_{seed} {}

    void run(double seconds) {
        const auto end = Clock::now() + std::chrono::duration<double>(seconds);
        const std::array<std::pair<const char*, void (Chaos::*)()>, 9> acts{{{"client-killed", &Chaos::kill_client},
                                                                             {"deck-stopped", &Chaos::stop_deck},
                                                                             {"session-killed", &Chaos::kill_session},
                                                                             {"session-stopped", &Chaos::stop_session},
                                                                             {"flood", &Chaos::flood},
                                                                             {"card-away", &Chaos::pull_card},
                                                                             {"folder-away", &Chaos::remove_folder},
                                                                             {"folder-full", &Chaos::fill_folder},
                                                                             {"log-stuck", &Chaos::stop_log}}};
        // Each once, in an order of the seed's, then at random.
        std::vector<std::size_t> order(acts.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::shuffle(order.begin(), order.end(), random_);
        for (std::size_t turn = 0; Clock::now() < end; ++turn) {
            const std::size_t act = turn < order.size() ? order[turn] : random_() % acts.size();
            ++counts[acts[act].first];
            (this->*acts[act].second)();
            pause_for(0.5 + static_cast<double>(random_() % 3000) / 1000.0);
        }
    }

    std::map<string, int> counts;
    int sessions_lost{0};  ///< it ended though nobody killed it

private:
    void kill(const string& client, int number) {
        if (const pid_t pid = stage_.pid_of(client); pid > 0) {
            ::kill(pid, number);
        }
    }
    void kill_client() { kill(clients[1 + random_() % 4], SIGKILL); }
    void stop_deck() { kill(random_() % 2 == 0 ? "deck-A" : "deck-B", SIGSTOP); }
    void kill_session() {
        sessions_lost += stage_.session().running() ? 0 : 1;
        stage_.session().kill_hard();
        stage_.start();  // as systemd does
    }
    void stop_session() {
        stage_.session().signal(SIGSTOP);
        pause_for(1.0);
        stage_.session().signal(SIGCONT);
    }
    void flood() {
        const std::array<std::vector<char>, 4> packets{{std::vector<char>(1400, 'x'),
                                                        {'/', 'n', 'o', 0, ',', 'i', 0, 0},
                                                        {'#', 'b', 'u', 'n', 'd', 'l', 'e', 0},
                                                        {}}};
        for (int i = 0; i < 2000; ++i) {
            OscClient::send_packet(front_door, packets[random_() % packets.size()]);
            if (i % 4 == 0) {
                stage_.osc.send(front_door, i % 8 == 0 ? at::get_status : "/no/such/address");
            }
        }
    }
    void pull_card() {
        std::ofstream{stage_.away()} << "x";
        if (const pid_t server = stage_.server_pid(); server > 0) {
            ::kill(server, SIGKILL);
        }
        pause_for(2.0 + static_cast<double>(random_() % 3000) / 1000.0);
        fs::remove(stage_.away());
    }
    void remove_folder() {
        std::error_code error;
        fs::remove_all(registry_of("test").parent_path(), error);
    }
    void fill_folder() {
        const fs::path filler = stage_.folder / "run" / "filler";
        {
            std::ofstream file{filler, std::ios::binary};
            const std::vector<char> block(65536, 'x');
            while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
            }
        }
        kill_client();
        pause_for(1.5);
        fs::remove(filler);
    }
    void stop_log() {
        stage_.reader().signal(SIGSTOP);
        flood();
        pause_for(1.0);
        stage_.reader().signal(SIGCONT);
    }

    Stage& stage_;
    std::mt19937 random_;
};

/// One recorded channel, frame by frame.
struct Explained {
    std::int64_t in_phase{0}, silent{0}, ramps{0}, wrong{0};
    int breaks{0};  ///< places where it leaves its phase

    void take(std::optional<std::int64_t> position, float sample, std::int64_t frame) {
        constexpr std::int64_t longest_ramp = 1024;  // a fade of 5 ms and the limiter's look-ahead around a break
        if (sample == 0.0F) {
            ++silent;
            since_ = 0;
            return;
        }
        const std::int64_t anchor = position ? ((*position - frame) % track_frames + track_frames) % track_frames : -1;
        if (position && (anchor == anchor_ || anchor == candidate_)) {
            if (anchor != anchor_) {  // twice in a row the same new phase: that is where it plays now
                anchor_ = anchor;
                ++breaks;
            }
            ++in_phase;
            since_ = 0;
            return;
        }
        candidate_ = anchor;
        ++since_;
        ++(since_ <= longest_ramp ? ramps : wrong);
    }

private:
    std::int64_t anchor_{-2}, candidate_{-2}, since_{0};
};

Explained explain(const fs::path& path, std::size_t channel) {
    SF_INFO info{};
    SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
    Explained result;
    if (file == nullptr) {
        return result;
    }
    const PositionCode code{24};
    std::vector<float> block(8192 * static_cast<std::size_t>(info.channels));
    std::int64_t frame = 0;
    for (sf_count_t count = 0; (count = sf_readf_float(file, block.data(), 8192)) > 0;) {
        for (sf_count_t i = 0; i < count; ++i, ++frame) {
            const float sample = block[static_cast<std::size_t>(i * info.channels) + channel];
            result.take(code.frame_of(sample), sample, frame);
        }
    }
    sf_close(file);
    return result;
}

bool play_both(Stage& stage) {
    for (const auto& [letter, channels] :
         {std::pair{"A", CodedChannels::left_only}, std::pair{"B", CodedChannels::right_only}}) {
        const string path = (stage.folder / (string{letter} + ".wav")).string();
        write_position_coded(path, track_frames, static_cast<int>(rate), SampleFormat::pcm24, channels);
        (void)stage.osc.request(front_door, at::cue, {string{letter}, path});
    }
    const auto started = stage.osc.request(front_door, at::start_group, {0.1F, string{"A"}, string{"B"}});
    return started && started->is_reply_to(at::start_group);
}

bool judge_recordings(const Stage& stage) {
    bool good = true;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{stage.folder.path()}) {
        if (entry.path().filename().string().starts_with("night") && entry.path().extension() != ".cue") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    std::int64_t heard = 0;
    for (const fs::path& path : files) {
        for (const std::size_t channel : {std::size_t{0}, std::size_t{1}}) {
            const Explained part = explain(path, channel);
            std::printf("  %s channel %zu: in phase %lld, silent %lld, ramps %lld in %d breaks, wrong %lld\n",
                        path.filename().c_str(), channel, static_cast<long long>(part.in_phase),
                        static_cast<long long>(part.silent), static_cast<long long>(part.ramps), part.breaks,
                        static_cast<long long>(part.wrong));
            good = good && part.wrong == 0;
            heard += part.in_phase;
        }
    }
    std::printf("  %zu files, %.1f s in phase\n", files.size(), static_cast<double>(heard) / 2.0 / rate);
    return good && heard > 0;
}

std::map<string, Held> held_by_all(const Stage& stage) {
    std::map<string, Held> all;
    for (const string& client : clients) {
        all[client] = held_by(stage.pid_of(client));
    }
    return all;
}

bool judge_held(const std::map<string, Held>& before, const std::map<string, Held>& after) {
    bool good = true;
    for (const auto& [client, then] : before) {
        const Held& now = after.at(client);
        const bool flat = now.descriptors <= then.descriptors + 6 && now.mappings <= then.mappings + 40 &&
                          now.resident_kib <= then.resident_kib + then.resident_kib / 2 + 4096;
        std::printf("  %-13s descriptors %d -> %d, mappings %d -> %d, anonymous memory %zu -> %zu KiB%s\n",
                    client.c_str(), then.descriptors, now.descriptors, then.mappings, now.mappings, then.resident_kib,
                    now.resident_kib, flat ? "" : "  GREW");
        for (const auto& [kind, count] : now.kinds) {
            const auto found = then.kinds.find(kind);
            const int was = found == then.kinds.end() ? 0 : found->second;
            if (!flat && count > was) {
                std::printf("    %s %d -> %d\n", kind.c_str(), was, count);
            }
        }
        good = good && flat;
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 60.0;
    const auto seed = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[2]) : 1);
    Stage stage{seconds > 600.0};
    if (!stage.healthy(patient) || !play_both(stage)) {
        std::printf("the set did not come up:\n%s\n", stage.reader().output().c_str());
        return 1;
    }
    pause_for(2.0);
    const auto before = held_by_all(stage);
    const std::uintmax_t shm_before = bytes_in("/dev/shm");
    Chaos chaos{stage, seed};
    chaos.run(seconds);
    const bool whole = stage.healthy(Deadline{60'000});
    bool good = whole;
    string line;
    (void)stage.health(line);
    std::printf("chaos of %.0f s, seed %u:", seconds, seed);
    for (const auto& [what, count] : chaos.counts) {
        std::printf(" %s %d", what.c_str(), count);
    }
    std::printf("\n  at the end: %s  sessions that ended by themselves: %d\n", line.c_str(), chaos.sessions_lost);
    good = good && chaos.sessions_lost == 0;
    for (const string& client : clients) {
        if (stage.pid_of(client) == 0) {
            std::printf("  %s is missing\n", client.c_str());
            good = false;
        }
    }
    pause_for(2.0);
    good = judge_held(before, held_by_all(stage)) && good;
    const std::uintmax_t shm_after = bytes_in("/dev/shm");
    std::printf("  /dev/shm %ju -> %ju bytes\n", shm_before, shm_after);
    good = good && shm_after <= shm_before + 2 * 1024 * 1024;
    const auto ended = stage.session().terminate();
    std::printf("  the session ended with %d\n", ended.value_or(-1));
    good = ended == 0 && good;
    good = judge_recordings(stage) && good;
    if (!good) {
        std::printf("its log:\n%s\n", stage.reader().output().c_str());
    }
    std::printf("%s\n", good ? "all explained" : "NOT all explained");
    return good ? 0 : 1;
}
