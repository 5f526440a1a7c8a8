// SPDX-License-Identifier: GPL-3.0-or-later
// Which track of a collection is meant by a path.
#include "struct-export/rekordbox.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace crowdjack {

namespace {

using Tracks = std::vector<const RekordboxTrack*>;

constexpr double same_length_s = 2.0;  ///< TotalTime is in whole seconds, an analysis ends with the last beat
constexpr double same_bpm = 0.01;

/// How many characters two paths share from the end, up to whole folders.
std::size_t shared_tail(std::string_view a, std::string_view b) noexcept {
    std::size_t shared = 0;
    for (std::size_t i = 1; i <= std::min(a.size(), b.size()) && a[a.size() - i] == b[b.size() - i]; ++i) {
        if (a[a.size() - i] == '/' || i == a.size() || i == b.size()) {
            shared = i;
        }
    }
    return shared;
}

/// Keeps those of one length, when there are any.
void keep_those_of_length(Tracks& tracks, double length_s) {
    const auto fits = [length_s](const RekordboxTrack* track) {
        return track->total_time > 0.0 && std::abs(track->total_time - length_s) <= same_length_s;
    };
    if (length_s > 0.0 && std::ranges::any_of(tracks, fits)) {
        std::erase_if(tracks, [&](const RekordboxTrack* track) { return !fits(track); });
    }
}

/// Entries that were never analysed say nothing beside one that was.
void keep_analysed(Tracks& tracks) {
    const auto analysed = [](const RekordboxTrack* track) { return track->bpm() > 0.0; };
    if (std::ranges::any_of(tracks, analysed)) {
        std::erase_if(tracks, [&](const RekordboxTrack* track) { return !analysed(track); });
    }
}

template <typename Field>
std::string values_of(const Tracks& tracks, const char* name, const Field& field) {
    std::set<std::string> values;
    for (const RekordboxTrack* track : tracks) {
        if (const std::string value = field(*track); !value.empty()) {
            values.insert(value);
        }
    }
    if (values.size() < 2) {
        return {};
    }
    std::string text;
    for (const std::string& value : values) {
        text += (text.empty() ? std::string{name} + " " : " and ") + value;
    }
    return text;
}

std::string keys_of(const Tracks& tracks) {
    return values_of(tracks, "Tonality", [](const RekordboxTrack& track) { return track.tonality; });
}

/// "AverageBpm 124.60 and 126.00, Tonality 8A and 9A (lines 3, 17)"
std::string differences_of(const Tracks& tracks) {
    std::string text;
    for (const std::string& part :
         {values_of(tracks, "AverageBpm",
                    [](const RekordboxTrack& track) { return track.bpm() > 0.0 ? fixed(track.bpm(), 2) : ""; }),
          keys_of(tracks), values_of(tracks, "TotalTime", [](const RekordboxTrack& track) {
              return track.total_time > 0.0 ? fixed(track.total_time, 0) : "";
          })}) {
        text += (text.empty() || part.empty() ? "" : ", ") + part;
    }
    std::string lines;
    for (const RekordboxTrack* track : tracks) {
        lines += (lines.empty() ? "" : ", ") + std::to_string(track->line);
    }
    return text + " (lines " + lines + ")";
}

}  // namespace

void RekordboxCollection::index() {
    path_keys_.reserve(tracks_.size());
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        path_keys_.push_back(match_key(tracks_[i].path));
        by_path_.emplace(path_keys_.back(), i);
        by_name_.emplace(file_name(path_keys_.back()), i);
    }
}

RekordboxCollection::Match RekordboxCollection::match(std::string_view path, Seconds length) const {
    const std::string key = match_key(with_slashes(path));
    if (const auto found = by_path_.find(key); found != by_path_.end()) {
        return {&tracks_[found->second], {}, false};
    }
    return match_name(key, length);
}

RekordboxCollection::Match RekordboxCollection::match_name(std::string_view path_key, Seconds length) const {
    Tracks tracks;
    std::size_t best_tail = 0;
    auto [candidate, end] = by_name_.equal_range(file_name(path_key));
    for (; candidate != end; ++candidate) {
        tracks.push_back(&tracks_[candidate->second]);
    }
    if (tracks.empty()) {
        return {};
    }
    std::ranges::sort(tracks);  // as the collection has them
    keep_those_of_length(tracks, length.value);
    const auto tail = [&](const RekordboxTrack* track) {
        return shared_tail(path_key, path_keys_[static_cast<std::size_t>(track - tracks_.data())]);
    };
    for (const RekordboxTrack* track : tracks) {
        best_tail = std::max(best_tail, tail(track));
    }
    std::erase_if(tracks, [&](const RekordboxTrack* track) { return tail(track) < best_tail; });
    keep_analysed(tracks);
    const bool agree = std::ranges::all_of(tracks, [&](const RekordboxTrack* track) {
        return std::abs(track->bpm() - tracks.front()->bpm()) <= same_bpm;
    });
    if (!agree) {
        return {nullptr, differences_of(tracks), false};
    }
    const bool key_differs = !keys_of(tracks).empty();
    const auto with_key =
        std::ranges::find_if(tracks, [](const RekordboxTrack* track) { return !track->tonality.empty(); });
    return {with_key == tracks.end() ? tracks.front() : *with_key, key_differs ? differences_of(tracks) : "",
            key_differs};
}

}  // namespace crowdjack
