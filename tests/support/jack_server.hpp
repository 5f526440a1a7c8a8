// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/process.hpp"

#include <jack/jack.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::test {

/// A JACK server of the test's own on the dummy driver, reachable when the constructor returns, gone after the scope.
///
/// Only inside tests/support/isolated, so that it never meets another server.
class JackServer {
public:
    struct Settings {
        std::uint32_t rate{48000};
        std::uint32_t period{128};
        std::string name{"test"};
    };

    JackServer();
    /// @throws std::runtime_error when it is not reachable within the deadline, or the world is not isolated
    explicit JackServer(Settings settings);
    ~JackServer();
    JackServer(const JackServer&) = delete;
    JackServer& operator=(const JackServer&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return settings_.name; }
    [[nodiscard]] std::uint32_t rate() const noexcept { return settings_.rate; }
    [[nodiscard]] std::uint32_t period() const noexcept { return settings_.period; }

    /// kill -9.
    void kill_hard();
    /// Starts it again (also after kill_hard), perhaps in another format.
    void restart();
    void restart(Settings settings);

    /// As fast as the clients can; frames go on counting.
    void freewheel(bool on);
    /// While it runs.
    void set_period(std::uint32_t frames);

    /// First frame of the latest cycle, as the server's clock has it.
    [[nodiscard]] std::uint32_t frame() const;
    /// Waits until the server's clock passed `frame`.
    [[nodiscard]] bool wait_for_frame(std::uint32_t frame, Deadline deadline = patient) const;

    /// Full names of the ports that exist (`pattern` is a regular expression as in jack_get_ports).
    [[nodiscard]] std::vector<std::string> ports(const std::string& pattern = "") const;
    [[nodiscard]] bool has_port(const std::string& port) const;
    [[nodiscard]] bool wait_for_port(const std::string& port, Deadline deadline = patient) const;
    /// Waits until both are there and active. @throws std::runtime_error when that takes 20 s
    void connect(const std::string& from, const std::string& to) const;
    void disconnect(const std::string& from, const std::string& to) const;
    [[nodiscard]] bool connected(const std::string& from, const std::string& to) const;

    [[nodiscard]] jack_client_t* observer() const noexcept { return observer_; }
    [[nodiscard]] Process& process() noexcept { return *process_; }

private:
    void start();
    void close_observer();

    Settings settings_;
    std::unique_ptr<Process> process_;
    jack_client_t* observer_{nullptr};
};

/// Opens a client of `server`, quietly. @throws std::runtime_error naming both
[[nodiscard]] jack_client_t* open_client(const std::string& server, const std::string& name);

/// Closes what open_client() opened; null is fine. Should libjack hang in it, this process is done (jack_hang.hpp).
void close_client(jack_client_t* client);

}  // namespace crowdjack::test
