// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/cue_sheet.hpp"

#include "mixer-bus/recording_format.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view mark = "REM COMMENT \"recorded by crowdjack\"\n";

/// A quoted field: the format knows no escapes.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        result += c == '"' ? '\'' : control ? ' ' : c;
    }
    return result + "\"";
}

std::string file_line(const fs::path& recording) {
    const char* const kind = recording_format(recording) == RecordingFormat::mp3 ? "MP3" : "WAVE";
    return "FILE " + quoted(recording.filename().string()) + " " + kind + "\n";
}

std::string index_time(std::int64_t frame, double rate) {
    const auto frames75 = static_cast<std::int64_t>(static_cast<double>(frame) * 75.0 / rate);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld", static_cast<long long>(frames75 / 75 / 60),
                  static_cast<long long>(frames75 / 75 % 60), static_cast<long long>(frames75 % 75));
    return text.data();
}

std::string text_of(const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {  // to open a FIFO of that name would wait for its writer
        return {};
    }
    std::ifstream file{path, std::ios::binary};
    std::string text(4096, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool is_sheet_of(const fs::path& sheet, const fs::path& recording) {
    const std::string text = text_of(sheet);
    return text.find(mark) != std::string::npos && text.find(file_line(recording)) != std::string::npos;
}

std::array<fs::path, 2> places(const fs::path& recording) {
    fs::path beside = recording;
    return {beside.replace_extension(".cue"), recording.string() + ".cue"};
}

}  // namespace

std::string Title::shown() const { return artist.empty() ? title : title.empty() ? artist : artist + " - " + title; }

std::string cue_sheet(const fs::path& recording, const std::vector<CueTrack>& tracks, double rate) {
    std::string text{mark};
    text += "TITLE " + quoted(recording.stem().string()) + "\n" + file_line(recording);
    int number = 0;
    for (const CueTrack& track : tracks) {
        std::array<char, 32> line{};
        std::snprintf(line.data(), line.size(), "  TRACK %02d AUDIO\n", ++number);
        text += line.data();
        text += "    TITLE " + quoted(track.title.title) + "\n";
        if (!track.title.artist.empty()) {
            text += "    PERFORMER " + quoted(track.title.artist) + "\n";
        }
        text += "    INDEX 01 " + index_time(track.frame, rate) + "\n";
    }
    return text;
}

fs::path cue_path(const fs::path& recording) {
    const auto [beside, longer] = places(recording);
    return fs::exists(fs::symlink_status(beside)) && !is_sheet_of(beside, recording) ? longer : beside;
}

void remove_cue_sheet_of(const fs::path& recording) {
    for (const fs::path& sheet : places(recording)) {
        if (is_sheet_of(sheet, recording)) {
            std::error_code ignored;
            fs::remove(sheet, ignored);
        }
    }
}

}  // namespace crowdjack
