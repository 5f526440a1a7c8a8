// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/outsider.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace crowdjack::test {

namespace {

bool locked_by_someone(const std::filesystem::path& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    // A shared lock on trial, so that two lookers never take each other for an owner.
    const bool free = flock(file, LOCK_SH | LOCK_NB) == 0;
    close(file);
    return !free;
}

}  // namespace

std::filesystem::path registry_of(const std::string& server) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::filesystem::path root = runtime != nullptr && *runtime != '\0'
                                           ? std::filesystem::path{runtime} / "crowdjack"
                                           : std::filesystem::path{"/tmp/crowdjack-" + std::to_string(getuid())};
    return root / server;
}

std::optional<std::map<std::string, std::string>> registry_entry(const std::string& server, const std::string& client) {
    const auto path = registry_of(server) / client;
    std::ifstream file{path};
    std::map<std::string, std::string> entry;
    for (std::string line; std::getline(file, line);) {
        const auto space = line.find(' ');
        if (space != std::string::npos) {
            entry[line.substr(0, space)] = line.substr(space + 1);
        }
    }
    return entry.contains("url") && locked_by_someone(path) ? std::optional{entry} : std::nullopt;
}

std::string wait_for_client(const std::string& server, const std::string& client, Deadline deadline) {
    std::string url;
    const bool came = eventually(
        [&] {
            const auto entry = registry_entry(server, client);
            url = entry ? entry->at("url") : std::string{};
            return !url.empty();
        },
        deadline);
    if (!came) {
        throw std::runtime_error{client + " did not enter the registry of " + server};
    }
    return url;
}

}  // namespace crowdjack::test
