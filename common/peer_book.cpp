// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/peer_book.hpp"

#include "common/error.hpp"

#include <ifaddrs.h>

#include <algorithm>
#include <filesystem>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr auto fresh = std::chrono::milliseconds{200};

std::vector<PeerInfo> parse_remote_peers(const std::vector<std::string>& peers) {
    std::vector<PeerInfo> remote;
    for (const std::string& peer : peers) {
        const std::size_t equals = peer.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw UsageError{"--peer '" + peer + "' must be NAME=URL, e.g. deck-C=osc.udp://10.0.0.2:9001/"};
        }
        PeerInfo info;
        info.client = info.name = info.jack = peer.substr(0, equals);
        info.url = OscEndpoint::parse(peer.substr(equals + 1)).url();  // as its answers will show it
        info.kind = info.name.starts_with("deck-") ? "deck" : info.name;
        remote.push_back(std::move(info));
    }
    return remote;
}

bool is_own_address(const in_addr& address) {
    ifaddrs* interfaces{};
    if (::getifaddrs(&interfaces) != 0) {
        return false;
    }
    bool own = false;
    for (const ifaddrs* entry = interfaces; entry != nullptr && !own; entry = entry->ifa_next) {
        own = entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET &&
              reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr == address.s_addr;
    }
    ::freeifaddrs(interfaces);
    return own;
}

/// True when a client of another server's registry answers on `port`.
bool belongs_to_other_server(const std::string& own_server, std::uint16_t port) {
    std::error_code error;
    const fs::path folder = registry_folder(own_server);
    for (const fs::directory_entry& entry : fs::directory_iterator{folder.parent_path(), error}) {
        const std::string other = entry.path().filename().string();
        if (other == own_server || !entry.is_directory(error)) {
            continue;
        }
        const std::vector<PeerInfo> others = list_peers(other);
        const std::string ending = ":" + std::to_string(port) + "/";
        if (std::any_of(others.begin(), others.end(), [&](const PeerInfo& p) { return p.url.ends_with(ending); })) {
            return true;
        }
    }
    return false;
}

}  // namespace

PeerBook::PeerBook(std::string server, const std::vector<std::string>& remote)
    : server_{std::move(server)}, registry_{server_}, remote_{parse_remote_peers(remote)} {}

bool PeerBook::is_foreign(const OscEndpoint& sender) {
    if (!sender.is_loopback()) {
        return !is_own_address(sender.address.sin_addr);
    }
    const auto now = Clock::now();
    auto& [foreign, until] = foreign_ports_[sender.port()];
    if (until <= now) {
        constexpr std::size_t most_remembered = 4096;
        constexpr auto remembered = std::chrono::seconds{2};
        foreign = belongs_to_other_server(server_, sender.port());
        until = now + remembered;
        if (foreign_ports_.size() > most_remembered) {
            std::erase_if(foreign_ports_, [now](const auto& entry) { return entry.second.second <= now; });
        }
    }
    return foreign;
}

std::vector<PeerInfo> PeerBook::all() { return Clock::now() - read_ > fresh ? look_now() : all_; }

std::vector<PeerInfo> PeerBook::look_now() {
    read_ = Clock::now();
    all_ = registry_.look();
    all_.insert(all_.end(), remote_.begin(), remote_.end());
    return all_;
}

std::optional<OscEndpoint> PeerBook::endpoint(const std::string& client) {
    const std::vector<PeerInfo> peers = all();
    const auto found =
        std::find_if(peers.begin(), peers.end(), [&client](const PeerInfo& peer) { return peer.client == client; });
    return found == peers.end() ? std::nullopt : std::optional{OscEndpoint::parse(found->url)};
}

}  // namespace crowdjack
