// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/music_files.hpp"

#include "common/error.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 17> endings{".wav",  ".wave", ".flac", ".mp3",  ".ogg", ".oga",
                                                   ".opus", ".aif",  ".aiff", ".aifc", ".w64", ".rf64",
                                                   ".caf",  ".au",   ".snd",  ".m4a",  ".mp2"};
constexpr int deepest = 64;

using Visited = std::set<std::pair<dev_t, ino_t>>;

void search(const fs::path& folder, int depth, Visited& visited, std::vector<fs::path>& found) {
    struct stat status {};
    if (depth > deepest || ::stat(folder.c_str(), &status) != 0 ||
        !visited.emplace(status.st_dev, status.st_ino).second) {
        return;
    }
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        if (entry->path().filename().string().starts_with('.')) {
            continue;
        }
        std::error_code ignored;
        if (entry->is_directory(ignored)) {
            search(entry->path(), depth + 1, visited, found);
        } else if (is_music_name(entry->path()) && entry->is_regular_file(ignored)) {
            found.push_back(entry->path());
        }
    }
}

}  // namespace

bool is_music_name(const fs::path& file) {
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

std::vector<fs::path> find_music(const fs::path& place) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) {
        return {place};
    }
    if (!fs::is_directory(place, error)) {
        throw Failure{"there is no folder or file '" + place.string() + "'"};
    }
    std::vector<fs::path> found;
    Visited visited;
    search(place, 0, visited, found);
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace crowdjack
