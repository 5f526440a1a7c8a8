// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/descriptor.hpp"

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// What a registry file says of its client.
struct PeerInfo {
    std::string client;  ///< the file's name: the client's plain name, e.g. deck-A
    std::string url;     ///< osc.udp://127.0.0.1:PORT/
    std::string kind;    ///< deck | mixer-bus | bpm-follower | session
    std::string name;    ///< the plain name again
    std::string jack;    ///< the JACK client name (differs under NSM)
    pid_t pid{};
};

/// A plain name: no path, one line.
[[nodiscard]] bool is_file_name(const std::string& name);
/// Where the registry of `server` lies, made or not.
[[nodiscard]] std::filesystem::path registry_path(const std::string& server);
/// What an open registry file says, whoever holds it.
[[nodiscard]] PeerInfo read_registry_entry(const std::string& client, int fd);

/// The living clients of one server, looked up again and again: a look at a registry that has not changed is two system
/// calls a client. Not for sharing between threads.
class PeerList {
public:
    explicit PeerList(std::string server) : server_{std::move(server)} {}

    /// In order of their names; dead owners' files and those without a URL are passed over.
    [[nodiscard]] std::vector<PeerInfo> look();

private:
    /// A state of a file or folder: another one differs in it.
    struct Stamp {
        std::uint64_t inode{};
        std::int64_t changed_s{}, changed_ns{}, size{};
        friend bool operator==(const Stamp&, const Stamp&) = default;
        /// The last change was not just now: a coarse clock may give two changes one stamp.
        [[nodiscard]] bool rests() const;
    };
    struct Entry {
        Descriptor file;
        std::uint64_t inode{};
        Stamp stamp;  ///< of the file when `info` was read
        PeerInfo info;
    };

    [[nodiscard]] static Stamp stamp_of(const std::string& path);
    [[nodiscard]] static Stamp stamp_of(int fd);
    [[nodiscard]] static Stamp stamp_of(const struct stat& status);
    void list_folder();

    std::string server_;
    std::filesystem::path folder_;  ///< as of the last look
    Stamp listed_;                  ///< of the folder when it was listed
    std::map<std::string, Entry> entries_;
};

/// One look at the registry of `server`.
[[nodiscard]] std::vector<PeerInfo> list_peers(const std::string& server);
[[nodiscard]] std::optional<PeerInfo> find_peer(const std::string& server, const std::string& client);

}  // namespace crowdjack
