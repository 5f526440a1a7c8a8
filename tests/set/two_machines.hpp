// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/set/second_machine.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack::test {

/// network.toml here and booth.toml on the other machine, the two example files as they stand, patched through. A and C
/// sound on the left and the right of the master alone.
class TwoMachines {
public:
    /// @throws std::runtime_error when they are not patched through
    explicit TwoMachines(const Cable& cable = {});
    ~TwoMachines();
    TwoMachines(const TwoMachines&) = delete;
    TwoMachines& operator=(const TwoMachines&) = delete;

    /// Hears the master on channels 0 and 1, deck A (left) on 2, what comes from the other machine (left) on 3.
    [[nodiscard]] Capture& ears() noexcept { return *ears_; }
    [[nodiscard]] const SecondMachine& machine() const noexcept { return machine_; }
    [[nodiscard]] OscClient& osc() noexcept { return osc_; }
    [[nodiscard]] Process& here() noexcept { return *here_; }
    [[nodiscard]] Process& there() noexcept { return *there_; }

    /// @throws std::runtime_error when the command is not done
    OscReceived done(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments);
    /// Whether the session here has found out so many times where the other machine's frames lie.
    [[nodiscard]] bool clock_is_known(std::ptrdiff_t times = 1);
    /// Both decks from the start of their files. @returns the frame on which A starts
    std::int64_t start_both();
    /// Ejects both, and waits until the link holds nothing back.
    void stop_both();

    static constexpr std::int64_t master_delay = 64;  ///< the limiter's look-ahead
    static constexpr const char* remote_deck = "osc.udp://10.0.0.2:9003/";

private:
    void start_here();
    void start_there();
    [[nodiscard]] std::string track(const std::string& name) const { return (folder_ / name).string(); }
    [[nodiscard]] bool has_port(const std::string& port) const;
    [[nodiscard]] bool connected(const std::string& from, const std::string& to) const;

    TemporaryFolder folder_;
    SecondMachine machine_;
    OscClient osc_;
    std::unique_ptr<Process> here_;
    std::unique_ptr<Process> there_;
    jack_client_t* observer_{nullptr};
    std::unique_ptr<Capture> ears_;
};

/// What a coded channel of the ears brought from a frame on.
struct Heard {
    std::int64_t first{-1};  ///< the first frame with sound; -1: none yet
    std::int64_t run{};      ///< latest frames in which every sample was its file's next
    std::int64_t best{};     ///< the longest such run
    std::int64_t lost{};     ///< frames after the first that did not bring the next sample
    std::int64_t foreign{};  ///< samples that are neither silence nor any of the file's
};

/// Of a channel, from a frame on.
[[nodiscard]] Heard listen(const Capture& ears, std::size_t channel, std::int64_t from);

/// Waits until the channel brought so many samples in a row, each the file's next. @returns what it brought by then
Heard wait_for_run(const Capture& ears, std::size_t channel, std::int64_t from, std::int64_t frames);

}  // namespace crowdjack::test
