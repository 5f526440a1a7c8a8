// SPDX-License-Identifier: GPL-3.0-or-later
// Eight decks on each of one, two and four other machines, all started as one group: from the common frame, what the
// links lose, and what all of it costs the two processors that stand for all the machines here.
//
// usage: four_machines [SECONDS]   (for which each is listened to, 10 by default)
#include "tests/set/second_machine.hpp"
#include "tests/set/two_machines.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crowdjack::test;

namespace {

const std::string front_door{"osc.udp://127.0.0.1:57120/"};
constexpr int decks_each = 8;
constexpr int letters = 26;      ///< the front door knows decks by one
constexpr int first_number = 2;  ///< of the other machines: 10.0.0.2
constexpr std::int64_t rate = 48'000;

/// One of the other machines, its session, and the names by which its decks are known here.
class Far {
public:
    Far(const Switch& plugged_into, int number, const std::filesystem::path& folder)
        : machine_{plugged_into, number}, number_{number} {
        const auto file = folder / (link() + ".toml");
        std::ofstream{file} << text(folder);
        session_ = std::make_unique<Process>(machine_.there({program_path("crowdjack-session"), "run", file.string()}),
                                             machine_.surroundings());
    }

    [[nodiscard]] std::string link() const { return "booth" + std::to_string(number_); }
    /// Plain name of its deck `i` (from 0), the same here and there: a letter for as long as there are any.
    [[nodiscard]] std::string deck(int i) const {
        const int index = (number_ - first_number) * decks_each + i;
        return index < letters ? std::string(1, static_cast<char>('A' + index))
                               : "past-Z-" + std::to_string(index - letters + 1);
    }
    [[nodiscard]] std::string port(int i) const { return link() + ":from_slave_" + std::to_string(2 * i + 1); }
    [[nodiscard]] std::string url(int i) const {
        return "osc.udp://" + machine_.its_address() + ":" + std::to_string(9001 + i) + "/";
    }
    [[nodiscard]] Process& session() { return *session_; }

private:
    [[nodiscard]] std::string text(const std::filesystem::path& music) const {
        std::string clients;
        std::string patch;
        for (int i = 0; i < decks_each; ++i) {
            clients += "[[client]]\nname = \"deck-" + deck(i) + "\"\nrun = [\"crowdjack-deck\", \"--name\", \"" +
                       deck(i) + R"(", "--osc-bind", ")" + machine_.its_address() + R"(", "--osc-port", ")" +
                       std::to_string(9001 + i) + R"(", "--music-dir", ")" + music.string() + "\"]\n\n";
            patch += "  \"deck-" + deck(i) + ":out_l -> system:playback_" + std::to_string(2 * i + 1) +
                     "\",\n  \"deck-" + deck(i) + ":out_r -> system:playback_" + std::to_string(2 * i + 2) + "\",\n";
        }
        return "[jack]\nserver = \"default\"\nautostart = true\ndriver = \"net\"\noptions = [\"-a\", \"" +
               std::string{SecondMachine::our_address} + "\", \"-C\", \"2\", \"-P\", \"" +
               std::to_string(2 * decks_each) + "\", \"-n\", \"" + link() + "\"]\n\n[osc]\nports = [57120, 57122]\n\n" +
               clients + "[patch]\nconnect = [\n" + patch + "]\n";
    }

    SecondMachine machine_;
    int number_;
    std::unique_ptr<Process> session_;
};

/// The mixer's machine: two decks on each of up to sixteen strips.
std::string text_here(const std::vector<std::unique_ptr<Far>>& machines) {
    std::string strips;
    std::string clients;
    std::string patch;
    int count = 0;
    for (const auto& machine : machines) {
        for (int i = 0; i < decks_each; ++i, ++count) {
            const auto strip = "S" + std::to_string(count / 2 + 1);
            strips += count % 2 == 0 ? (count > 0 ? "," : "") + strip : "";
            clients += "[[client]]\nname = \"deck-" + machine->deck(i) + "\"\nurl = \"" + machine->url(i) +
                       "\"\nvia = \"" + machine->link() + "\"\n\n";
            for (const int side : {0, 1}) {
                patch += "  \"" + machine->link() + ":from_slave_" + std::to_string(2 * i + side + 1) +
                         " -> mixer-bus:" + strip + (side == 0 ? "_l" : "_r") + "\",\n";
            }
        }
    }
    return "[jack]\nserver = \"default\"\nautostart = true\ndriver = \"dummy\"\nrate = 48000\nperiod = 256\n"
           "internal = [\"netmanager\"]\n\n[osc]\nports = [57120, 57122]\n\n[[client]]\nname = \"mixer-bus\"\n"
           "run = [\"crowdjack-mixer-bus\", \"--strips\", \"" +
           strips + "\"]\n\n" + clients + "[patch]\nconnect = [\n" + patch + "]\n";
}

/// CPU seconds used so far by everything in this private world.
double cpu_of_everything() {
    double ticks = 0.0;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const std::string stat = text_of(entry.path() / "stat");
        const auto name_end = stat.rfind(')');
        if (name_end == std::string::npos) {
            continue;
        }
        char state{};
        long long skipped{};
        double user{};
        double system{};
        // state, then ten fields, then utime and stime
        if (std::sscanf(stat.c_str() + name_end + 1, " %c %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld %lf %lf",
                        &state, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped,
                        &skipped, &skipped, &user, &system) == 13) {
            ticks += user + system;
        }
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::ptrdiff_t clocks_known(const Process& session) {
    return std::ranges::count_if(session.lines(), [](const std::string& line) {
        return line.find(" remote-clock-known ") != std::string::npos;
    });
}

/// @throws std::runtime_error when the decks do not come
void measure(int count, double seconds) {
    const TemporaryFolder folder;
    write_position_coded(folder / "a.wav", 120 * rate, static_cast<int>(rate), SampleFormat::pcm24,
                         CodedChannels::left_only);
    const Switch hub;
    std::vector<std::unique_ptr<Far>> machines;
    for (int i = 0; i < count; ++i) {
        machines.push_back(std::make_unique<Far>(hub, i + first_number, folder.path()));
    }
    std::ofstream{folder / "here.toml"} << text_here(machines);
    Process::Options options;
    options.folder = folder.path();
    Process here{{program_path("crowdjack-session"), "run", "here.toml", "--osc-bind", "0.0.0.0"}, options};
    const int decks = count * decks_each;
    const auto said = [&] {
        std::string all = "here:\n" + here.output();
        for (const auto& machine : machines) {
            all += machine->link() + ":\n" + machine->session().output();
        }
        return all;
    };
    if (!eventually([&] { return clocks_known(here) >= decks; }, Deadline{60'000})) {
        throw std::runtime_error{"only " + std::to_string(clocks_known(here)) + " clocks are known; " + said()};
    }

    auto ears = std::make_unique<Capture>(
        "default",
        Capture::Settings{.name = "ears", .channels = static_cast<std::size_t>(decks), .seconds = seconds + 15.0});
    OscClient osc;
    const auto done = [&](const std::string& url, const std::string& command, const std::vector<OscValue>& arguments) {
        const auto reply = osc.request(url, command, arguments);
        if (!reply || !reply->is_reply_to(command)) {
            throw std::runtime_error{command + ": " + (reply ? reply->shown() : "no answer") + "; " + said()};
        }
        return *reply;
    };
    const auto track = (folder / "a.wav").string();
    std::vector<OscValue> group{1.0};
    std::vector<std::string> alone;  // decks past Z, by their addresses
    std::size_t channel = 0;
    for (const auto& machine : machines) {
        for (int i = 0; i < decks_each; ++i) {
            ears->listen_to(machine->port(i), channel++);
            if (machine->deck(i).size() == 1) {
                done(front_door, at::cue, {machine->deck(i), track});
                group.emplace_back(machine->deck(i));
            } else {
                done(machine->url(i), at::deck_cue, {track, 0.0});
                alone.push_back(machine->url(i));
            }
        }
    }
    const auto reply = done(front_door, at::start_group, group);
    for (const auto& deck : alone) {
        done(deck, at::deck_start, {});
    }
    const auto start =
        static_cast<std::int64_t>(static_cast<std::uint32_t>(static_cast<std::int64_t>(reply.number(1))));
    const double cpu_before = cpu_of_everything();
    const auto from = *ears->end_frame();
    (void)ears->wait_until(start + static_cast<std::int64_t>(seconds * static_cast<double>(rate)));
    const double cpu = cpu_of_everything() - cpu_before;
    const auto listened = *ears->end_frame() - from;

    int heard_decks = 0;
    std::int64_t worst = 0;
    std::int64_t lost = 0;
    const auto in_group = std::min(decks, letters);
    for (int i = 0; i < decks; ++i) {
        const auto heard = listen(*ears, static_cast<std::size_t>(i), start - rate);
        heard_decks += heard.first >= 0 ? 1 : 0;
        if (i < in_group && heard.first >= 0 && std::abs(heard.first - start) > std::abs(worst)) {
            worst = heard.first - start;
        }
        lost += heard.lost;
    }
    std::int64_t skipped = 0;
    for (auto frame = start; frame < *ears->end_frame(); ++frame) {
        skipped += ears->sample(0, frame) ? 0 : 1;
    }
    print_figure("T1",
                 std::to_string(count) + " other machines with 8 decks each (NetJACK2, -l 5, 256 frames), " +
                     std::to_string(in_group) +
                     " decks in one group: heard; the furthest of the group from the common frame; samples "
                     "lost in " +
                     shown(seconds) + " s of all; frames this machine's clock skipped; CPU of everything",
                 std::to_string(heard_decks) + " of " + std::to_string(decks) + "; " + std::to_string(worst) + "; " +
                     std::to_string(lost) + "; " + std::to_string(skipped) + "; " +
                     shown(100.0 * cpu * static_cast<double>(rate) / static_cast<double>(listened)) +
                     " % of one processor",
                 "all; ≤ 48 frames; stated", heard_decks == decks && std::abs(worst) <= rate / 1000);
    // The links first: their ports would keep the server here running.
    for (const auto& machine : machines) {
        machine->session().terminate(Deadline{10'000});
    }
    (void)eventually([] { return run_here({"jack_lsp"}).find(":to_slave_") == std::string::npos; }, Deadline{5000});
    ears.reset();
    here.terminate(Deadline{10'000});
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 10.0;
    bool all = true;
    for (const int machines : {1, 2, 4}) {
        try {
            measure(machines, seconds);
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%d machines: %s\n", machines, failure.what());
            all = false;
        }
    }
    return all ? 0 : 1;
}
