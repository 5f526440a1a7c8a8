// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/selection.hpp"

#include "common/error.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/musical_key.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <tuple>

namespace crowdjack {

namespace {

constexpr double slowest = 0.25;
constexpr double fastest = 4.0;
constexpr double same_bpm = 1e-6;  ///< 120.1 + 0.1 falls short of 120.2 in the last digit of a double

class Selector {
public:
    Selector(const ExportOptions& options, const RekordboxCollection* collection, const Tell& warn)
        : options_{options}, collection_{collection}, warn_{warn}, lookup_{options.audio_dir} {}

    /// @throws NotExported
    [[nodiscard]] ExportPlan plan(TrackStruct track) const {
        ExportPlan plan;
        plan.track = std::move(track);
        plan.target_bpm = options_.target_bpm;
        const RekordboxTrack* known = rekordbox_track(plan.track);
        plan.key = known != nullptr && !known->tonality.empty() ? known->tonality : plan.track.key;
        check_key(plan.key);
        choose_bpm(plan, known);
        plan.order.cues = find_cues(plan.track, options_.n_sections, options_.intro_fallback);
        plan.order.audio = lookup_.find(plan.track, known != nullptr ? known->path : std::string{});
        plan.order.method = options_.method;
        plan.order.format = options_.format;
        plan.order.tags = tags(plan, known);
        return plan;
    }

private:
    [[nodiscard]] const RekordboxTrack* rekordbox_track(const TrackStruct& track) const {
        if (collection_ == nullptr) {
            return nullptr;
        }
        const RekordboxCollection::Match match = collection_->match({track.audio});
        if (match.ambiguous) {
            warn_(track.file, "several tracks of the Rekordbox collection are called like " + track.audio +
                                  " and say different things: none was used");
        }
        return match.track;
    }

    void check_key(const std::string& key) const {
        const auto is_this = [&key](const std::string& wanted) { return same_key(wanted, key); };
        if (!options_.keys.empty() && std::ranges::none_of(options_.keys, is_this)) {
            throw NotExported{"key mismatch", key.empty() ? "its key is not known" : "its key is " + key};
        }
    }

    void choose_bpm(ExportPlan& plan, const RekordboxTrack* known) const {
        plan.claims = {known != nullptr ? known->bpm() : 0.0, plan.track.bpm, fit_tempo(plan.track.beats)};
        plan.tempo = choose_tempo(plan.claims, options_.tempo_source);
        if (plan.tempo.bpm <= 0.0) {
            throw NotExported{"BPM unknown", options_.tempo_source == TempoSource::automatic
                                                 ? "neither Rekordbox, the JSON's bpm nor its beats tell"
                                                 : std::string{to_text(options_.tempo_source)} + " doesn't tell"};
        }
        if (!plan.tempo.warning.empty()) {
            warn_(plan.track.file, "BPM " + fixed(plan.tempo.bpm, 2) + " from " + to_text(plan.tempo.source) +
                                       " is in doubt: " + plan.tempo.warning);
        }
        if (plan.tempo.bpm < options_.lowest_bpm - same_bpm || plan.tempo.bpm > options_.highest_bpm + same_bpm) {
            throw NotExported{"BPM outside range", fixed(plan.tempo.bpm, 2) + " (" + to_text(plan.tempo.source) +
                                                       ") is not within " + shortest(options_.lowest_bpm) + "…" +
                                                       shortest(options_.highest_bpm)};
        }
        plan.order.speed = plan.target_bpm / plan.tempo.bpm;
        if (plan.order.speed < slowest || plan.order.speed > fastest) {
            throw NotExported{"tempo too far", "from " + fixed(plan.tempo.bpm, 2) + " to " + fixed(plan.target_bpm, 2) +
                                                   " BPM is a speed of " + fixed(plan.order.speed, 2) +
                                                   ", beyond 0.25…4"};
        }
    }

    static PartTags tags(const ExportPlan& plan, const RekordboxTrack* known) {
        PartTags tags;
        if (known != nullptr) {
            tags.title = known->name;
            tags.artist = known->artist;
        }
        tags.comment = "BPM " + shortest(plan.target_bpm) + (plan.key.empty() ? "" : ", key " + plan.key) +
                       ", from BPM " + shortest(plan.tempo.bpm);
        return tags;
    }

    const ExportOptions& options_;
    const RekordboxCollection* collection_;
    const Tell& warn_;
    AudioLookup lookup_;
};

/// FNV-1a, as eight hexadecimal digits: tells apart tracks of one name, the same in every run.
std::string short_hash(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    }
    std::string digits;
    for (int shift = 28; shift >= 0; shift -= 4) {
        digits += "0123456789abcdef"[(hash >> static_cast<unsigned>(shift)) & 15U];
    }
    return digits;
}

/// NAME_sectioned.wav in the parts folder and its `orig`; tracks whose audio has the same name get a hash added.
void name_parts(std::vector<ExportPlan>& plans, const std::filesystem::path& folder) {
    std::set<std::string> taken;
    for (ExportPlan& plan : plans) {
        std::string stem = plan.order.audio.stem().string();
        if (!taken.insert(match_key(stem)).second) {
            stem += "_" + short_hash(plan.order.audio.string() + "\n" + plan.track.name);
            taken.insert(match_key(stem));
        }
        plan.order.part_fitted = folder / (stem + "_sectioned.wav");
        plan.order.part_original = folder / "orig" / (stem + "_sectioned.wav");
    }
}

}  // namespace

Selection select_tracks(const std::vector<std::filesystem::path>& structures, const ExportOptions& options,
                        const RekordboxCollection* collection, const Tell& warn) {
    const Selector selector{options, collection, warn};
    Selection selection;
    for (const std::filesystem::path& file : structures) {
        SkippedTrack skipped{std::filesystem::absolute(file).lexically_normal(), {}, {}, {}};
        try {
            TrackStruct track = read_track_struct(file);
            skipped.audio = track.audio;
            selection.plans.push_back(selector.plan(std::move(track)));
            continue;
        } catch (const NotExported& why) {
            skipped.reason = why.reason();
            skipped.detail = why.what();
        } catch (const Failure& error) {
            skipped.reason = "unreadable";
            skipped.detail = error.what();
        }
        selection.skipped.push_back(std::move(skipped));
    }
    std::ranges::sort(selection.plans, {}, [](const ExportPlan& plan) {
        return std::tuple{plan.order.audio.string(), plan.track.name};
    });
    name_parts(selection.plans, options.parts_dir);
    return selection;
}

}  // namespace crowdjack
