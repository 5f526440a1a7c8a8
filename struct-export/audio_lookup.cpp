// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/audio_lookup.hpp"

#include "common/error.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <system_error>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> spelled_otherwise(const fs::path& folder, const std::string& name) {
    const std::string wanted = composed(name);
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        if (composed(entry->path().filename().string()) == wanted) {
            found.push_back(entry->path());
        }
    }
    return found.empty() ? std::nullopt : std::optional{*std::ranges::min_element(found)};
}

bool is_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

/// How many path components two match keys share from the end.
std::size_t shared_components(const std::string& a, const std::string& b) {
    const fs::path left{a};
    const fs::path right{b};
    const std::vector<std::string> l(left.begin(), left.end());
    const std::vector<std::string> r(right.begin(), right.end());
    const auto difference = std::mismatch(l.rbegin(), l.rend(), r.rbegin(), r.rend());
    return static_cast<std::size_t>(difference.first - l.rbegin());
}

}  // namespace

std::optional<fs::path> on_disk(const fs::path& path) {
    std::error_code error;
    if (fs::exists(path, error)) {
        return path;
    }
    fs::path have;
    for (const fs::path& component : path) {
        if (have.empty() || fs::exists(have / component, error)) {
            have /= component;
            continue;
        }
        const auto found = spelled_otherwise(have, component.string());
        if (!found) {
            return std::nullopt;
        }
        have = *found;
    }
    return fs::exists(have, error) ? std::optional{have} : std::nullopt;
}

AudioLookup::AudioLookup(std::optional<fs::path> audio_dir) : audio_dir_{std::move(audio_dir)} {
    if (!audio_dir_) {
        return;
    }
    std::error_code error;
    fs::recursive_directory_iterator entry{*audio_dir_, fs::directory_options::skip_permission_denied, error};
    std::vector<fs::path> files;
    for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
        if (is_file(entry->path())) {
            files.push_back(entry->path());
        }
    }
    if (error) {
        throw Failure{"cannot list --audio-dir " + audio_dir_->string() + ": " + error.message()};
    }
    std::ranges::sort(files);
    for (fs::path& file : files) {
        std::string key = match_key(file.filename().string());
        by_name_.emplace(std::move(key), std::move(file));
    }
}

std::optional<AudioLookup::Found> AudioLookup::below_audio_dir(const std::string& path) const {
    if (!fs::path{path}.is_absolute() && is_file(*audio_dir_ / path)) {
        return Found{*audio_dir_ / path, {}};
    }
    const std::string wanted = match_key(path);
    std::vector<const fs::path*> best;
    std::size_t best_shared = 1;
    auto [candidate, end] = by_name_.equal_range(std::string{file_name(wanted)});
    for (; candidate != end; ++candidate) {
        const std::size_t shared = shared_components(match_key(candidate->second.string()), wanted);
        if (shared > best_shared) {
            best.clear();
            best_shared = shared;
        }
        if (shared == best_shared) {
            best.push_back(&candidate->second);
        }
    }
    if (best.empty()) {
        return std::nullopt;
    }
    std::string doubt;
    for (const fs::path* other : best) {
        doubt += other == best.front() ? "" : (doubt.empty() ? "" : ", ") + other->string();
    }
    return Found{*best.front(), doubt};
}

AudioLookup::Found AudioLookup::find(const TrackStruct& track, const std::string& rekordbox_path) const {
    const std::string path = with_slashes(track.audio);
    std::string tried;
    if (audio_dir_) {
        if (const auto found = below_audio_dir(path)) {
            return {fs::absolute(found->file).lexically_normal(), found->doubt};
        }
        tried = std::string{file_name(path)} + " in --audio-dir " + audio_dir_->string() + ", ";
    }
    std::vector<fs::path> places;
    if (fs::path{path}.is_absolute()) {
        places = {path};
    } else {
        places = {track.file.parent_path() / path, path};
    }
    if (!rekordbox_path.empty()) {
        places.emplace_back(rekordbox_path);
    }
    for (const fs::path& place : places) {
        if (const auto found = on_disk(place); found && is_file(*found)) {
            return {fs::absolute(*found).lexically_normal(), {}};
        }
        tried += place.string() + ", ";
    }
    tried.resize(tried.size() - 2);
    throw NotExported{"audio missing",
                      "tried " + tried + (audio_dir_ ? "" : " (--audio-dir names a folder to look in)")};
}

}  // namespace crowdjack
