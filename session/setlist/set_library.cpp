// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/set_library.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/track_grid.hpp"
#include "common/track_tags.hpp"
#include "session/program_lookup.hpp"
#include "session/setlist/track_list.hpp"

#include <chrono>
#include <utility>

namespace crowdjack {

namespace {

/// A list by hand may leave out how fast its parts are.
void find_tempi(std::vector<Section>& sections) {
    for (Section& section : sections) {
        if (!section.tempo_known) {
            const TrackGrid grid = find_track_grid(section.part_file);
            section.bpm = section.target_bpm = grid.bpm;
            log_event(LogLevel::info, "tempo",
                      {{"part", section.part_file}, {"bpm", grid.bpm}, {"from", to_text(grid.source)}});
        }
    }
}

/// What listeners are told of an export's parts: the tags of the track that a part was cut from, else its own. The set
/// begins without those that a slow disk does not say in time; their files' names are told.
void find_titles(std::vector<Section>& sections) {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    for (Section& section : sections) {
        for (const std::string& file : {section.path, section.part_file}) {
            if (section.title.empty() && std::chrono::steady_clock::now() < late) {
                const TrackTags tags = read_track_tags(file);
                section.title = tags.title;
                section.artist = tags.artist;
            }
        }
    }
}

}  // namespace

SetLibrary::SetLibrary(const std::filesystem::path& source) {
    std::vector<std::string> passed_over;
    if (names_tracks(source)) {
        becomes_known_ = true;
        for (const std::filesystem::path& file : list_tracks(source, passed_over)) {
            Section section;
            section.path = section.part_file = file.string();
            sections_.push_back(std::move(section));
        }
        log_event(LogLevel::info, "listed", {{"source", source.string()}, {"tracks", sections_.size()}});
    } else {
        sections_ = read_sections(source, &passed_over);
        find_tempi(sections_);
        find_titles(sections_);
        known_count_ = sections_.size();
    }
    for (const std::string& why : passed_over) {
        log_event(LogLevel::warning, "skipped", {{"why", why}});
    }
}

void SetLibrary::explore(ControlLoop& loop, const std::vector<std::size_t>& order,
                         std::function<void(std::size_t)> known,
                         std::function<void(std::size_t, const std::string&)> unplayable) {
    if (!becomes_known_) {
        return;
    }
    const auto program = find_program("crowdjack-struct-export", program_folders());
    if (!program) {
        throw Failure{"crowdjack-struct-export is not found, which analyses tracks: is it installed beside "
                      "crowdjack-session?"};
    }
    answered_.assign(sections_.size(), false);
    known_ = std::move(known);
    unplayable_ = std::move(unplayable);
    scout_ = std::make_unique<TrackScout>(
        loop, *program, [this](std::size_t track, const TrackScout::Found& result) { found(track, result); });
    for (const std::size_t track : order) {
        scout_->ask(track, sections_[track].part_file);
    }
}

void SetLibrary::hurry(std::size_t section, Acquaintance how) {
    if (scout_ && !answered_[section]) {
        scout_->hurry(section, how);
    }
}

void SetLibrary::found(std::size_t track, const TrackScout::Found& result) {
    if (answered_[track]) {
        return;  // an analysis ended just when the set could wait for it no longer
    }
    answered_[track] = true;
    ++looked_at_;
    if (!result.section) {
        unplayable_(track, result.why);
    } else {
        sections_[track] = *result.section;
        ++known_count_;
        if (!result.why.empty() || result.section->by_time) {
            log_event(LogLevel::warning, "by-time",
                      {{"track", sections_[track].name()},
                       {"why", result.why.empty() ? "no steady beat in four, or too short" : result.why},
                       {"so", "it is played at its own speed and faded plainly"}});
        }
        known_(track);
    }
    if (looked_at_ == sections_.size()) {
        log_event(LogLevel::info, "all-known", {{"tracks", known_count_}});
    }
}

}  // namespace crowdjack
