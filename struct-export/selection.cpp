// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/selection.hpp"

#include "common/error.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/musical_key.hpp"
#include "struct-export/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <tuple>

namespace crowdjack {

namespace {

constexpr double slowest = 0.25;
constexpr double fastest = 4.0;
constexpr double well_enough_beats = 0.05;  ///< every beat so near its place needs no warp
constexpr double rounding_bpm = 1e-6;       ///< 120.1 + 0.1 falls short of 120.2 in the last digit of a double

class Selector {
public:
    Selector(const ExportOptions& options, const RekordboxCollection* collection)
        : options_{options}, collection_{collection}, lookup_{options.audio_dir} {}

    /// @throws NotExported
    [[nodiscard]] ExportPlan plan(TrackStruct track) const {
        ExportPlan plan;
        plan.track = std::move(track);
        plan.warnings = plan.track.warnings;
        plan.target_bpm = options_.target_bpm;
        const RekordboxCollection::Match match = rekordbox_match(plan);
        const RekordboxTrack* known = match.track;
        plan.key = match.tonality().empty() ? plan.track.key : match.tonality();
        check_key(plan.key);
        choose_bpm(plan, known);
        plan.order.cues = find_cues(plan.track, options_.n_sections, options_.intro_fallback);
        const auto found = lookup_.find(plan.track, known != nullptr ? known->path : std::string{});
        plan.order.audio = found.file;
        if (!found.doubt.empty()) {
            plan.warnings.push_back("several files are called so and fit as well: " + found.file.string() +
                                    " was taken, not " + found.doubt);
        }
        plan.order.method = options_.method;
        plan.order.format = options_.format;
        plan.order.tags = tags(plan, known);
        place_hand_over(plan);
        return plan;
    }

private:
    [[nodiscard]] RekordboxCollection::Match rekordbox_match(ExportPlan& plan) const {
        if (collection_ == nullptr) {
            return {};
        }
        auto match = collection_->match(plan.track.audio, plan.track.length());
        if (match.ambiguous()) {
            plan.warnings.push_back("several tracks of the Rekordbox collection are called like " + plan.track.audio +
                                    " and say different things: " + match.differences + ": none was used");
        } else if (match.key_differs) {
            plan.warnings.push_back("several tracks of the Rekordbox collection are called like " + plan.track.audio +
                                    " and agree about the BPM only: " + match.differences);
        }
        return match;
    }

    void check_key(const std::string& key) const {
        const auto is_this = [&key](const std::string& wanted) { return same_key(wanted, key); };
        if (!options_.keys.empty() && std::ranges::none_of(options_.keys, is_this)) {
            throw NotExported{"key mismatch", key.empty() ? "its key is not known" : "its key is " + key};
        }
    }

    /// The beats of the section, when there is one: a track without is told so later.
    [[nodiscard]] std::optional<SectionBeats> section_beats(const TrackStruct& track) const {
        try {
            return SectionBeats::of(track.beats, find_cues(track, options_.n_sections, options_.intro_fallback));
        } catch (const NotExported&) {
            return std::nullopt;
        }
    }

    void choose_bpm(ExportPlan& plan, const RekordboxTrack* known) const {
        plan.claims = {known != nullptr ? known->bpm() : 0.0, plan.track.bpm, fit_tempo(plan.track.beats),
                       section_beats(plan.track)};
        plan.tempo = choose_tempo(plan.claims, options_.tempo_source);
        if (plan.tempo.bpm <= 0.0) {
            throw NotExported{"BPM unknown", options_.tempo_source == TempoSource::automatic
                                                 ? "neither Rekordbox, the JSON's bpm nor its beats tell"
                                                 : std::string{to_text(options_.tempo_source)} + " doesn't tell"};
        }
        if (!plan.tempo.warning.empty()) {
            plan.warnings.push_back("BPM " + fixed(plan.tempo.bpm, 2) + " from " + to_text(plan.tempo.source) +
                                    " is in doubt: " + plan.tempo.warning);
        }
        if (plan.tempo.bpm < options_.lowest_bpm - rounding_bpm ||
            plan.tempo.bpm > options_.highest_bpm + rounding_bpm) {
            throw NotExported{"BPM outside range", fixed(plan.tempo.bpm, 2) + " (" + to_text(plan.tempo.source) +
                                                       ") is not within " + shortest(options_.lowest_bpm) + "…" +
                                                       shortest(options_.highest_bpm)};
        }
        check_speed(plan, plan.target_bpm / plan.tempo.bpm);
    }

    static void check_speed(ExportPlan& plan, double speed) {
        plan.order.speed = speed;
        if (speed < slowest || speed > fastest) {
            throw NotExported{"tempo too far", "from " + fixed(plan.tempo.bpm, 2) + " to " + fixed(plan.target_bpm, 2) +
                                                   " BPM is a speed of " + fixed(speed, 2) + ", beyond 0.25…4"};
        }
    }

    void place_hand_over(ExportPlan& plan) const {
        const Cues& cues = plan.order.cues;
        if (options_.warp) {
            warp(plan);
        } else if (plan.tempo.no_single_bpm()) {
            plan.warnings.push_back("no single BPM fits its beats: " + fixed(plan.tempo.bpm, 2) + " is " +
                                    fixed(std::abs(plan.tempo.phase->at_begin), 2) +
                                    " beats off where the hand-over "
                                    "begins and up to " +
                                    fixed(std::abs(plan.tempo.phase->worst), 2) + " in it (--warp follows each beat)");
        }
        const double speed = plan.order.speed;
        plan.end_fitted = Seconds{(cues.end.value - cues.ini.value) / speed};
        plan.begin_fitted =
            plan.order.warp.empty()
                ? Seconds{(cues.begin.value - cues.ini.value) / speed}
                : Seconds{plan.claims.section->beat_at(cues.begin.value) * octave(plan) * 60.0 / plan.target_bpm};
    }

    /// How many beats of the chosen BPM one of the section's is.
    [[nodiscard]] static double octave(const ExportPlan& plan) {
        return std::exp2(std::round(std::log2(plan.tempo.bpm / plan.claims.section->bpm())));
    }

    /// Lays each beat onto the target's grid, unless they lie well enough on that of a single BPM.
    static void warp(ExportPlan& plan) {
        if (!plan.claims.section) {
            plan.warnings.emplace_back(
                "--warp: its beats can't be counted through the section, so it is cut at one speed");
            return;
        }
        const SectionBeats& section = *plan.claims.section;
        if (section.furthest(plan.tempo.bpm) <= well_enough_beats) {
            return;
        }
        const double beat_s = 60.0 / plan.target_bpm * octave(plan);
        for (const SectionBeats::Beat& beat : section.beats()) {
            plan.order.warp.push_back({Seconds{beat.seconds}, Seconds{beat.number * beat_s}});
        }
        const Cues& cues = plan.order.cues;
        const double end_beat = section.beat_at(cues.end.value);
        if (plan.order.warp.back().source < cues.end) {
            plan.order.warp.push_back({cues.end, Seconds{end_beat * beat_s}});
        }
        plan.order.warp.back() = {cues.end, Seconds{end_beat * beat_s}};
        // The CSV's formulas hold for the section as a whole.
        plan.tempo.bpm = 60.0 * end_beat * octave(plan) / (cues.end.value - cues.ini.value);
        plan.tempo.source = TempoSource::beats;
        plan.tempo.phase = SectionBeats::Phase{};
        check_speed(plan, plan.target_bpm / plan.tempo.bpm);
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

/// The path that a structure which can't be read speaks of, as far as it says one.
std::string audio_named_in(const std::filesystem::path& file) {
    try {
        return audio_of(read_python_json(file, nan_as_null));
    } catch (const Failure&) {
        return {};
    }
}

void tell_doubts(const std::vector<ExportPlan>& plans, const Tell& warn) {
    for (auto plan = plans.begin(); plan != plans.end(); ++plan) {
        for (const std::string& warning : plan->warnings) {
            warn(plan->track.file, warning);
        }
        if (plan != plans.begin() && plan->order.audio == (plan - 1)->order.audio) {
            warn(plan->track.file, "speaks of the same file as " + (plan - 1)->track.file.string() + ": " +
                                       plan->order.audio.string() + ": both are exported");
        }
    }
}

}  // namespace

Selection select_tracks(const std::vector<std::filesystem::path>& structures, const ExportOptions& options,
                        const RekordboxCollection* collection, const Tell& warn) {
    const Selector selector{options, collection};
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
            skipped.audio = skipped.audio.empty() ? audio_named_in(file) : skipped.audio;
        }
        selection.skipped.push_back(std::move(skipped));
    }
    std::ranges::sort(selection.plans, {}, [](const ExportPlan& plan) {
        return std::tuple{plan.order.audio.string(), plan.track.name};
    });
    name_parts(selection.plans, options.parts_dir);
    tell_doubts(selection.plans, warn);
    return selection;
}

}  // namespace crowdjack
