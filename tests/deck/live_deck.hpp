// SPDX-License-Identifier: GPL-3.0-or-later
// A crowdjack-deck of the tests' own under a private JACK server.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace crowdjack::test {

class LiveDeck {
public:
    LiveDeck(const JackServer& server, const std::filesystem::path& music, std::vector<std::string> more = {},
             const std::string& letter = "A")
        : letter_{letter} {
        std::vector<std::string> command{
            program_path("crowdjack-deck"), "--server", server.name(), "--name", letter, "--music-dir", music.string()};
        command.insert(command.end(), more.begin(), more.end());
        process_ = std::make_unique<Process>(command, armed());
        const auto line = process_->wait_for_line("ready");
        if (!line) {
            throw std::runtime_error{"the deck did not come up: " + process_->output()};
        }
        const auto at = line->find("osc=") + 4;
        url_ = line->substr(at, line->find(' ', at) - at);
    }

    [[nodiscard]] Process& process() noexcept { return *process_; }
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] std::string port(const std::string& name) const { return "deck-" + letter_ + ":" + name; }

    /// Sends and returns the answer. @throws when none comes
    OscReceived ask(OscClient& osc, const std::string& address, const std::vector<OscValue>& arguments = {}) const {
        const auto answer = osc.request(url_, address, arguments);
        if (!answer) {
            throw std::runtime_error{address + " was not answered: " + process_->output()};
        }
        return *answer;
    }

    /// A frame soon enough to wait for and far enough to be met.
    static std::int32_t soon(const JackServer& server, double seconds = 0.15) {
        return static_cast<std::int32_t>(server.frame() + static_cast<std::uint32_t>(seconds * server.rate()));
    }

private:
    std::string letter_, url_;
    std::unique_ptr<Process> process_;
};

}  // namespace crowdjack::test
