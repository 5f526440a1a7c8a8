// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/orphans.hpp"

#include "common/log.hpp"
#include "common/manager_mark.hpp"
#include "common/registry.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <thread>

namespace crowdjack {

namespace {

constexpr auto orphan_patience = std::chrono::milliseconds{4000};

/// Of this machine, and not only waiting for its parent to ask how it ended.
bool is_running(pid_t pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    if (!std::getline(file, text)) {
        return false;
    }
    const auto state = text.rfind(") ");  // PID (NAME) STATE …; the name may hold anything
    return state == std::string::npos || state + 2 >= text.size() || text[state + 2] != 'Z';
}

}  // namespace

bool relieve_orphan(const std::string& server, const std::string& name) {
    const std::optional<PeerInfo> holder = find_peer(server, name);
    if (!holder || holder->pid <= 0 || holder->pid == ::getpid() ||
        !is_orphan(registry_folder(server), name, holder->pid)) {
        return false;
    }
    log_event(LogLevel::warning, "orphan-relieved",
              {{"client", name},
               {"pid", holder->pid},
               {"why", "its session manager is gone, and a new one opens its project"}});
    ::kill(holder->pid, SIGTERM);
    // Its entry goes first, while it still fades out: its name, its ports and its OSC port are free when it has ended.
    const auto until = std::chrono::steady_clock::now() + orphan_patience;
    while (is_running(holder->pid) && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

}  // namespace crowdjack
