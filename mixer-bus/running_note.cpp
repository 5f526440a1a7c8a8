// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/running_note.hpp"

#include "common/atomic_file.hpp"
#include "common/log.hpp"
#include "mixer-bus/json_text.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <system_error>
#include <utility>

namespace crowdjack {

void RunningNote::recording(const std::filesystem::path& asked) {
    now_.recording = asked;
    write();
}

void RunningNote::stream(std::optional<Stream> stream) {
    now_.stream = std::move(stream);
    write();
}

void RunningNote::playing(const Title& title) {
    now_.playing = title;
    write();
}

const RunningNote::Contents& RunningNote::left_behind() {
    if (!left_behind_) {
        left_behind_ = read();
    }
    return *left_behind_;
}

void RunningNote::write() {
    (void)left_behind();  // before it is written over
    try {
        if (now_.recording.empty() && !now_.stream) {
            std::error_code ignored;
            std::filesystem::remove(path_(), ignored);
            return;
        }
        nlohmann::json object;
        object["recording"] = json_text(now_.recording.string());
        object["stream"] = now_.stream ? json_text(now_.stream->target.url()) : "";
        object["format"] = name_of(now_.stream ? now_.stream->format : StreamFormat::vorbis);
        object["artist"] = json_text(now_.playing.artist);
        object["title"] = json_text(now_.playing.title);
        write_atomically(path_(), object.dump() + "\n", Durability::process, 0600);
    } catch (const std::exception& error) {
        // What runs goes on: only a restart after a crash would not know of it.
        log_event(LogLevel::warning, "running-not-noted", {{"why", error.what()}});
    }
}

RunningNote::Contents RunningNote::read() const {
    Contents contents;
    std::ifstream file{path_()};
    if (!file) {
        return contents;
    }
    try {
        const auto object = nlohmann::json::parse(file);
        contents.recording = bytes_of_json_text(object.at("recording").get<std::string>());
        if (const auto url = bytes_of_json_text(object.at("stream").get<std::string>()); !url.empty()) {
            contents.stream =
                Stream{StreamTarget::parse(url), parse_stream_format(object.at("format").get<std::string>())};
        }
        contents.playing = {bytes_of_json_text(object.value("artist", "")),
                            bytes_of_json_text(object.value("title", ""))};
    } catch (const std::exception&) {
        return {};  // half a note is worth less than a mixer that starts
    }
    return contents;
}

}  // namespace crowdjack
