// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/bpm_config.hpp"

#include "common/error.hpp"
#include "common/text_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>

namespace crowdjack {

namespace {

using nlohmann::json;

struct Range {
    double low, high;
};
constexpr Range movement_range{0.0, 1.0};
constexpr Range bpm_range{20.0, 400.0};
constexpr Range seconds_range{0.0, 3600.0};
constexpr std::uintmax_t largest_file = 1U << 20;

/// A value as a message quotes it. Arrays and objects are only named: they may be nested deeper than the stack.
std::string quoted(const json& value) {
    return value.is_structured() ? std::string{value.type_name()} : value.dump(-1, ' ', true).substr(0, 40);
}

/// One JSON object of the file: takes the keys it is asked for, then tells which were never asked for.
class Section {
public:
    Section(const json& object, std::string path, const std::string& file)
        : object_{object}, path_{std::move(path)}, file_{file} {
        if (!object_.is_object()) {
            throw UsageError{file_ + ": " + path_ + " is " + object_.type_name() + ", but should be an object {…}"};
        }
    }

    /// Reads a number into `value` when the key is there. @returns whether it was
    bool number(const char* key, Range range, double& value) {
        const auto* found = take(key);
        if (found == nullptr) {
            return false;
        }
        const bool fits = found->is_number() && std::isfinite(found->get<double>()) &&
                          found->get<double>() >= range.low && found->get<double>() <= range.high;
        if (!fits) {
            throw UsageError{file_ + ": " + path_ + "." + key + " is " + quoted(*found) +
                             ", but should be a number from " + json(range.low).dump() + " to " +
                             json(range.high).dump()};
        }
        value = found->get<double>();
        return true;
    }

    [[nodiscard]] const json* take(const char* key) {
        asked_.emplace(key, true);
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }

    void warn_of_unknown(std::vector<std::string>& warnings) const {
        for (const auto& [key, value] : object_.items()) {
            if (!asked_.contains(key)) {
                warnings.push_back(file_ + ": " + path_ + "." + key + " is unknown and ignored");
            }
        }
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    const json& object_;
    std::string path_;
    const std::string& file_;
    std::map<std::string, bool, std::less<>> asked_;
};

void require_ascending(const TableSettings& table, const std::string& file) {
    const std::initializer_list<std::pair<const char*, double>> order{{"thresholds.very_very_low", table.very_very_low},
                                                                      {"thresholds.very_low", table.very_low},
                                                                      {"thresholds.low", table.low},
                                                                      {"thresholds.medium", table.medium}};
    for (const auto* each = order.begin(); each + 1 != order.end(); ++each) {
        if ((each + 1)->second < each->second) {
            throw UsageError{file + ": movement_bpm." + (each + 1)->first + " (" + json((each + 1)->second).dump() +
                             ") is below movement_bpm." + each->first + " (" + json(each->second).dump() +
                             "): thresholds must ascend"};
        }
    }
    if (table.top <= table.medium) {
        throw UsageError{file + ": movement_bpm.movement_max_value (" + json(table.top).dump() +
                         ") must be above movement_bpm.thresholds.medium (" + json(table.medium).dump() + ")"};
    }
}

/// crowdstream's guide makes the tempo rise earlier with nothing but `"medium": 0.08`: a default above a threshold that
/// the file gives comes down to it.
void read_thresholds(Section& section, TableSettings& table) {
    const std::initializer_list<std::pair<const char*, double*>> order{{"medium", &table.medium},
                                                                       {"low", &table.low},
                                                                       {"very_low", &table.very_low},
                                                                       {"very_very_low", &table.very_very_low}};
    double lowest_given = movement_range.high;
    for (const auto& [key, threshold] : order) {
        if (section.number(key, movement_range, *threshold)) {
            lowest_given = *threshold;
        } else {
            *threshold = std::min(*threshold, lowest_given);
        }
    }
}

void read_table(Section& root, BpmConfig& config, const std::string& file) {
    if (const auto* object = root.take("thresholds")) {
        Section section{*object, root.path() + ".thresholds", file};
        read_thresholds(section, config.table);
        section.warn_of_unknown(config.warnings);
    }
    if (const auto* object = root.take("bpm_targets")) {
        Section section{*object, root.path() + ".bpm_targets", file};
        section.number("very_very_low", bpm_range, config.table.bpm_very_very_low);
        section.number("very_low", bpm_range, config.table.bpm_very_low);
        section.number("low", bpm_range, config.table.bpm_low);
        section.number("medium", bpm_range, config.table.bpm_medium);
        section.number("high_max", bpm_range, config.table.bpm_high_max);
        section.warn_of_unknown(config.warnings);
    }
    double most = 0.0;
    if (root.number("movement_max_value", {1e-6, 1e9}, most)) {
        if (most > 1.0) {
            config.above_one = {MovementUnit::Kind::raw, most};
        } else {
            config.table.top = most;
        }
    }
}

void read_smoothing(Section& root, BpmConfig& config, const std::string& file) {
    const auto* object = root.take("smoothing");
    if (object == nullptr) {
        return;
    }
    Section section{*object, root.path() + ".smoothing", file};
    if (section.number("transition_time_seconds", seconds_range, config.up_s)) {
        config.down_s = config.up_s;
    }
    section.number("transition_time_up_seconds", seconds_range, config.up_s);
    section.number("transition_time_down_seconds", seconds_range, config.down_s);
    std::string ignored;
    for (const auto* key :
         {"audio_loop_rate_hz", "smoothing_factor_up", "smoothing_factor_down", "smoothing_factor_stable"}) {
        double unused = 0.0;
        if (section.number(key, {-1e9, 1e9}, unused)) {
            ignored += (ignored.empty() ? "" : ", ") + std::string{key};
        }
    }
    if (!ignored.empty()) {
        config.notices.push_back(
            file + ": " + ignored +
            " ignored: smoothing per audio block made the ramp depend on the block size; ramps are "
            "straight and take transition_time_seconds");
    }
    section.warn_of_unknown(config.warnings);
}

}  // namespace

BpmConfig parse_bpm_config(std::string_view text, const std::string& name) {
    BpmConfig config;
    json document;
    try {
        document = json::parse(text);
    } catch (const json::parse_error& error) {
        throw UsageError{name + ": not valid JSON at byte " + std::to_string(error.byte) +
                         ": check quotes, commas and braces there"};
    } catch (const json::out_of_range&) {
        throw UsageError{name + ": a number in it is beyond what a computer can hold (1.8e308): use a smaller one"};
    }
    Section top{document, "the file", name};
    if (const auto* movement = top.take("movement_bpm")) {
        Section root{*movement, "movement_bpm", name};
        read_table(root, config, name);
        read_smoothing(root, config, name);
        root.warn_of_unknown(config.warnings);
    } else {
        config.warnings.push_back(name + ": has no movement_bpm, so every setting is its default");
    }
    top.warn_of_unknown(config.warnings);
    require_ascending(config.table, name);
    return config;
}

BpmConfig read_bpm_config(const std::filesystem::path& path) {
    std::string text;
    try {
        text = read_bounded(path, largest_file);
    } catch (const Failure& failure) {
        throw UsageError{std::string{"--bpm-config: "} + failure.what() + ": give the path of a bpm_config.json"};
    }
    return parse_bpm_config(text, path.string());
}

}  // namespace crowdjack
