// SPDX-License-Identifier: GPL-3.0-or-later
// A crate of generated tracks with their structures, and the real program to try on it.
#pragma once

#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace crowdjack::test {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// Every file below a folder with its bytes.
inline std::map<std::string, std::string> content_of(const fs::path& folder) {
    std::map<std::string, std::string> content;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) {
            content[fs::relative(entry.path(), folder).string()] = text_of(entry.path());
        }
    }
    return content;
}

/// Rows of a CSV without quoted fields, by column name.
inline std::vector<std::map<std::string, std::string>> rows_of(const fs::path& file) {
    std::ifstream stream{file};
    const auto split = [](const std::string& line) {
        std::vector<std::string> fields;
        std::istringstream text{line};
        for (std::string field; std::getline(text, field, ',');) {
            fields.push_back(field);
        }
        return fields;
    };
    std::string line;
    std::getline(stream, line);
    const std::vector<std::string> names = split(line);
    std::vector<std::map<std::string, std::string>> rows;
    while (std::getline(stream, line)) {
        const std::vector<std::string> fields = split(line);
        auto& row = rows.emplace_back();
        for (std::size_t i = 0; i < names.size(); ++i) {
            row[names[i]] = i < fields.size() ? fields[i] : "";
        }
    }
    return rows;
}

/// A crate of tracks with their structures, and the program to try on it.
class Crate {
public:
    Crate() {
        fs::create_directories(struct_dir);
        fs::create_directories(audio_dir);
    }

    /// Clicks on every beat from 0; an intro of 4 beats, then segments of 4 beats each.
    void add(const std::string& name, double bpm, int beats, const Json& extra = Json::object()) const {
        const double beat = 60.0 / bpm;
        write_audio(audio_dir / (name + ".wav"), as_channels(click_track(bpm, (beats + 2) * beat, 44100), 2), 2, 44100,
                    SampleFormat::pcm16);
        Json segments = Json::array();
        for (int at = 0; at + 4 <= beats; at += 4) {
            segments.push_back(
                {{"start", at * beat}, {"end", (at + 4) * beat}, {"label", at == 0 ? "intro" : "verse"}});
        }
        Json document{{"path", "/on/another/machine/" + name + ".wav"}, {"bpm", bpm}};
        document["beats"] = Json::array();
        for (int i = 0; i < beats; ++i) {
            document["beats"].push_back(std::round(i * beat * 100.0) / 100.0);
        }
        document["downbeats"] = Json::array({0.0, 4.0 * beat});
        document["segments"] = segments;
        document.update(extra);
        write_struct(name, document.dump());
    }

    void write_struct(const std::string& name, const std::string& json) const {
        std::ofstream{struct_dir / (name + ".json")} << json;
    }

    struct Ran {
        int code{};
        std::string output;
    };

    [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all{program_path("crowdjack-struct-export")};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }

    [[nodiscard]] Ran run(const std::vector<std::string>& arguments) const {
        Process process{command(arguments), {.environment = {}, .folder = folder.path()}};
        const auto code = process.wait(Deadline{120'000});
        return {code.value_or(-1), process.whole_output()};
    }

    /// With the crate's folders, parts in `parts` and the CSV beside them.
    [[nodiscard]] Ran export_to(const std::string& parts, std::vector<std::string> more) const {
        more.insert(more.begin(), {struct_dir.string(), "--audio-dir", audio_dir.string(), "--parts-dir",
                                   (folder / parts).string(), "--stretch", "wsola", "--n-sections", "2"});
        return run(more);
    }

    TemporaryFolder folder;
    fs::path struct_dir{folder / "struct"}, audio_dir{folder / "audio"};
};

inline std::map<std::string, std::string> reasons_of(const fs::path& file) {
    std::map<std::string, std::string> reasons;
    for (const auto& row : rows_of(file)) {
        reasons[fs::path{row.at("struct")}.stem().string()] = row.at("reason");
    }
    return reasons;
}

}  // namespace crowdjack::test
