// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/set/second_machine.hpp"

#include <stdexcept>

namespace crowdjack::test {

namespace {

constexpr const char* cable = "crowd";  ///< the interface's name at both ends

/// Namespaces that last as long as this process.
const std::vector<std::string>& machine_command() {
    static const std::vector<std::string> command{"unshare",
                                                  "--mount",
                                                  "--ipc",
                                                  "--net",
                                                  "sh",
                                                  "-c",
                                                  "mount -t tmpfs -o mode=1777 machine-shm /dev/shm && ip link set lo "
                                                  "up && echo machine-ready && exec sleep infinity"};
    return command;
}

std::string shown(const std::vector<std::string>& command) {
    std::string line;
    for (const auto& word : command) {
        line += (line.empty() ? "" : " ") + word;
    }
    return line;
}

/// As every machine on a network has: without a route for multicast JACK's netmanager never lets go of a dead peer.
std::vector<std::vector<std::string>> joining(const std::string& address) {
    return {{"ip", "address", "add", address + "/24", "dev", cable},
            {"ip", "link", "set", cable, "up"},
            {"ip", "route", "add", "default", "dev", cable}};
}

void join_network_here() {
    for (const auto& command : joining(SecondMachine::our_address)) {
        run_here(command);
    }
}

}  // namespace

std::string run_here(const std::vector<std::string>& command, const Process::Options& options) {
    Process process{command, options};
    const auto code = process.wait();
    if (code != 0) {
        throw std::runtime_error{shown(command) + " failed: " + process.whole_output(Deadline{1000})};
    }
    return process.whole_output(Deadline{1000});
}

std::optional<std::string> SecondMachine::missing() {
    for (const auto* command : {"ip", "nsenter", "unshare", "jackd", "jack_load"}) {
        if (Process{{"sh", "-c", std::string{"command -v "} + command}}.wait() != 0) {
            return std::string{"there is no "} + command + " on PATH";
        }
    }
    try {
        const SecondMachine trial;
        return std::nullopt;
    } catch (const std::runtime_error& failure) {
        return failure.what();
    }
}

Switch::Switch() {
    run_here({"ip", "link", "add", cable, "type", "bridge"});
    join_network_here();
}

Switch::~Switch() { Process{{"ip", "link", "delete", cable}}.wait(); }

SecondMachine::SecondMachine(const Cable& quality) : our_end_{cable}, machine_{machine_command()} {
    wait_until_made();
    if (quality.ideal()) {
        connect_ends();
    } else {
        slow_cable_.emplace(std::vector<std::string>{
            CROWDJACK_SLOW_CABLE, std::to_string(machine_.pid()), cable, std::to_string(quality.delay_ms),
            std::to_string(quality.jitter_ms), std::to_string(quality.loss_percent)});
        if (!slow_cable_->wait_for_line("cable-ready")) {
            throw std::runtime_error{"no slow cable: " + slow_cable_->output()};
        }
    }
    join_network_here();
    join_network_there();
}

SecondMachine::SecondMachine(const Switch& /*plugged_into*/, int number)
    : its_address_{"10.0.0." + std::to_string(number)},
      our_end_{cable + std::to_string(number)},
      machine_{machine_command()} {
    wait_until_made();
    connect_ends();
    run_here({"ip", "link", "set", our_end_, "master", cable});
    run_here({"ip", "link", "set", our_end_, "up"});
    join_network_there();
}

SecondMachine::~SecondMachine() {
    // At once and not whenever the kernel gets to it, so that the next machine finds the cable's name free.
    if (!slow_cable_) {
        Process{{"ip", "link", "delete", our_end_}}.wait();
    }
}

void SecondMachine::wait_until_made() {
    if (!machine_.wait_for_line("machine-ready")) {
        throw std::runtime_error{"no second network namespace: " + machine_.output()};
    }
}

void SecondMachine::connect_ends() const {
    run_here({"ip", "link", "add", our_end_, "type", "veth", "peer", "name", cable, "netns",
              std::to_string(machine_.pid())});
}

void SecondMachine::join_network_there() const {
    for (const auto& command : joining(its_address_)) {
        run(command);
    }
}

std::vector<std::string> SecondMachine::there(std::vector<std::string> command) const {
    const std::vector<std::string> enter{"nsenter", "--target", std::to_string(machine_.pid()), "--mount", "--ipc",
                                         "--net",   "--"};
    command.insert(command.begin(), enter.begin(), enter.end());
    return command;
}

Process::Options SecondMachine::surroundings() const {
    Process::Options options;
    options.environment["XDG_RUNTIME_DIR"] = folder_.path().string();
    return options;
}

void SecondMachine::run(const std::vector<std::string>& command) const { run_here(there(command), surroundings()); }

}  // namespace crowdjack::test
