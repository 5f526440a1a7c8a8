// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/cost_rounds.hpp"

#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <stdexcept>

namespace crowdjack::test {

std::vector<double> loads(const JackServer& server, const std::vector<pid_t>& processes, double seconds) {
    std::vector<double> before;
    for (const auto process : processes) {
        before.push_back(cpu_seconds_of(process));
    }
    const auto begin = server.frame();
    if (!server.wait_for_frame(begin + static_cast<std::uint32_t>(seconds * server.rate()), Deadline{90'000})) {
        throw std::runtime_error{"the server's clock stands still"};
    }
    const double passed = static_cast<double>(server.frame() - begin) / server.rate();
    std::vector<double> used;
    for (std::size_t i = 0; i < processes.size(); ++i) {
        used.push_back((cpu_seconds_of(processes[i]) - before[i]) / passed);
    }
    return used;
}

std::string in_percent(double load) { return shown(load * 100.0) + " %"; }

std::vector<pid_t> processes_of(const Crowd& crowd) {
    std::vector<pid_t> processes;
    for (const auto& client : crowd) {
        processes.push_back(client->pid());
    }
    return processes;
}

namespace {

std::unique_ptr<Process> start_idler(const JackServer& server, const std::string& name, int outputs, int inputs) {
    return std::make_unique<Process>(
        std::vector<std::string>{(build_folder() / "tests" / "bench" / "idle_client").string(), server.name(), name,
                                 std::to_string(outputs), std::to_string(inputs)});
}

void wait_for_outputs(const JackServer& server, const std::string& name, int outputs) {
    if (!server.wait_for_port(name + ":out_" + std::to_string(outputs))) {
        throw std::runtime_error{"the do-nothing client " + name + " does not come"};
    }
}

}  // namespace

Crowd start_idlers(const JackServer& server, int count, const std::string& name) {
    Crowd crowd;
    for (int i = 0; i < count; ++i) {
        crowd.push_back(start_idler(server, name + std::to_string(i), 2, 0));
    }
    for (int i = 0; i < count; ++i) {
        wait_for_outputs(server, name + std::to_string(i), 2);
    }
    return crowd;
}

IdleSet::IdleSet(const JackServer& server, int decks) : clients_{start_idlers(server, decks, "source")} {
    clients_.push_back(start_idler(server, "sum", 4, 10));
    clients_.push_back(start_idler(server, "leader", 1, 0));
    clients_.push_back(start_idler(server, "keeper", 1, 0));
    wait_for_outputs(server, "sum", 4);
    wait_for_outputs(server, "leader", 1);
    wait_for_outputs(server, "keeper", 1);
    for (int i = 0; i < decks; ++i) {
        for (int side = 1; side <= 2; ++side) {
            server.connect("source" + std::to_string(i) + ":out_" + std::to_string(side),
                           "sum:in_" + std::to_string(2 * i + side));
        }
    }
    for (const std::string side : {"1", "2"}) {
        server.connect("sum:out_" + side, "system:playback_" + side);
    }
}

std::unique_ptr<Process> start_deck(const JackServer& server, const std::string& letter,
                                    const TemporaryFolder& folder) {
    auto deck =
        std::make_unique<Process>(std::vector<std::string>{program_path("crowdjack-deck"), "--name", letter, "--server",
                                                           server.name(), "--music-dir", folder.path().string()});
    (void)wait_for_client(server.name(), "deck-" + letter);
    return deck;
}

void play(OscClient& osc, const JackServer& server, const std::string& letter, const std::string& file) {
    const auto url = wait_for_client(server.name(), "deck-" + letter);
    for (const auto& [command, arguments] :
         {std::pair{at::deck_cue, std::vector<OscValue>{file}}, std::pair{at::deck_start, std::vector<OscValue>{}}}) {
        const auto answer = osc.request(url, command, arguments);
        if (!answer || answer->address != at::reply) {
            throw std::runtime_error{answer ? answer->shown() : std::string{"no answer to "} + command};
        }
    }
}

void write_track(const TemporaryFolder& folder, const char* name, int rate, double seconds) {
    write_audio(folder / name, as_channels(click_track(120.0, seconds, rate), 2), 2, rate, SampleFormat::pcm16);
}

Witness::Witness(std::uint32_t period)
    : server_{{"jackd", "-n", "witness", "-R", "-d", "dummy", "-r", "48000", "-p", std::to_string(period)}},
      client_{{(build_folder() / "tests" / "bench" / "witness_client").string(), "witness"}} {
    if (!client_.wait_for_line("skipped ")) {
        throw std::runtime_error{"no witness: " + server_.output() + client_.output()};
    }
    before_ = total();
}

std::int64_t Witness::total() const {
    const auto lines = client_.lines();
    return std::stoll(lines.back().substr(lines.back().rfind(' ')));
}

std::int64_t Witness::skipped() {
    const auto now = total();
    return now - std::exchange(before_, now);
}

std::int64_t skipped_frames(const Capture& capture, std::int64_t from) {
    std::int64_t skipped = 0;
    for (const auto& gap : capture.gaps()) {
        skipped += gap.came > from ? gap.came - gap.expected : 0;
    }
    return skipped;
}

std::string Pairs::text() const {
    return shown(ratio()) + " (median of " + std::to_string(ratios_.size()) + " pairs, " +
           shown(percentile(ratios_, 0.0)) + "…" + shown(percentile(ratios_, 1.0)) + "; " + in_percent(measured()) +
           " ÷ " + in_percent(floor()) + ")";
}

}  // namespace crowdjack::test
