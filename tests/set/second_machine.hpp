// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack::test {

/// What happens to each packet of a cable, in either direction.
struct Cable {
    double delay_ms{0.0}, jitter_ms{0.0};  ///< delay_ms to delay_ms + jitter_ms, in order
    double loss_percent{0.0};
    [[nodiscard]] bool ideal() const { return delay_ms == 0.0 && jitter_ms == 0.0 && loss_percent == 0.0; }
};

/// What several other machines are plugged into, and this one (10.0.0.1).
class Switch {
public:
    /// @throws std::runtime_error when it can't be made
    Switch();
    ~Switch();
    Switch(const Switch&) = delete;
    Switch& operator=(const Switch&) = delete;
};

/// Another machine on a cable to this one (10.0.0.2 there, 10.0.0.1 here), as namespaces: it shares neither network nor
/// JACK's shared memory nor the registry with us, only the clock.
///
/// Only inside tests/support/isolated. The machine and whatever runs on it ends with its processes' scopes.
class SecondMachine {
public:
    /// Why there can be none on this system; nothing when there can.
    [[nodiscard]] static std::optional<std::string> missing();

    /// @throws std::runtime_error when it can't be made
    explicit SecondMachine(const Cable& quality = {});
    /// 10.0.0.NUMBER (2 to 9), on an ideal cable to a switch that outlives it.
    SecondMachine(const Switch& plugged_into, int number);
    ~SecondMachine();
    SecondMachine(const SecondMachine&) = delete;
    SecondMachine& operator=(const SecondMachine&) = delete;

    static constexpr const char* our_address = "10.0.0.1";
    [[nodiscard]] const std::string& its_address() const noexcept { return its_address_; }

    /// The command as it must be started here to run there, and the options that go with it.
    [[nodiscard]] std::vector<std::string> there(std::vector<std::string> command) const;
    [[nodiscard]] Process::Options surroundings() const;
    /// Runs a command there to its end. @throws std::runtime_error with what it printed when it fails
    void run(const std::vector<std::string>& command) const;

private:
    void wait_until_made();
    void connect_ends() const;
    void join_network_there() const;

    TemporaryFolder folder_;
    std::string its_address_{"10.0.0.2"};
    std::string our_end_;  ///< the interface here
    Process machine_;
    std::optional<Process> slow_cable_;
};

/// Runs a command here to its end. @returns what it printed @throws std::runtime_error with it when the command fails
std::string run_here(const std::vector<std::string>& command, const Process::Options& options = {});

}  // namespace crowdjack::test
