// SPDX-License-Identifier: GPL-3.0-or-later
// C3: what mixing costs: the process callback alone, and whole clients side by side on one server.
//
// usage: mixer_cost   (mixer_cost idle SERVER: the do-nothing client with the mixer's ports)
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/figures.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double listening_seconds = 10.0;
constexpr std::array strips{"A", "B", "C", "D"};

/// µs of CPU per call of the core's process(), in order of size.
std::vector<double> callback_times(bool eq, std::size_t period) {
    BenchMixer bench{4};
    for (unsigned strip = 0; strip < 4; ++strip) {
        const auto place = std::size_t{strip};
        bench.feed(place, noise(48000, 2 * strip), noise(48000, 2 * strip + 1));
        if (eq) {
            bench.mixer.parameters()[ParameterId{place, StripParameter::low}].reset(0.5F);
        }
    }
    std::vector<double> times;
    for (std::size_t at = 0; at + period <= 48000; at += period) {
        timespec begin{};
        timespec end{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        (void)bench.play(period, period);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        times.push_back(static_cast<double>(end.tv_sec - begin.tv_sec) * 1e6 +
                        static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-3);
    }
    return times;
}

void measure_callback() {
    for (const std::size_t period : {64U, 128U}) {
        for (const bool eq : {false, true}) {
            const auto times = callback_times(eq, period);
            print_figure("C3",
                         std::string{"mixer core, 4 strips, EQ "} + (eq ? "on, " : "off, ") + std::to_string(period) +
                             " frames, µs per cycle: median, worst",
                         shown(median(times)) + ", " + shown(percentile(times, 1.0)), "stated", true);
        }
    }
}

/// A mixer of someone else, if it is installed.
struct Peer {
    const char* name;
    std::vector<std::string> command;
    std::string inputs;  ///< pattern of its eight input ports
};

std::vector<Peer> peers(std::uint32_t period) {
    const auto ecasound = [&](const char* name, const std::string& chain) {
        // Each input a device of its own, so that they have ports of their own; summed into one output.
        std::string command = "exec ecasound -q -D -G:jack," + std::string{name} +
                              ",notransport -b:" + std::to_string(period) + " -f:f32_le,2,48000";
        for (int i = 1; i <= 4; ++i) {
            command += " -a:" + std::to_string(i) + " -i:jack,," + "in" + std::to_string(i) + chain;
        }
        command += " -a:all -o:jack,,out </dev/null";
        return std::vector<std::string>{"sh", "-c", command};
    };
    return {{"jack_mix_box (no EQ)", {"jack_mix_box", "-n", "mixbox", "-s", "1", "2", "3", "4"}, "mixbox:Channel.*"},
            {"ecasound, sum only", ecasound("ecasum", ""), "ecasum:in.*"},
            {"ecasound, three biquads a strip", ecasound("ecabi", " -efr:100,50 -efr:1000,500 -efr:8000,4000"),
             "ecabi:in.*"}};
}

class Contest {
public:
    explicit Contest(std::uint32_t period)
        : server_{{.rate = 48000, .period = period}},
          source_{server_.name(), "source", 0, 8, [](const JackProbe::Cycle& cycle) {
                      for (auto* const out : cycle.outputs) {
                          for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                              out[i] = 0.1F * static_cast<float>((i * 7919U + 104729U) % 257U) / 257.0F;
                          }
                      }
                  }} {}

    JackServer& server() { return server_; }

    Process& start(std::vector<std::string> command, const std::vector<std::string>& inputs) {
        running_.push_back(std::make_unique<Process>(std::move(command)));
        for (std::size_t i = 0; i < inputs.size() && i < 8; ++i) {
            if (!server_.wait_for_port(inputs[i])) {
                throw std::runtime_error{"no port " + inputs[i] + ": " + running_.back()->output()};
            }
            // Its ports are there a moment before it is active, and can be patched.
            const bool patched = eventually([&] {
                try {
                    source_.connect(source_.output(i), inputs[i]);
                } catch (const std::runtime_error&) {
                    return false;
                }
                return true;
            });
            if (!patched) {
                throw std::runtime_error{"cannot patch " + inputs[i] + ": " + running_.back()->output()};
            }
        }
        return *running_.back();
    }

    /// µs of CPU per cycle of each process over the same seconds.
    std::vector<double> cost(const std::vector<Process*>& clients) {
        std::vector<double> before;
        for (const auto* client : clients) {
            before.push_back(client->cpu_seconds());
        }
        const auto begin = server_.frame();
        (void)server_.wait_for_frame(begin + static_cast<std::uint32_t>(listening_seconds * server_.rate()),
                                     Deadline{60'000});
        const double cycles = static_cast<double>(server_.frame() - begin) / server_.period();
        std::vector<double> used;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            used.push_back((clients[i]->cpu_seconds() - before[i]) * 1e6 / cycles);
        }
        return used;
    }

private:
    JackServer server_;
    JackProbe source_;
    std::vector<std::unique_ptr<Process>> running_;
};

std::vector<std::string> strip_inputs(const std::string& client) {
    std::vector<std::string> inputs;
    for (const char* strip : strips) {
        inputs.push_back(client + ":" + strip + "_l");
        inputs.push_back(client + ":" + strip + "_r");
    }
    return inputs;
}

std::vector<std::string> mixer_command(const std::string& server, const std::string& name) {
    return {program_path("crowdjack-mixer-bus"), "--server", server, "--client-name", name, "--log-level", "error"};
}

void measure_against_idle(const char* self, std::uint32_t period) {
    Contest contest{period};
    const std::string server = contest.server().name();
    std::vector<std::string> idle_inputs;
    for (int i = 1; i <= 8; ++i) {
        idle_inputs.push_back("idle:in_" + std::to_string(i));
    }
    Process& idle = contest.start({self, "idle", server}, idle_inputs);
    Process& off = contest.start(mixer_command(server, "mix-off"), strip_inputs("mix-off"));
    Process& on = contest.start(mixer_command(server, "mix-on"), strip_inputs("mix-on"));
    OscClient osc;
    const std::string url = wait_for_client(server, "mix-on");
    for (const char* strip : strips) {
        if (!osc.request(url, at::mixer_eq_all, {strip, 20.0F, 40.0F, 30.0F})) {
            throw std::runtime_error{"the mixer does not answer"};
        }
    }
    const auto used = contest.cost({&idle, &off, &on});
    const std::string frames = std::to_string(period) + " frames";
    const std::string detail =
        " (" + shown(used[2]) + " µs per cycle; EQ off " + shown(used[1]) + ", do-nothing " + shown(used[0]) + ")";
    print_figure("C3", "mixer, 4 strips, EQ on ÷ do-nothing client with its ports, " + frames,
                 shown(used[2] / used[0]) + detail, period == 128 ? "≤ 2" : "stated",
                 period != 128 || used[2] / used[0] <= 2.0);
    print_figure("C3", "mixer, EQ on ÷ EQ off, " + frames, shown(used[2] / used[1]), period == 128 ? "≤ 1.5" : "stated",
                 period != 128 || used[2] / used[1] <= 1.5);
}

void measure_peers(std::uint32_t period) {
    for (const auto& peer : peers(period)) {
        const std::string program = peer.command[0] == "sh" ? "ecasound" : peer.command[0];
        if (std::system(("command -v " + program + " >/dev/null").c_str()) != 0) {
            std::printf("%s is not installed\n", program.c_str());
            continue;
        }
        // ecasound and jack_mix_box know only the default server.
        setenv("JACK_DEFAULT_SERVER", "test", 1);
        Contest contest{period};
        Process& other = contest.start(peer.command, {});
        if (!eventually([&] { return contest.server().ports(peer.inputs).size() >= 8; }, Deadline{5000})) {
            std::printf("%s does not run here: %s\n", peer.name, other.output().c_str());
            continue;
        }
        Process& on = contest.start(mixer_command(contest.server().name(), "mix-on"), strip_inputs("mix-on"));
        OscClient osc;
        const std::string url = wait_for_client(contest.server().name(), "mix-on");
        for (const char* strip : strips) {
            (void)osc.request(url, at::mixer_eq_all, {strip, 20.0F, 40.0F, 30.0F});
        }
        const auto ports = contest.server().ports(peer.inputs);
        for (std::size_t i = 0; i < 8; ++i) {
            contest.server().connect("source:out_" + std::to_string(i + 1), ports[i]);
        }
        const auto used = contest.cost({&other, &on});
        const bool bound = std::string{peer.name}.find("biquads") != std::string::npos;
        print_figure("C3", std::string{"mixer, EQ on, beside "} + peer.name + ", " + std::to_string(period) + " frames",
                     shown(used[1]) + " beside " + shown(used[0]) + " µs per cycle", bound ? "below" : "stated",
                     !bound || used[1] < used[0]);
    }
}

}  // namespace

int main(int count, char** arguments) {
    try {
        if (count == 3 && std::string{arguments[1]} == "idle") {
            const IdleClient idle{arguments[2], "idle", 10, 4};
            pause();
            return 0;
        }
        measure_callback();
        for (const std::uint32_t period : {64U, 128U}) {
            measure_against_idle(arguments[0], period);
        }
        measure_peers(128);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "mixer_cost: %s\n", failure.what());
        return 1;
    }
    return 0;
}
