// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/other_session.hpp"

#include "common/peer_list.hpp"
#include "common/runtime_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

/// The session file on that process's command line; "" when it can't be told.
std::string file_of(pid_t pid) {
    std::ifstream words{"/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary};
    std::string file;
    for (std::string word; std::getline(words, word, '\0');) {
        file = word.ends_with(".toml") ? word : file;
    }
    return file;
}

bool listens_on(const PeerInfo& peer, const std::vector<std::uint16_t>& ports) {
    return std::any_of(ports.begin(), ports.end(), [&](std::uint16_t port) {
        return port != 0 && peer.url.ends_with(":" + std::to_string(port) + "/");
    });
}

}  // namespace

std::string session_in_the_way(const std::string& server, const std::vector<std::uint16_t>& ports) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{runtime_folder().path, error}) {
        const std::string other = entry.path().filename().string();
        const auto session = find_peer(other, "session");
        if (session && (other == server || listens_on(*session, ports))) {
            const std::string file = file_of(session->pid);
            return "session " + (file.empty() ? "" : file + " ") + "(pid " + std::to_string(session->pid) +
                   ") on server '" + other + "'";
        }
    }
    return {};
}

}  // namespace crowdjack
