// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/set/stage.hpp"

#include "tests/support/outsider.hpp"

#include <fstream>
#include <stdexcept>

namespace crowdjack::test {

namespace {

void write_client(std::ofstream& file, const std::string& name, const std::string& command) {
    file << "[[client]]\nname = \"" << name << "\"\nrun = [" << command << "]\n\n";
}

/// Each stage has a server name of its own: what a test left running on an earlier one must not come back to this one.
std::string fresh_server_name() {
    static int count = 0;
    return "set-" + std::to_string(++count);
}

}  // namespace

Stage::Stage() : Stage{Settings{}} {}

Stage::Stage(Settings settings)
    : settings_{std::move(settings)}, server_{{.period = settings_.period, .name = fresh_server_name()}} {
    write_session_file();
    auto options = settings_.trap ? armed() : Process::Options{};
    options.folder = folder_.path();
    session_ = std::make_unique<Process>(
        std::vector<std::string>{program_path("crowdjack-session"), "run", (folder_ / "set.toml").string()}, options);
    front_door_ = wait_for_client(server_.name(), "session");
    ears_ = std::make_unique<Capture>(
        server_.name(), Capture::Settings{.name = "ears", .channels = 4, .seconds = settings_.capture_seconds});
    for (const auto& deck : settings_.decks) {
        (void)client_url("deck-" + deck);
        const auto port = "deck-" + deck + ":out_r";
        if (!eventually([&] { return server_.connected(port, "mixer-bus:" + deck + "_r"); })) {
            throw std::runtime_error{"the session did not connect " + port + "; it said:\n" + session_->output()};
        }
    }
    ears_->listen_to("mixer-bus:master_l", 0);
    ears_->listen_to("mixer-bus:master_r", 1);
    ears_->listen_to("deck-" + settings_.decks.front() + ":out_l", 2);
    ears_->listen_to("deck-" + settings_.decks.back() + ":out_l", 3);
}

Stage::~Stage() {
    // Its end takes the clients along, before the server goes.
    session_->terminate(Deadline{5000});
}

void Stage::write_session_file() const {
    std::ofstream file{folder_ / "set.toml"};
    file << "[jack]\nserver = \"" << server_.name() << "\"\nautostart = false\n\n[osc]\nports = [57120, 57122]\n\n";
    write_client(file, "mixer-bus", "\"crowdjack-mixer-bus\", \"--music-dir\", \"" + folder_.path().string() + "\"");
    for (const auto& deck : settings_.decks) {
        write_client(file, "deck-" + deck,
                     "\"crowdjack-deck\", \"--name\", \"" + deck + "\", \"--music-dir\", \"" + folder_.path().string() +
                         "\"");
    }
    if (settings_.follower) {
        write_client(file, "bpm-follower", "\"crowdjack-bpm-follower\", \"--osc-port\", \"0\"");
    }
    file << "[patch]\nconnect = [\n  \"mixer-bus:master_l -> system:playback_1\",\n"
            "  \"mixer-bus:master_r -> system:playback_2\",\n";
    for (const auto& deck : settings_.decks) {
        file << "  \"deck-" << deck << ":out_* -> mixer-bus:" << deck << "_*\",\n";
    }
    file << "]\n";
}

std::string Stage::client_url(const std::string& client) const {
    try {
        return wait_for_client(server_.name(), client);
    } catch (const std::runtime_error& failure) {
        throw std::runtime_error{std::string{failure.what()} + "; the session said:\n" + session_->output()};
    }
}

pid_t Stage::client_pid(const std::string& client) const {
    const auto entry = registry_entry(server_.name(), client);
    return entry ? std::stoi(entry->at("pid")) : -1;
}

OscReceived Stage::ask(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments) {
    const auto answer = osc_.request(url, command, arguments);
    if (!answer) {
        throw std::runtime_error{"no answer to " + command + "; the session said:\n" + session_->output()};
    }
    return *answer;
}

OscReceived Stage::done(const std::string& url, const std::string& command, const std::vector<OscValue>& arguments) {
    auto answer = ask(url, command, arguments);
    if (answer.address == at::error) {
        throw std::runtime_error{answer.shown()};
    }
    return answer;
}

bool Stage::trap_sprang() const { return session_->output().find(sprung_trap) != std::string::npos; }

std::int64_t frame_argument(const OscReceived& message, std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(message.number(i)));
}

}  // namespace crowdjack::test
