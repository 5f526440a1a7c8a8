// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/chaos/acts.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace crowdjack::test::chaos {

using std::string;
namespace fs = std::filesystem;

namespace {

/// Takes all the room that is left where `path` lies.
void fill(const fs::path& path) {
    std::ofstream file{path, std::ios::binary | std::ios::app};
    const std::vector<char> block(65536, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
}

}  // namespace

Acts::Acts(Stage& stage, std::uint32_t seed, bool calm) : stage_{stage}, random_{seed}, calm_{calm} {}

void Acts::run(double seconds, const std::function<void()>& after_each) {
    struct Act {
        const char* name;
        void (Acts::*play)();
        bool quick;  ///< also where there is no time to be calm
    };
    std::vector<Act> acts{{"client-killed", &Acts::kill_client, true},
                          {"deck-stopped", &Acts::stop_deck, true},
                          {"session-killed", &Acts::kill_session, true},
                          {"session-stopped", &Acts::stop_session, true},
                          {"flood", &Acts::flood, true},
                          {"card-away", &Acts::pull_card, true},
                          {"folder-away", &Acts::remove_folder, true},
                          {"folder-full", &Acts::fill_folder, true},
                          {"log-stuck", &Acts::stop_log, true},
                          {"disk-full", &Acts::fill_disk, false},
                          {"icecast-away", &Acts::stop_icecast, false},
                          {"rate-changed", &Acts::change_rate, false}};
    std::erase_if(acts, [this](const Act& act) {
        return (!calm_ && !act.quick) || (act.play == &Acts::stop_icecast && stage_.icecast() == nullptr);
    });
    std::vector<std::size_t> order(acts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random_);
    const double end = seconds_now() + seconds;
    for (std::size_t turn = 0; seconds_now() < end; ++turn) {
        const Act& act = acts[turn < order.size() ? order[turn] : random_() % acts.size()];
        ++counts_[act.name];
        (this->*act.play)();
        keep_session(act.name);
        after_each();
        pause_for(calm_ ? between(3.0, 15.0) : between(0.5, 3.5));
    }
}

/// As systemd does; but it must not be needed.
void Acts::keep_session(const char* act) {
    check(stage_.session().running(), string{"the session ended by itself, last of "} + act);
    if (!stage_.session().running()) {
        stage_.start();
    }
}

double Acts::between(double least, double most) {
    return least + (most - least) * static_cast<double>(random_() % 1000) / 1000.0;
}

void Acts::begin(const string& name, double echo, bool left, bool right) {
    const double now = seconds_now();
    deeds_.push_back({name, now, now, echo, left, right});
}

void Acts::check(bool fine, const string& otherwise) {
    if (!fine) {
        failures_.push_back(otherwise);
        std::printf("  after %.1f s: %s\n", seconds_now() - deeds_.front().begin, otherwise.c_str());
        std::fflush(stdout);
    }
}

string Acts::signal_one(std::size_t first, std::size_t count, int number) {
    const string& client = clients[first + random_() % count];
    const bool mixer = client == "mixer-bus";
    // A deck that stands still holds up the whole graph until the watchdog has had enough.
    const bool stopped = number == SIGSTOP;
    deeds_.back().left = deeds_.back().left || mixer || stopped || client == "deck-A";
    deeds_.back().right = deeds_.back().right || mixer || stopped || client == "deck-B";
    if (const pid_t pid = stage_.pid_of(client); pid > 0) {
        ::kill(pid, number);
    }
    return client;
}

void Acts::kill_client() {
    begin("client-killed", 3.0);
    deeds_.back().name += " " + signal_one(1, 4, SIGKILL);
}

void Acts::stop_deck() {
    begin("deck-stopped", 4.0);
    (void)signal_one(2, 2, SIGSTOP);
}

/// Without it nobody mends anything, but nothing breaks either.
void Acts::kill_session() {
    begin("session-killed");
    stage_.session().kill_hard();
    stage_.start();  // as systemd does
}

void Acts::stop_session() {
    begin("session-stopped");
    stage_.session().signal(SIGSTOP);
    pause_for(1.0);
    stage_.session().signal(SIGCONT);
    end();
}

void Acts::flood() {
    begin("flood");
    flood_packets();
    end();
}

void Acts::flood_packets() {
    const std::array<std::vector<char>, 4> packets{
        {std::vector<char>(1400, 'x'), {'/', 'n', 'o', 0, ',', 'i', 0, 0}, {'#', 'b', 'u', 'n', 'd', 'l', 'e', 0}, {}}};
    for (int i = 0; i < 2000; ++i) {
        OscClient::send_packet(front_door, packets[random_() % packets.size()]);
        if (i % 4 == 0) {
            stage_.osc.send(front_door, i % 8 == 0 ? at::get_status : "/no/such/address");
        }
    }
}

void Acts::kill_server() {
    if (const pid_t server = stage_.server_pid(); server > 0) {
        ::kill(server, SIGKILL);
    }
}

void Acts::pull_card() {
    begin("card-away", 8.0, true, true);
    std::ofstream{stage_.away()} << "x";
    kill_server();
    pause_for(between(2.0, 5.0));
    fs::remove(stage_.away());
    end();
}

/// The server comes back at another rate, plays on, and comes back at the first.
void Acts::change_rate() {
    for (const int hertz : {44100, static_cast<int>(rate)}) {
        begin("rate-" + std::to_string(hertz), 6.0, true, true);
        stage_.set_rate(hertz);
        kill_server();
        end();
        check(eventually([&] { return stage_.mixer_rate() == hertz; }, Deadline{10'000}),
              "the mixer did not come to run at " + std::to_string(hertz) + " Hz");
        pause_for(between(7.0, 12.0));
    }
}

void Acts::remove_folder() {
    begin("folder-away");
    std::error_code error;
    fs::remove_all(registry_of("test").parent_path(), error);
}

void Acts::fill_folder() {
    begin("folder-full", 3.0);
    const fs::path filler = stage_.runtime() / "filler";
    fill(filler);
    deeds_.back().name += " " + signal_one(1, 4, SIGKILL);
    pause_for(1.5);
    fs::remove(filler);
    end();
}

void Acts::stop_log() {
    begin("log-stuck");
    stage_.reader().signal(SIGSTOP);
    flood_packets();
    pause_for(1.0);
    stage_.reader().signal(SIGCONT);
    end();
}

/// The oldest recordings go first, then the recording ends, the mix never; with room again it can be started.
void Acts::fill_disk() {
    begin("disk-full");
    const fs::path filler = stage_.recordings() / "filler";
    const bool stopped = eventually(
        [&] {
            fill(filler);
            pause_for(0.2);
            return stage_.records_nothing();
        },
        Deadline{30'000});
    check(stopped, "the recording went on though its disk was full");
    fs::remove(filler);
    const auto begun = stage_.osc.request(front_door, at::mixer_record_start, {stage_.recording_name()});
    check(begun && begun->is_reply_to(at::mixer_record_start),
          "no recording began though there was room again: " + (begun ? begun->shown() : string{"no answer"}));
    end();
}

void Acts::stop_icecast() {
    begin("icecast-away");
    stage_.icecast()->kill_hard();
    pause_for(between(3.0, 8.0));
    stage_.icecast()->start();
    check(eventually([&] { return stage_.streams(); }, Deadline{15'000}), "the stream did not come back");
    end();
}

}  // namespace crowdjack::test::chaos
