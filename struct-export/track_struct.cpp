// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/track_struct.hpp"

#include "common/error.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <system_error>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

/// Reads the fields of one document and says which one is wrong.
class Fields {
public:
    Fields(const Json& document, const std::string& name) : document_{document}, name_{name} {
        if (!document.is_object()) {
            throw Failure{name + ": holds " + article(document) + ", not one track's structure (an object)"};
        }
    }

    [[nodiscard]] const Json* find(const char* field) const {
        const auto found = document_.find(field);
        return found == document_.end() || found->is_null() ? nullptr : &*found;
    }

    [[nodiscard]] std::string text(const char* field) const {
        const Json* value = find(field);
        if (value != nullptr && !value->is_string()) {
            throw wrong(field, *value, "a text");
        }
        return value == nullptr ? std::string{} : value->get<std::string>();
    }

    [[nodiscard]] double number(const Json& value, const std::string& field) const {
        if (!value.is_number()) {
            throw wrong(field, value, "a number");
        }
        const auto number = value.get<double>();
        if (!std::isfinite(number) || number < 0.0) {
            throw Failure{name_ + ": field '" + field + "' is " + value.dump() + ": it can't be negative or infinite"};
        }
        return number;
    }

    [[nodiscard]] const Json& list(const char* field) const {
        static const Json none = Json::array();
        const Json* value = find(field);
        if (value != nullptr && !value->is_array()) {
            throw wrong(field, *value, "a list");
        }
        return value == nullptr ? none : *value;
    }

    [[nodiscard]] std::vector<double> numbers(const char* field) const {
        const Json& values = list(field);
        std::vector<double> result;
        result.reserve(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            result.push_back(number(values[i], indexed(field, i)));
        }
        return result;
    }

    [[nodiscard]] std::vector<Segment> segments() const {
        const Json& values = list("segments");
        std::vector<Segment> result;
        for (std::size_t i = 0; i < values.size(); ++i) {
            result.push_back(segment(values[i], indexed("segments", i)));
        }
        std::ranges::stable_sort(result, {}, [](const Segment& each) { return each.start; });
        return result;
    }

    [[nodiscard]] Failure missing(const std::string& field) const {
        return Failure{name_ + ": field '" + field + "' is missing"};
    }

private:
    static std::string article(const Json& value) {
        const std::string type = value.type_name();
        return (type == "array" || type == "object" ? "an " : type == "null" ? "" : "a ") + type;
    }

    static std::string indexed(const std::string& field, std::size_t i) {
        return field + "[" + std::to_string(i) + "]";
    }

    [[nodiscard]] Failure wrong(const std::string& field, const Json& value, const char* wanted) const {
        return Failure{name_ + ": field '" + field + "' is " + article(value) + ", not " + wanted};
    }

    [[nodiscard]] Segment segment(const Json& value, const std::string& field) const {
        if (!value.is_object()) {
            throw wrong(field, value, "an object with start, end and label");
        }
        for (const char* part : {"start", "end"}) {
            if (!value.contains(part)) {
                throw missing(field + "." + part);
            }
        }
        const Segment result{
            {number(value["start"], field + ".start")}, {number(value["end"], field + ".end")}, label(value, field)};
        if (result.end < result.start) {
            throw Failure{name_ + ": field '" + field + "' ends (" + shortest(result.end.value) +
                          " s) before it starts (" + shortest(result.start.value) + " s)"};
        }
        return result;
    }

    [[nodiscard]] std::string label(const Json& value, const std::string& field) const {
        const auto found = value.find("label");
        if (found == value.end() || found->is_null()) {
            return {};
        }
        if (!found->is_string()) {
            throw wrong(field + ".label", *found, "a text");
        }
        return found->get<std::string>();
    }

    const Json& document_;
    const std::string& name_;
};

bool is_json(const std::filesystem::path& file) { return match_key(file.extension().string()) == ".json"; }

}  // namespace

TrackStruct track_struct(const nlohmann::ordered_json& document, const std::string& name) {
    const Fields fields{document, name};
    TrackStruct track;
    track.audio = fields.text("path");
    if (track.audio.empty()) {
        track.audio = fields.text("file_path");
    }
    if (track.audio.empty()) {
        throw fields.missing("path");
    }
    if (const Json* bpm = fields.find("bpm")) {
        track.bpm = fields.number(*bpm, "bpm");
    }
    if (fields.find("segments") == nullptr) {
        throw fields.missing("segments");
    }
    track.segments = fields.segments();
    track.beats = fields.numbers("beats");
    track.downbeats = fields.numbers("downbeats");
    track.key = trimmed(fields.text("key"));
    return track;
}

TrackStruct read_track_struct(const std::filesystem::path& file) {
    TrackStruct track = track_struct(read_json(file), file.string());
    track.file = file;
    track.name = file.stem().string();
    return track;
}

std::vector<std::filesystem::path> struct_files(const std::filesystem::path& folder) {
    std::error_code error;
    if (std::filesystem::is_regular_file(folder, error)) {
        return {folder};
    }
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        if (is_json(entry->path()) && !entry->is_directory()) {
            files.push_back(entry->path());
        }
    }
    if (error) {
        throw Failure{"cannot list the structures in " + folder.string() + ": " + error.message()};
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace crowdjack
