// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/track_grid.hpp"

#include "common/beat_line.hpp"
#include "common/track_tags.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <vector>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t largest_json = std::uintmax_t{16} << 20U;
constexpr double tag_rounding = 0.5;  ///< BPM
constexpr int folders_up = 3;         ///< of the track, in which a folder `struct` is looked for
constexpr std::size_t longest_stem = 100;

using Json = nlohmann::json;

std::vector<double> times(const Json& document, const char* name) {
    std::vector<double> result;
    const auto list = document.find(name);
    if (list == document.end() || !list->is_array()) {
        return result;
    }
    for (const Json& each : *list) {
        if (each.is_number() && std::isfinite(each.get<double>()) && each.get<double>() >= 0.0) {
            result.push_back(each.get<double>());
        }
    }
    return result;
}

double number(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_number() && std::isfinite(found->get<double>()) ? found->get<double>()
                                                                                                : 0.0;
}

std::string text(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Analyses come from other machines: only the last part of a path, of either kind of slash, means something here.
std::string last_part(const std::string& path) {
    const auto slash = path.find_last_of("/\\");
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// The bars' anchor on the line through all beats: where most downbeats lie, as the first of them on the line.
double first_bar(const BeatLine& line, const std::vector<double>& downbeats, int per_bar) {
    std::vector<int> votes(static_cast<std::size_t>(per_bar), 0);
    for (const double downbeat : downbeats) {
        const auto beat = std::llround((downbeat - line.first_s) / line.period_s);
        ++votes[static_cast<std::size_t>(((beat % per_bar) + per_bar) % per_bar)];
    }
    const auto offset = std::distance(votes.begin(), std::max_element(votes.begin(), votes.end()));
    const double bar = line.period_s * per_bar;
    const double anchor = line.first_s + static_cast<double>(offset) * line.period_s;
    return anchor - bar * std::floor(anchor / bar + 1e-9);
}

int beats_of_bar(const Json& document) {
    double most = 0.0;
    for (const double position : times(document, "beat_positions")) {
        most = std::max(most, position);
    }
    return most >= 2.0 && most <= 12.0 ? static_cast<int>(most) : 4;
}

std::optional<TrackGrid> grid_of(const Json& document) {
    TrackGrid grid;
    const double stated = number(document, "bpm");
    const auto line = fit_beat_line(times(document, "beats"));
    if (!line && (stated < 20.0 || stated > 999.0)) {
        return std::nullopt;
    }
    grid.bpm = stated;
    grid.beats_per_bar = beats_of_bar(document);
    if (line) {
        grid.steady = line->steady >= 0.9;
        grid.beat_known = true;
        grid.bpm = grid.steady || stated <= 0.0 ? line->bpm() : stated;
        grid.first_beat_s = first_bar(*line, times(document, "downbeats"), grid.beats_per_bar);
    }
    return grid;
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

}  // namespace

const char* to_text(GridSource source) noexcept {
    constexpr std::array words{"argument", "structure", "tag", "analysis", "default"};
    return words[static_cast<std::size_t>(source)];
}

std::optional<TrackGrid> grid_of_structure(const fs::path& json, const fs::path& track) {
    std::error_code error;
    if (!is_file(json) || fs::file_size(json, error) > largest_json || error) {
        return std::nullopt;
    }
    std::ifstream stream{json, std::ios::binary};
    const Json document = Json::parse(stream, nullptr, false);
    if (!document.is_object()) {
        return std::nullopt;
    }
    const std::string path = text(document, document.contains("path") ? "path" : "file_path");
    if (last_part(path) != track.filename().string()) {
        return std::nullopt;
    }
    auto grid = grid_of(document);
    if (grid) {
        grid->source = GridSource::structure;
        grid->file = json;
    }
    return grid;
}

std::optional<fs::path> structure_near(const fs::path& track) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(track, ignored);
    const std::array names{fs::path{track.stem().string() + ".json"}, analysis_cache_file(track).filename()};
    std::vector<fs::path> places{absolute.parent_path()};
    fs::path folder = absolute.parent_path();
    for (int up = 0; up < folders_up && folder.has_relative_path(); ++up) {
        places.push_back(folder / "struct");
        folder = folder.parent_path();
    }
    places.push_back(fs::current_path(ignored) / "struct");
    for (const fs::path& place : places) {
        for (const fs::path& name : names) {
            if (is_file(place / name) && grid_of_structure(place / name, track)) {
                return place / name;
            }
        }
    }
    return std::nullopt;
}

fs::path analysis_cache_folder() {
    const auto variable = [](const char* name) -> std::string {
        const char* value = std::getenv(name);
        return value == nullptr ? std::string{} : std::string{value};
    };
    const std::string cache = variable("XDG_CACHE_HOME");
    const fs::path base = cache.starts_with('/') ? fs::path{cache} : fs::path{variable("HOME")} / ".cache";
    return base / "crowdjack" / "analysis";
}

fs::path analysis_cache_file(const fs::path& track) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(track, error);
    const std::string place = (error ? fs::absolute(track, error) : whole).string();
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash_of(place)));
    // A stem may be as long as a name may be: leave room for the digits.
    const std::string stem = track.stem().string();
    return analysis_cache_folder() /
           ((stem.size() > longest_stem ? std::string{} : stem + "-") + digits.data() + ".json");
}

TrackGrid find_track_grid(const fs::path& track) {
    try {
        if (const auto near = structure_near(track)) {
            if (const auto grid = grid_of_structure(*near, track)) {
                return *grid;
            }
        }
        auto own = grid_of_structure(analysis_cache_file(track), track);
        if (own) {
            own->source = GridSource::analysis;
        }
        const double tagged = read_track_tags(track).bpm;
        if (tagged > 0.0 && !(own && std::abs(own->bpm - tagged) <= tag_rounding)) {
            TrackGrid grid;
            grid.bpm = tagged;
            grid.source = GridSource::tag;
            return grid;
        }
        return own.value_or(TrackGrid{});
    } catch (const std::exception&) {
        return {};
    }
}

}  // namespace crowdjack
