// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/take_note.hpp"

#include "common/atomic_file.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <system_error>

namespace crowdjack {

void write_take_note(const std::filesystem::path& path, const TakeNote& note) {
    if (note.empty()) {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
        return;
    }
    nlohmann::json object;
    object["recording"] = note.recording.string();
    object["stream"] = note.stream ? note.stream->url() : "";
    object["format"] = name_of(note.format);
    write_atomically(path, object.dump() + "\n", Durability::process, 0600);
}

TakeNote read_take_note(const std::filesystem::path& path) {
    TakeNote note;
    std::ifstream file{path};
    if (!file) {
        return note;
    }
    try {
        const auto object = nlohmann::json::parse(file);
        note.recording = object.at("recording").get<std::string>();
        if (const auto url = object.at("stream").get<std::string>(); !url.empty()) {
            note.stream = StreamTarget::parse(url);
            note.format = parse_stream_format(object.at("format").get<std::string>());
        }
    } catch (const std::exception&) {
        return {};  // half a note is worth less than a mixer that starts
    }
    return note;
}

}  // namespace crowdjack
