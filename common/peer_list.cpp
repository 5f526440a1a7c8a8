// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/peer_list.hpp"

#include "common/runtime_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <set>
#include <sstream>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

/// True when some living process holds the lock of an open registry file.
bool is_held(int fd) {
    if (::flock(fd, LOCK_SH | LOCK_NB) == 0) {
        ::flock(fd, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

std::string read_all(int fd) {
    std::string text(4096, '\0');
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

PeerInfo parse_entry(const std::string& client, const std::string& text) {
    PeerInfo info;
    info.client = client;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        if (space == std::string::npos) {
            continue;
        }
        const std::string key = line.substr(0, space);
        const std::string value = line.substr(space + 1);
        if (key == "url") {
            info.url = value;
        } else if (key == "kind") {
            info.kind = value;
        } else if (key == "name") {
            info.name = value;
        } else if (key == "jack") {
            info.jack = value;
        } else if (key == "pid") {
            std::from_chars(value.data(), value.data() + value.size(), info.pid);
        }
    }
    return info;
}

/// Only this user's files: what somebody else put there is nobody's entry.
Descriptor open_entry(const fs::path& file) {
    Descriptor entry{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat status {};
    const bool own = entry && ::fstat(entry.get(), &status) == 0 && status.st_uid == ::getuid();
    return own ? std::move(entry) : Descriptor{};
}

/// A client's own file, not what belongs to it.
bool is_entry(const fs::path& file) {
    const std::string extension = file.extension().string();
    return extension != ".state" && extension != ".pulse" && extension != ".tmp";
}

}  // namespace

bool is_file_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\n') == std::string::npos;
}

fs::path registry_path(const std::string& server) { return runtime_folder().path / server; }

PeerInfo read_registry_entry(const std::string& client, int fd) { return parse_entry(client, read_all(fd)); }

PeerList::Stamp PeerList::stamp_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? stamp_of(status) : Stamp{};
}

PeerList::Stamp PeerList::stamp_of(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? stamp_of(status) : Stamp{};
}

PeerList::Stamp PeerList::stamp_of(const struct stat& status) {
    return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size};
}

bool PeerList::Stamp::rests() const {
    struct timespec now {};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return inode != 0 && now.tv_sec - changed_s > 1;
}

void PeerList::list_folder() {
    std::error_code error;
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator{folder_, error}) {
        if (is_entry(entry.path())) {
            names.insert(entry.path().filename().string());
        }
    }
    std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
    for (const std::string& name : names) {
        const auto known = entries_.find(name);
        if (known == entries_.end() || known->second.inode != stamp_of(folder_ / name).inode) {
            Descriptor file = open_entry(folder_ / name);
            const std::uint64_t inode = stamp_of(file.get()).inode;
            entries_.insert_or_assign(name, Entry{std::move(file), inode, {}, {}});
        }
    }
}

std::vector<PeerInfo> PeerList::look() {
    folder_ = registry_path(server_);  // another one when $XDG_RUNTIME_DIR has gone or come back
    // Stamped first: what comes during the listing makes the next look list again.
    const Stamp now = stamp_of(folder_);
    if (now == Stamp{} || now != listed_) {
        list_folder();
        listed_ = now.rests() ? now : Stamp{};
    }
    std::vector<PeerInfo> peers;
    for (auto& [name, entry] : entries_) {
        if (!entry.file || !is_held(entry.file.get())) {
            entry.stamp = {};
            continue;
        }
        const Stamp stamp = stamp_of(entry.file.get());
        if (stamp != entry.stamp) {
            entry.info = read_registry_entry(name, entry.file.get());
            entry.stamp = stamp.rests() ? stamp : Stamp{};
        }
        if (!entry.info.url.empty()) {  // else still starting, or its server is away
            peers.push_back(entry.info);
        }
    }
    return peers;
}

std::vector<PeerInfo> list_peers(const std::string& server) { return PeerList{server}.look(); }

std::optional<PeerInfo> find_peer(const std::string& server, const std::string& client) {
    if (!is_file_name(client)) {
        return std::nullopt;
    }
    const Descriptor file = open_entry(registry_path(server) / client);
    if (!file || !is_held(file.get())) {
        return std::nullopt;
    }
    PeerInfo info = read_registry_entry(client, file.get());
    return info.url.empty() ? std::nullopt : std::optional{std::move(info)};
}

}  // namespace crowdjack
