// SPDX-License-Identifier: GPL-3.0-or-later
// The whole suite on a private server, as crowdjack-session starts it, and a stranger who plays it and listens.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack::test {

/// A JACK server and a running session with decks A, B …, mixer-bus and follower, the real-time trap armed in each.
class Stage {
public:
    struct Settings {
        std::uint32_t period{128};
        std::vector<std::string> decks{"A", "B"};
        bool follower{true};
        double capture_seconds{60.0};
        bool trap{true};  ///< the real-time trap in each client; costs a little
    };

    Stage();
    /// Returns when every client is in the registry and every connection made.
    explicit Stage(Settings settings);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] JackServer& server() noexcept { return server_; }
    [[nodiscard]] Process& session() noexcept { return *session_; }
    [[nodiscard]] OscClient& osc() noexcept { return osc_; }
    /// Hears the master on channels 0 and 1, deck A on 2, deck B on 3 (left).
    [[nodiscard]] Capture& ears() noexcept { return *ears_; }
    /// For the test's files; a music folder of every deck.
    [[nodiscard]] const TemporaryFolder& folder() const noexcept { return folder_; }

    [[nodiscard]] const std::string& front_door() const noexcept { return front_door_; }
    [[nodiscard]] std::string client_url(const std::string& client) const;
    [[nodiscard]] std::string deck(const std::string& letter) const { return client_url("deck-" + letter); }
    [[nodiscard]] std::string mixer() const { return client_url("mixer-bus"); }
    [[nodiscard]] pid_t client_pid(const std::string& client) const;

    /// Sends a command and waits for its answer, whatever it is. @throws std::runtime_error when none comes
    OscReceived ask(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments = {});
    /// The same, and insists that it is no error.
    OscReceived done(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments = {});

    /// Whether the trap sprang in any client since the start (their output is in the session's).
    [[nodiscard]] bool trap_sprang() const;

private:
    void write_session_file() const;

    Settings settings_;
    TemporaryFolder folder_;
    JackServer server_;
    std::unique_ptr<Process> session_;
    OscClient osc_;
    std::string front_door_;
    std::unique_ptr<Capture> ears_;
};

/// The frame an answer's argument names, near the ears' clock.
[[nodiscard]] std::int64_t frame_argument(const OscReceived& message, std::size_t i);

}  // namespace crowdjack::test
