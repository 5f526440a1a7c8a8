// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/track_list.hpp"

#include "common/error.hpp"
#include "common/music_files.hpp"
#include "common/text_file.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            result += static_cast<char>(value);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// A file: URL as a path; anything else as it is.
std::string place_of(std::string_view location) {
    if (!location.starts_with("file:")) {
        return std::string{location};
    }
    location.remove_prefix(5);
    if (location.starts_with("//")) {
        const auto path = location.find('/', 2);
        location = path == std::string_view::npos ? std::string_view{} : location.substr(path);
    }
    return percent_decoded(location);
}

/// The file a playlist's entry means: relative to the playlist, with either slash.
fs::path file_of(std::string place, const fs::path& folder) {
    std::error_code error;
    fs::path plain = folder / place;
    if (fs::is_regular_file(plain, error)) {
        return plain;
    }
    const std::string percent = percent_decoded(place);
    if (fs::is_regular_file(folder / percent, error)) {
        return folder / percent;
    }
    std::replace(place.begin(), place.end(), '\\', '/');
    return folder / place;
}

std::vector<fs::path> of_playlist(const fs::path& source, std::vector<std::string>& passed_over) {
    const bool xspf = lower(source.extension().string()) == ".xspf";
    const std::string text = read_list(source, "a playlist names a file on each line, or is XSPF, in UTF-8");
    std::error_code error;
    const fs::path folder = fs::absolute(source, error).parent_path();
    std::vector<fs::path> files;
    for (const std::string& place : xspf ? parse_xspf(text, source.string()) : parse_m3u(text)) {
        if (place.find("://") != std::string::npos) {
            passed_over.push_back("'" + place + "' is no file on this machine");
            continue;
        }
        const fs::path file = file_of(place, folder).lexically_normal();
        if (fs::is_regular_file(file, error)) {
            files.push_back(file);
        } else {
            passed_over.push_back("'" + place + "' is not there");
        }
    }
    return files;
}

}  // namespace

bool names_tracks(const fs::path& source) {
    std::error_code error;
    const std::string ending = lower(source.extension().string());
    return fs::is_directory(source, error) || ending == ".m3u" || ending == ".m3u8" || ending == ".xspf";
}

std::vector<fs::path> list_tracks(const fs::path& source, std::vector<std::string>& passed_over) {
    std::error_code error;
    const bool folder = fs::is_directory(source, error);
    std::vector<fs::path> files = folder ? find_music(source) : of_playlist(source, passed_over);
    for (fs::path& file : files) {
        file = fs::absolute(file, error).lexically_normal();
    }
    if (files.empty()) {
        throw Failure{source.string() +
                      (folder ? ": no audio file lies in it or below it" : ": it names no file that is there") +
                      (passed_over.empty() ? "" : " (" + passed_over.front() + ")")};
    }
    return files;
}

std::vector<std::string> parse_m3u(std::string_view text) {
    std::vector<std::string> places;
    if (text.starts_with("\xef\xbb\xbf")) {
        text.remove_prefix(3);
    }
    while (!text.empty()) {
        const auto end = text.find_first_of("\r\n");
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) {
            line.remove_suffix(1);
        }
        if (!line.empty() && line.front() != '#') {
            places.push_back(place_of(line));
        }
    }
    return places;
}

std::vector<std::string> parse_xspf(std::string_view text, const std::string& name) {
    pugi::xml_document document;
    const auto parsed = document.load_buffer(text.data(), text.size());
    if (!parsed) {
        throw Failure{name + ": not XML: " + parsed.description()};
    }
    std::vector<std::string> places;
    for (const pugi::xml_node track : document.child("playlist").child("trackList").children("track")) {
        const std::string location = track.child("location").text().as_string();
        if (!location.empty()) {
            places.push_back(location.starts_with("file:") ? place_of(location) : percent_decoded(location));
        }
    }
    return places;
}

}  // namespace crowdjack
