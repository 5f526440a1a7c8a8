// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/runtime_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

bool is_folder(const fs::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Why that folder can't be used; "" when it can, or could be made.
std::string objection(const fs::path& folder) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) {
        return "";
    }
    if (!S_ISDIR(status.st_mode)) {
        return "it is no folder";
    }
    return status.st_uid == ::getuid() ? "" : "it belongs to user " + std::to_string(status.st_uid);
}

std::vector<fs::path> candidates() {
    std::vector<fs::path> all;
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && is_folder(runtime)) {
        all.push_back(fs::path{runtime} / "crowdjack");
    }
    all.emplace_back("/tmp/crowdjack-" + std::to_string(::getuid()));
    if (const char* home = std::getenv("HOME"); home != nullptr && is_folder(home)) {
        all.push_back(fs::path{home} / ".cache" / "crowdjack" / "run");
    }
    return all;
}

}  // namespace

RuntimeFolder runtime_folder() {
    RuntimeFolder chosen;
    for (const fs::path& candidate : candidates()) {
        const std::string why = objection(candidate);
        if (why.empty()) {
            chosen.path = candidate;
            return chosen;
        }
        chosen.refused += (chosen.refused.empty() ? "" : "; ") + candidate.string() + ": " + why;
    }
    chosen.path = candidates().front();  // making it will say what is wrong
    return chosen;
}

}  // namespace crowdjack
