// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/session_paths.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

/// Options of the suite's programs that a file or folder follows.
constexpr std::array<std::string_view, 10> path_options{"--music-dir",  "--config",    "--record", "--stream-url-file",
                                                        "--bpm-config", "--replay",    "--plot",   "--trace-out",
                                                        "--token-file", "--played-out"};

std::string home() {
    const char* value = std::getenv("HOME");
    return value == nullptr ? std::string{} : std::string{value};
}

bool is_path_option(std::string_view word) {
    return std::find(path_options.begin(), path_options.end(), word) != path_options.end();
}

void resolve_words(ClientSpec& client, const fs::path& file) {
    std::error_code error;
    for (std::size_t i = 1; i < client.run.size(); ++i) {
        std::string& word = client.run[i];
        const auto equals = word.find('=');
        if (equals != std::string::npos && is_path_option(std::string_view{word}.substr(0, equals))) {
            word = word.substr(0, equals + 1) + beside_session(word.substr(equals + 1), file).string();
        } else if (is_path_option(client.run[i - 1]) ||
                   (!word.starts_with('-') && !client.run[i - 1].starts_with('-') &&
                    fs::exists(beside_session(word, file), error))) {
            word = beside_session(word, file).string();
        }
    }
}

/// The folder that the set's tracks lie in, as far as its name says so: an export's parts may lie anywhere.
fs::path music_of(const SetlistSpec& setlist) {
    const std::string ending = setlist.source.extension().string();
    const bool is_list = ending == ".m3u" || ending == ".m3u8" || ending == ".xspf" || ending == ".csv";
    return is_list ? setlist.source.parent_path() : setlist.source;
}

/// Decks may play what the set lists; beside what they might without folders of their own.
void add_music_of_setlist(SessionFile& session) {
    std::error_code error;
    if (session.setlist.source.empty()) {
        return;
    }
    if (session.music.empty()) {
        session.music = {home(), fs::current_path(error)};
        std::erase_if(session.music, [](const fs::path& folder) { return folder.empty(); });
    }
    session.music.push_back(music_of(session.setlist));
}

void add_music(ClientSpec& client, const std::vector<fs::path>& folders) {
    const std::string program = fs::path{client.run.front()}.filename().string();
    const bool mixer = program == "crowdjack-mixer-bus";
    if (folders.empty() || (program != "crowdjack-deck" && !mixer)) {
        return;
    }
    const bool has_own = std::find(client.run.begin(), client.run.end(), "--music-dir") != client.run.end();
    std::error_code error;
    if (mixer && !has_own) {
        for (const std::string& usual : {home(), fs::current_path(error).string()}) {
            if (!usual.empty()) {
                client.run.insert(client.run.end(), {"--music-dir", usual});
            }
        }
    }
    for (const fs::path& folder : folders) {
        client.run.insert(client.run.end(), {"--music-dir", folder.string()});
    }
}

}  // namespace

fs::path beside_session(const std::string& path, const fs::path& session_file) {
    if (path == "~" || path.starts_with("~/")) {
        return fs::path{home()} / (path.size() > 2 ? path.substr(2) : std::string{});
    }
    std::error_code error;
    return (fs::absolute(session_file, error).parent_path() / path).lexically_normal();
}

void resolve_session_paths(SessionFile& session) {
    add_music_of_setlist(session);
    for (ClientSpec& client : session.clients) {
        if (client.of_the_suite()) {
            resolve_words(client, session.path);
            add_music(client, session.music);
        }
    }
}

}  // namespace crowdjack
