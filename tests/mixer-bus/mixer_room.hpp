// SPDX-License-Identifier: GPL-3.0-or-later
// A real mixer on a private server, with a player per strip and a capture of the master.
#pragma once

#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack::test {

/// What goes in on a frame leaves the master so many frames later.
inline constexpr std::int64_t master_delay = Limiter::delay;

class MixerRoom {
public:
    /// @param period  frames; 10 ms, which a busy machine meets: what is judged is the same at each
    explicit MixerRoom(std::vector<std::string> arguments = {}, std::uint32_t period = 512)
        : server{JackServer::Settings{.rate = 48000, .period = period}} {
        start(std::move(arguments));
    }

    /// The mixer is gone from the graph before the server's observer closes: libjack hangs in closing one client while
    /// it is told of another's ports (jack_closing.hpp).
    ~MixerRoom() {
        mixer.reset();
        if (server.observer() != nullptr && server.process().running()) {
            (void)eventually([this] { return server.ports("mixer-bus:.*").empty(); }, Deadline{2000});
        }
    }
    MixerRoom(const MixerRoom&) = delete;
    MixerRoom& operator=(const MixerRoom&) = delete;

    TemporaryFolder folder;
    JackServer server;
    OscClient osc;
    std::unique_ptr<Process> mixer;
    std::string url;

    void start(std::vector<std::string> arguments = {}) {
        std::vector<std::string> command{program_path("crowdjack-mixer-bus"), "--server", server.name(), "--music-dir",
                                         folder.path().string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        Process::Options options;
        options.folder = folder.path();
        mixer = std::make_unique<Process>(command, armed(options));
        url = wait_for_client(server.name(), "mixer-bus");
    }

    std::unique_ptr<Player> player(const std::string& strip, const Stereo& samples) {
        auto made = std::make_unique<Player>(server.name(), "player-" + strip,
                                             std::vector<std::vector<float>>{samples[0], samples[1]});
        made->probe().connect(made->probe().output(0), "mixer-bus:" + strip + "_l");
        made->probe().connect(made->probe().output(1), "mixer-bus:" + strip + "_r");
        return made;
    }

    std::unique_ptr<Capture> capture(double seconds = 30.0) {
        auto made = std::make_unique<Capture>(server.name(), Capture::Settings{"capture", 2, seconds});
        made->listen_to("mixer-bus:master_l", 0);
        made->listen_to("mixer-bus:master_r", 1);
        return made;
    }

    /// A frame `seconds` from now that everybody can still meet.
    [[nodiscard]] std::int64_t soon(double seconds = 0.2) const {
        return static_cast<std::int64_t>(server.frame()) + static_cast<std::int64_t>(seconds * server.rate());
    }

    /// True when the command was answered with /reply.
    bool obeys(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = osc.request(url, address, arguments);
        const bool done = answer && answer->is_reply_to(address);
        if (!done) {
            std::fprintf(stderr, "%s\n", answer ? answer->shown().c_str() : ("no answer to " + address).c_str());
        }
        return done;
    }
    /// The code of the /error a command is answered with, 0 for anything else.
    int error_code(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = osc.request(url, address, arguments);
        return answer && answer->is_error_of(address) ? static_cast<int>(answer->number(1)) : 0;
    }
    OscReceived ask(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        return osc.request(url, address, arguments).value_or(OscReceived{});
    }
};

inline OscValue frame_value(std::int64_t frame) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(frame)); }

}  // namespace crowdjack::test
