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

SecondMachine::SecondMachine(const Cable& quality) : machine_{machine_command()} {
    if (!machine_.wait_for_line("machine-ready")) {
        throw std::runtime_error{"no second network namespace: " + machine_.output()};
    }
    const auto pid = std::to_string(machine_.pid());
    if (quality.ideal()) {
        run_here({"ip", "link", "add", cable, "type", "veth", "peer", "name", cable, "netns", pid});
    } else {
        slow_cable_.emplace(std::vector<std::string>{CROWDJACK_SLOW_CABLE, pid, cable, std::to_string(quality.delay_ms),
                                                     std::to_string(quality.jitter_ms),
                                                     std::to_string(quality.loss_percent)});
        if (!slow_cable_->wait_for_line("cable-ready")) {
            throw std::runtime_error{"no slow cable: " + slow_cable_->output()};
        }
    }
    run_here({"ip", "address", "add", std::string{our_address} + "/24", "dev", cable});
    run_here({"ip", "link", "set", cable, "up"});
    // As every machine on a network has: without a route for multicast JACK's netmanager never lets go of a dead peer.
    run_here({"ip", "route", "add", "default", "dev", cable});
    run({"ip", "address", "add", std::string{its_address} + "/24", "dev", cable});
    run({"ip", "link", "set", cable, "up"});
    run({"ip", "route", "add", "default", "dev", cable});
}

SecondMachine::~SecondMachine() {
    // At once and not whenever the kernel gets to it, so that the next machine finds the cable's name free.
    if (!slow_cable_) {
        Process{{"ip", "link", "delete", cable}}.wait();
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
