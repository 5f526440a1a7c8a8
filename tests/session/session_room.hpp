// SPDX-License-Identifier: GPL-3.0-or-later
// A session as a user runs it: a file, the program, and an outsider's eyes, ears and controller.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::test {

inline const std::string front_door{"osc.udp://127.0.0.1:57120/"};

/// What is sent at frame F leaves the master this much later: the limiter's look-ahead.
inline constexpr std::int64_t mixer_latency = 64;

/// Two decks into a mixer, on a dummy server that the session starts. Everything is gone after the scope.
class SessionRoom {
public:
    explicit SessionRoom(int period = 512) {
        std::ofstream{file()} << R"([jack]
server = "test"
autostart = true
driver = "dummy"
period = )" << period << R"(
[osc]
ports = [57120, 57122]
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus"]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A", "--music-dir", ")"
                              << folder.path().string() << R"("]
[[client]]
name = "deck-B"
run = ["crowdjack-deck", "--name", "B", "--music-dir", ")"
                              << folder.path().string() << R"("]
[patch]
connect = [
  "deck-A:out_* -> mixer-bus:A_*",   # the decks
  "deck-B:out_* -> mixer-bus:B_*",
  "mixer-bus:master_l -> system:playback_1",
  "mixer-bus:master_r -> system:playback_2",
]
keep = "wanted"
)";
        start();
    }
    ~SessionRoom() {
        close_observer();
        if (session) {
            (void)session->terminate();
        }
    }
    SessionRoom(const SessionRoom&) = delete;
    SessionRoom& operator=(const SessionRoom&) = delete;

    void start(const std::vector<std::string>& options = {}) {
        std::vector<std::string> command{program_path("crowdjack-session"), "run", file().string()};
        command.insert(command.end(), options.begin(), options.end());
        session = std::make_unique<Process>(command);
    }

    /// Ends the session and begins it again with that much more in its file.
    void start_again_with(const std::string& text) {
        std::ofstream{file(), std::ios::app} << text;
        if (session->terminate() != 0) {
            throw std::runtime_error{"the session did not end well:\n" + session->output()};
        }
        close_observer();
        start();
    }

    [[nodiscard]] std::filesystem::path file() const { return folder / "set.toml"; }

    /// What the session says of its patch: "complete" or "incomplete"; "" when it does not answer.
    [[nodiscard]] std::string patch() {
        const auto state = osc.request(front_door, at::session_state, {}, Deadline{500});
        for (std::size_t i = 0; state && i + 1 < state->arguments.size(); ++i) {
            if (state->text(i) == "patch") {
                return state->text(i + 1);
            }
        }
        return {};
    }
    [[nodiscard]] bool wait_until_whole() {
        return eventually([this] { return patch() == "complete"; });
    }

    /// The outsider's own JACK client; opened anew after the server was away.
    jack_client_t* observer() {
        if (observer_ == nullptr) {
            observer_ = open_client("test", "observer");
        }
        return observer_;
    }
    void close_observer() { close_client(std::exchange(observer_, nullptr)); }
    [[nodiscard]] bool connected(const std::string& from, const std::string& to) {
        const jack_port_t* port = jack_port_by_name(observer(), from.c_str());
        return port != nullptr && jack_port_connected_to(port, to.c_str()) != 0;
    }
    [[nodiscard]] bool all_connected() {
        return connected("deck-A:out_l", "mixer-bus:A_l") && connected("deck-A:out_r", "mixer-bus:A_r") &&
               connected("deck-B:out_l", "mixer-bus:B_l") && connected("deck-B:out_r", "mixer-bus:B_r") &&
               connected("mixer-bus:master_l", "system:playback_1") &&
               connected("mixer-bus:master_r", "system:playback_2");
    }

    /// Waits for the whole patch, as a fresh outsider sees it: right also while the server comes back.
    [[nodiscard]] bool wait_until_connected() {
        return eventually([this] {
            close_observer();
            try {
                return all_connected();
            } catch (const std::runtime_error&) {
                return false;  // no server to ask yet
            }
        });
    }

    /// The pid of a client; 0 while it is not there.
    [[nodiscard]] static pid_t pid_of(const std::string& client) {
        const auto entry = registry_entry("test", client);
        return entry && entry->contains("pid") ? std::stoi(entry->at("pid")) : 0;
    }
    /// The same, waiting until it is there. @throws std::runtime_error when it does not come
    [[nodiscard]] static pid_t living_pid_of(const std::string& client) {
        (void)wait_for_client("test", client);
        return pid_of(client);
    }
    /// Sends a signal to that client. @returns its pid
    static pid_t signal(const std::string& client, int number) {
        const pid_t pid = living_pid_of(client);
        if (pid <= 0 || ::kill(pid, number) != 0) {  // never kill(0): that would be ourselves
            throw std::runtime_error{"cannot signal " + client};
        }
        return pid;
    }
    /// Waits until another process than `before` has entered as that client.
    [[nodiscard]] static bool wait_for_successor(const std::string& client, pid_t before) {
        return eventually([&] { return pid_of(client) != 0 && pid_of(client) != before; });
    }
    /// The pid that the session says it gave its JACK server.
    [[nodiscard]] pid_t server_pid() const {
        pid_t pid = 0;
        for (const std::string& line : session->lines()) {
            if (line.find("jack-server-started pid=") != std::string::npos) {
                pid = std::stoi(line.substr(line.find("pid=") + 4));
            }
        }
        return pid;
    }

    /// A long stereo file that codes its own position, on disk.
    [[nodiscard]] std::string coded_track(const std::string& name, CodedChannels channels, double seconds = 60.0) {
        std::string path = (folder / name).string();
        write_position_coded(path, static_cast<std::int64_t>(seconds * 48000.0), 48000, SampleFormat::pcm24, channels);
        return path;
    }

    std::optional<OscReceived> ask(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        return osc.request(front_door, address, arguments);
    }

    TemporaryFolder folder;
    OscClient osc;
    std::unique_ptr<Process> session;

private:
    jack_client_t* observer_{nullptr};
};

/// Which file frame is heard at JACK frame `frame`, as if the mixer had no latency; nothing in silence or in a gap.
[[nodiscard]] inline std::optional<std::int64_t> heard(const Capture& capture, std::size_t channel,
                                                       std::int64_t frame) {
    const auto sample = capture.sample(channel, frame + mixer_latency);
    return sample ? PositionCode{24}.frame_of(*sample) : std::nullopt;
}

/// The longest stretch of silence (samples of 0 on `channel`) in [from, to), in frames.
[[nodiscard]] inline std::int64_t longest_silence(const Capture& capture, std::size_t channel, std::int64_t from,
                                                  std::int64_t to) {
    std::int64_t longest = 0;
    std::int64_t present = 0;
    for (std::int64_t frame = from; frame < to; ++frame) {
        const bool silent = capture.sample(channel, frame).value_or(0.0F) == 0.0F;
        present = silent ? present + 1 : 0;
        longest = std::max(longest, present);
    }
    return longest;
}

/// The longest stretch of [from, to), in frames, in which nothing of `channel` was heard while `witness` (a client that
/// nothing is patched into) recorded every frame: what somebody in the graph silenced, not what the machine skipped.
[[nodiscard]] inline std::int64_t longest_silence_beside(const Capture& witness, const Capture& capture,
                                                         std::size_t channel, std::int64_t from, std::int64_t to) {
    std::int64_t longest = 0;
    std::int64_t present = 0;
    for (std::int64_t frame = from; frame < to; ++frame) {
        const bool silent = capture.sample(channel, frame).value_or(0.0F) == 0.0F;
        present = silent ? present + (witness.sample(0, frame) ? 1 : 0) : 0;
        longest = std::max(longest, present);
    }
    return longest;
}

/// The first JACK frame from `from` on at which `channel` sounds the coded file in phase with `anchor` (file frame
/// minus JACK frame); nothing when that does not come within the recording.
[[nodiscard]] inline std::optional<std::int64_t> in_phase_from(const Capture& capture, std::size_t channel,
                                                               std::int64_t from, std::int64_t anchor) {
    const std::int64_t end = capture.end_frame().value_or(from) - mixer_latency;
    for (std::int64_t frame = from; frame < end; ++frame) {
        const auto position = heard(capture, channel, frame);
        if (position && *position - frame == anchor) {
            return frame;
        }
    }
    return std::nullopt;
}

}  // namespace crowdjack::test
