// SPDX-License-Identifier: GPL-3.0-or-later
// Who is there, and who may be believed.
#include "common/peers.hpp"

#include "common/deck_names.hpp"
#include "common/error.hpp"
#include "common/registry.hpp"

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
        info.kind = info.name.starts_with(deck_prefix) ? "deck" : info.name;
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

template <typename Fits>
std::optional<PeerInfo> first_of(const std::vector<PeerInfo>& peers, Fits fits) {
    const auto found = std::find_if(peers.begin(), peers.end(), fits);
    return found == peers.end() ? std::nullopt : std::optional{*found};
}

}  // namespace

Peers::Peers(ControlLoop& loop, OscServer& osc, std::string bind_address, std::string server,
             const std::vector<std::string>& remote)
    : loop_{loop},
      osc_{osc},
      bind_address_{std::move(bind_address)},
      server_{std::move(server)},
      registry_{server_},
      remote_{parse_remote_peers(remote)} {
    osc_.is_peer = [this](const OscEndpoint& endpoint) { return who(endpoint).has_value(); };
}

Peers::~Peers() {
    osc_.is_peer = {};
    for (const auto& ear : ears_) {
        if (!ear->client.empty()) {
            loop_.cancel(ear->timer);
        }
    }
    for (const auto& timer : {look_timer_, renewal_timer_, trim_timer_}) {
        if (timer) {
            loop_.cancel(*timer);
        }
    }
}

std::vector<PeerInfo> Peers::all() { return Clock::now() - read_ > fresh ? look_now() : all_; }

std::vector<PeerInfo> Peers::look_now() {
    read_ = Clock::now();
    all_ = registry_.look();
    all_.insert(all_.end(), remote_.begin(), remote_.end());
    std::vector<PeerInfo> seen = all_;
    renew(false);
    pump_all();
    return seen;
}

std::optional<PeerInfo> Peers::find(std::string_view client) {
    return first_of(all(), [client](const PeerInfo& peer) { return peer.client == client; });
}

std::optional<PeerInfo> Peers::of_kind(std::string_view kind) {
    return first_of(all(), [kind](const PeerInfo& peer) { return peer.kind == kind; });
}

std::optional<PeerInfo> Peers::who(const OscEndpoint& sender) {
    return first_of(all(), [url = sender.url()](const PeerInfo& peer) { return peer.url == url; });
}

bool Peers::is_remote(std::string_view client) const {
    return std::any_of(remote_.begin(), remote_.end(),
                       [client](const PeerInfo& peer) { return peer.client == client; });
}

bool Peers::is_foreign(const OscEndpoint& sender) {
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
        return foreign_ports_[sender.port()].first;
    }
    return foreign;
}

}  // namespace crowdjack
