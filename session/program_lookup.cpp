// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/program_lookup.hpp"

#include "common/nearest_name.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::array rooms{"deck", "mixer-bus", "bpm-follower", "struct-export", "session"};

bool is_executable(const fs::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

fs::path own_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::current_path() : self.parent_path();
}

std::vector<fs::path> program_folders() {
    const fs::path own = own_folder();
    std::vector<fs::path> folders{own};
    for (const char* room : rooms) {
        folders.push_back(own.parent_path() / room);
    }
    const char* path = std::getenv("PATH");
    std::istringstream parts{path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"};
    for (std::string part; std::getline(parts, part, ':');) {
        folders.emplace_back(part.empty() ? "." : part);
    }
    return folders;
}

std::optional<fs::path> find_program(const std::string& name, const std::vector<fs::path>& folders) {
    if (name.find('/') != std::string::npos) {
        return is_executable(name) ? std::optional{fs::absolute(name)} : std::nullopt;
    }
    for (const fs::path& folder : folders) {
        if (is_executable(folder / name)) {
            return folder / name;
        }
    }
    return std::nullopt;
}

std::string nearest_program(const std::string& wrong, const std::vector<fs::path>& folders) {
    std::vector<std::string> names;
    for (const fs::path& folder : folders) {
        std::error_code error;
        for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
            const std::string name = entry.path().filename().string();
            // The nearest has about the wrong one's length; most of PATH need not be looked at.
            const auto longer = name.size() > wrong.size() ? name.size() - wrong.size() : wrong.size() - name.size();
            if (longer <= 1 + wrong.size() / 3 && is_executable(entry.path())) {
                names.push_back(name);
            }
        }
    }
    return nearest_name(wrong, names);
}

}  // namespace crowdjack
