// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/track_struct.hpp"

#include "common/error.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

constexpr double highest_bpm = 1000.0;

std::string article(const Json& value) {
    const std::string type = value.type_name();
    return (type == "array" || type == "object" ? "an " : type == "null" ? "" : "a ") + type;
}

std::string indexed(const std::string& field, std::size_t i) { return field + "[" + std::to_string(i) + "]"; }

bool is_time(const Json& value) {
    return value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() >= 0.0;
}

/// Reads the fields of one document. What must be there is an error when it is wrong, what may be missing a warning.
class Fields {
public:
    Fields(const Json& document, const std::string& name, std::vector<std::string>& warnings)
        : document_{document}, name_{name}, warnings_{warnings} {
        if (!document.is_object()) {
            throw Failure{name + ": holds " + article(document) + ", not one track's structure (an object)"};
        }
    }

    [[nodiscard]] double bpm() const {
        const Json* value = find("bpm");
        if (value == nullptr) {
            return 0.0;
        }
        double number = 0.0;
        if (value->is_string() && parse_number(trimmed(value->get_ref<const std::string&>()), number) &&
            number >= 0.0) {
            warn("bpm", "a text: read as " + shortest(number));
            return number;
        }
        if (!is_time(*value)) {
            pass_over("bpm", *value, "a number");
            return 0.0;
        }
        if (value->get<double>() > highest_bpm) {
            warn("bpm", shortest(value->get<double>()) + ", which no music has: passed over");
            return 0.0;
        }
        return value->get<double>();
    }

    /// A text; of an object of correlations (AutoMashup writes them) the name of the highest.
    [[nodiscard]] std::string key() const {
        const Json* value = find("key");
        if (value == nullptr || value->is_string()) {
            return value == nullptr ? std::string{} : std::string{trimmed(value->get_ref<const std::string&>())};
        }
        std::string best;
        double highest = -std::numeric_limits<double>::infinity();
        if (value->is_object()) {
            for (const auto& [name, correlation] : value->items()) {
                if (correlation.is_number() && correlation.get<double>() > highest) {
                    highest = correlation.get<double>();
                    best = trimmed(name);
                }
            }
        }
        if (best.empty()) {
            pass_over("key", *value, "a text");
        } else {
            warn("key", "an object: the highest of its " + std::to_string(value->size()) + " values is " + best);
        }
        return best;
    }

    [[nodiscard]] std::vector<double> times(const char* field) const {
        std::vector<double> result;
        const Json* values = find(field);
        if (values == nullptr) {
            return result;
        }
        if (!values->is_array()) {
            pass_over(field, *values, "a list");
            return result;
        }
        std::size_t wrong = 0;
        std::size_t first_wrong = 0;
        for (std::size_t i = 0; i < values->size(); ++i) {
            if (is_time((*values)[i])) {
                result.push_back((*values)[i].get<double>());
            } else {
                first_wrong = wrong++ == 0 ? i : first_wrong;
            }
        }
        if (wrong > 0) {
            warn(field, "a list in which " + std::to_string(wrong) + " are no times, the first at " +
                            std::to_string(first_wrong) + ": passed over");
        }
        return result;
    }

    [[nodiscard]] std::vector<Segment> segments() const {
        const Json* values = find("segments");
        if (values == nullptr) {
            throw missing("segments");
        }
        if (!values->is_array()) {
            throw wrong("segments", *values, "a list");
        }
        std::vector<Segment> result;
        for (std::size_t i = 0; i < values->size(); ++i) {
            result.push_back(segment((*values)[i], indexed("segments", i)));
        }
        std::ranges::stable_sort(result, {}, [](const Segment& each) { return each.start; });
        return result;
    }

    [[nodiscard]] Failure missing(const std::string& field) const {
        return Failure{name_ + ": field '" + field + "' is missing"};
    }

    void check_path() const {
        for (const char* field : {"path", "file_path"}) {
            const Json* value = find(field);
            if (value != nullptr && !value->is_string()) {
                throw wrong(field, *value, "a text");
            }
        }
    }

private:
    [[nodiscard]] const Json* find(const char* field) const {
        const auto found = document_.find(field);
        return found == document_.end() || found->is_null() ? nullptr : &*found;
    }

    void warn(const std::string& field, const std::string& what) const {
        warnings_.push_back("field '" + field + "' is " + what);
    }
    void pass_over(const std::string& field, const Json& value, const char* wanted) const {
        warn(field, (value.is_number() ? value.dump() : article(value)) + ", not " + wanted + ": passed over");
    }

    [[nodiscard]] Failure wrong(const std::string& field, const Json& value, const char* wanted) const {
        return Failure{name_ + ": field '" + field + "' is " + article(value) + ", not " + wanted};
    }

    [[nodiscard]] double time(const Json& value, const std::string& field) const {
        if (!value.is_number()) {
            throw wrong(field, value, "a number");
        }
        if (!is_time(value)) {
            throw Failure{name_ + ": field '" + field + "' is " + value.dump() + ": it can't be negative or infinite"};
        }
        return value.get<double>();
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
        Segment result{
            {time(value["start"], field + ".start")}, {time(value["end"], field + ".end")}, label(value, field)};
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
            pass_over(field + ".label", *found, "a text");
            return {};
        }
        return found->get<std::string>();
    }

    const Json& document_;
    const std::string& name_;
    std::vector<std::string>& warnings_;
};

bool is_json(const std::filesystem::path& file) { return match_key(file.extension().string()) == ".json"; }

}  // namespace

Seconds TrackStruct::length() const noexcept {
    double last = 0.0;
    for (const Segment& segment : segments) {
        last = std::max(last, segment.end.value);
    }
    for (const double beat : beats) {
        last = std::max(last, beat);
    }
    return {last};
}

std::string audio_of(const nlohmann::ordered_json& document) {
    for (const char* field : {"path", "file_path"}) {
        const auto found = document.is_object() ? document.find(field) : document.end();
        if (found != document.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
            return found->get<std::string>();
        }
    }
    return {};
}

TrackStruct track_struct(const nlohmann::ordered_json& document, const std::string& name) {
    TrackStruct track;
    const Fields fields{document, name, track.warnings};
    fields.check_path();
    track.audio = audio_of(document);
    if (track.audio.empty()) {
        throw fields.missing("path");
    }
    track.segments = fields.segments();
    track.bpm = fields.bpm();
    track.beats = fields.times("beats");
    track.downbeats = fields.times("downbeats");
    track.key = fields.key();
    return track;
}

TrackStruct read_track_struct(const std::filesystem::path& file) {
    TrackStruct track = track_struct(read_python_json(file, nan_as_text), file.string());
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
