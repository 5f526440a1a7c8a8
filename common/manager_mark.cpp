// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/manager_mark.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

fs::path mark_of(const fs::path& registry, const std::string& client) { return registry / (client + ".manager"); }

/// 0 when there is no such process.
pid_t parent_of(pid_t pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    std::getline(file, text);
    // PID (NAME) STATE PARENT …; the name may hold anything.
    std::istringstream rest{text.substr(std::min(text.size(), text.rfind(')') + 1))};
    char state{};
    pid_t parent{};
    return rest >> state >> parent ? parent : 0;
}

/// Has some process of this machine that UDP port? Lines of /proc/net/udp: ` N: ADDRESS:PORT …`, in hexadecimals.
bool is_port_bound(std::uint16_t port) {
    for (const char* const table : {"/proc/net/udp", "/proc/net/udp6"}) {
        std::ifstream file{table};
        std::string line;
        std::getline(file, line);
        while (std::getline(file, line)) {
            std::istringstream fields{line};
            std::string number;
            std::string local;
            fields >> number >> local;
            const auto colon = local.rfind(':');
            if (colon != std::string::npos && std::stoul(local.substr(colon + 1), nullptr, 16) == port) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

void mark_manager(const fs::path& registry, const std::string& client, std::uint16_t port) {
    try {
        write_atomically(mark_of(registry, client),
                         std::to_string(::getpid()) + " " + std::to_string(::getppid()) + " " + std::to_string(port) +
                             "\n",
                         Durability::process);
    } catch (const Failure& failure) {
        log_event(LogLevel::debug, "manager-not-noted", {{"why", failure.what()}});
    }
}

bool is_orphan(const fs::path& registry, const std::string& client, pid_t pid) {
    std::ifstream file{mark_of(registry, client)};
    pid_t marked{};
    pid_t parent{};
    std::uint16_t port{};
    if (!(file >> marked >> parent >> port) || marked != pid) {
        return false;
    }
    return parent_of(pid) != parent || !is_port_bound(port);
}

void close_inherited_socket(std::uint16_t port) {
    std::vector<int> inherited;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator{"/proc/self/fd", failed}) {
        const int fd = std::atoi(entry.path().filename().c_str());
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        if (fd <= STDERR_FILENO || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
            continue;
        }
        std::uint16_t bound = 0;  // in network order; IPv4 and IPv6 have it at the same place
        if (address.ss_family == AF_INET || address.ss_family == AF_INET6) {
            std::memcpy(&bound, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port),
                        sizeof bound);
        }
        if (bound == htons(port)) {
            inherited.push_back(fd);
        }
    }
    std::for_each(inherited.begin(), inherited.end(), ::close);
}

SwitchClaim::SwitchClaim(std::uint16_t port, const std::string& executable) {
    const std::string name =
        "crowdjack/" + std::to_string(::getuid()) + "/switch/" + std::to_string(port) + "/" + executable;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) {
        return;
    }
    name.copy(&address.sun_path[1], name.size());  // abstract: gone with this process, however it ends
    Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (socket && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) {
        socket_ = std::move(socket);
    }
}

}  // namespace crowdjack
