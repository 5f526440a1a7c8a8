// SPDX-License-Identifier: GPL-3.0-or-later
// A session manager that keeps to NSM's order of messages: nsmd itself is not packaged everywhere.
#pragma once

#include "tests/support/osc_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack::test {

/// Inodes of the sockets that a process holds.
inline std::vector<std::string> sockets_of(pid_t pid) {
    std::vector<std::string> inodes;
    for (const auto& fd : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/fd"}) {
        std::error_code error;
        const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
        if (target.starts_with("socket:[")) {
            inodes.push_back(target.substr(8, target.size() - 9));
        }
    }
    return inodes;
}

/// A client's OSC port as the announcement cannot tell it: liblo hides the sender, the process's own sockets don't.
inline std::string url_of(const Process& process) {
    // The only UDP socket of the process that it has not inherited: liblo's go on to whoever is started.
    const std::vector<std::string> ours = sockets_of(getpid());
    std::string found;
    const bool there = eventually([&] {
        for (const std::string& inode : sockets_of(process.pid())) {
            if (std::find(ours.begin(), ours.end(), inode) != ours.end()) {
                continue;
            }
            std::ifstream table{"/proc/net/udp"};
            for (std::string line; std::getline(table, line);) {
                if (line.find(" " + inode + " ") != std::string::npos) {
                    const std::size_t colon = line.find(':', line.find(':') + 1);
                    found = "osc.udp://127.0.0.1:" + std::to_string(std::stoi(line.substr(colon + 1, 4), nullptr, 16)) +
                            "/";
                    return true;
                }
            }
        }
        return false;
    });
    REQUIRE(there);
    return found;
}

/// A small NSM server: keeps to the order of messages of API 1.1 and talks to one client, which it knows by its port.
class SessionManager {
public:
    [[nodiscard]] std::string url() const { return osc_.url(); }

    /// Starts `program` as NSM does: by its bare name, from PATH, without arguments.
    /// @param home  where it may find music; empty: as ours
    std::unique_ptr<Process> launch(const std::string& program, const std::string& jack_server,
                                    const std::filesystem::path& home = {}) {
        Process::Options options = armed();
        if (!home.empty()) {
            options.environment["HOME"] = home.string();
        }
        options.environment["NSM_URL"] = url();
        options.environment["JACK_DEFAULT_SERVER"] = jack_server;
        options.environment["PATH"] =
            std::filesystem::path{program_path(program)}.parent_path().string() + ":" + std::getenv("PATH");
        mark_ = osc_.count();
        return std::make_unique<Process>(std::vector<std::string>{"env", program}, options);  // env looks on our PATH
    }

    /// Waits for the announcement and welcomes the client, which from then on is known at `client_url` in the registry.
    OscReceived welcome() {
        auto announcement = osc_.wait_for("/nsm/server/announce", mark_);
        REQUIRE(announcement);
        return *announcement;
    }

    OscReceived ask(const std::string& client_url, const std::string& address, const std::vector<OscValue>& arguments) {
        const std::size_t mark = osc_.count();
        osc_.send(client_url, address, arguments);
        auto answer = osc_.wait_for(
            [&address](const OscReceived& m) { return m.is_reply_to(address) || m.is_error_of(address); }, mark);
        REQUIRE(answer);
        return *answer;
    }

    /// Launches a client, welcomes it and opens its project. @returns the client and its OSC URL
    struct Client {
        std::unique_ptr<Process> process;
        std::string url;
    };
    Client open(const std::string& program, const std::string& jack_server, const std::filesystem::path& project,
                const std::string& client_id, const std::filesystem::path& home = {}) {
        Client client{launch(program, jack_server, home), {}};
        (void)welcome();
        client.url = url_of(*client.process);
        CHECK(change(client, project, client_id).address == at::reply);
        return client;
    }
    /// :switch: when it has a project already.
    OscReceived change(const Client& client, const std::filesystem::path& project, const std::string& client_id) {
        return ask(client.url, "/nsm/client/open", {project.string(), std::string{"session"}, client_id});
    }
    OscReceived save(const Client& client) { return ask(client.url, "/nsm/client/save", {}); }

    OscClient& osc() { return osc_; }

private:
    OscClient osc_;
    std::size_t mark_{};
};

}  // namespace crowdjack::test
