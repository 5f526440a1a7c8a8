// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/export_options.hpp"

#include "common/command_line.hpp"
#include "common/error.hpp"
#include "struct-export/musical_key.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <sstream>
#include <thread>
#include <utility>

namespace crowdjack {

namespace po = boost::program_options;

namespace {

void describe_export(PlainCommandLine& line) {
    const auto number = [](const char* name) { return po::value<double>()->value_name(name); };
    const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
    line.own.add_options()("bpm", number("B"), "the set's tempo; picks tracks near it (required)")(
        "delta", number("D")->default_value(2.0, "2"),
        "how far a track's BPM may be from --bpm")("bpm-min", number("B"), "slowest track, instead of --delta")(
        "bpm-max", number("B"), "fastest track, instead of --delta")("target-bpm", number("B"),
                                                                     "tempo to fit the sections to (default: --bpm)")(
        "key", text("KEYS"), "only these keys, e.g. \"Gm,Cm\"")("rekordbox-xml", text("FILE"),
                                                                "collection: true BPM, key and place of the tracks")(
        "audio-dir", text("DIR"), "where the audio lies now, by path or file name")(
        "n-sections", po::value<int>()->value_name("N")->default_value(6),
        "the section ends with the N-th segment after the intro")(
        "intro-fallback", text("none|downbeat")->default_value("none"), "where to begin when there is no intro")(
        "bpm-source", text("auto|rekordbox|json|beats")->default_value("auto"),
        "whose BPM to believe")("parts-dir", text("DIR")->default_value("parts"), "where the sections are written")(
        "csv-out", text("FILE"),
        "the list of sections (default: sections.csv in --parts-dir); skipped.csv goes beside it")(
        "output", text("FILE"), "write all structures as one JSON mapping by name")(
        "write-keys", po::bool_switch(), "put Rekordbox's keys into the structure files")(
        "stretch", text("rubberband|wsola|rate")->default_value("rubberband"),
        "best, fastest with the pitch kept, or resampling (pitch follows tempo)")(
        "warp", po::bool_switch(), "follow each beat of tracks that no single BPM fits (live drummers)")(
        "format", text("source|24|float")->default_value("source"),
        "samples of the parts: 16-bit for 16-bit sources and else 24-bit, 24-bit, or 32-bit float")(
        "jobs",
        po::value<unsigned>()->value_name("N")->default_value(std::max(std::thread::hardware_concurrency(), 1U)),
        "tracks at a time")("plot", text("DIR"), "draw each exported track as an SVG");
    line.hidden.add_options()("struct-dir", text("STRUCT_DIR"));
    // Every program of the suite takes these; this one opens neither JACK nor OSC.
    line.hidden.add_options()("server", text("NAME"))("client-name", text("NAME"))("connect", po::bool_switch())(
        "resume", po::bool_switch())("osc-port", text("PORT"))("osc-bind", text("ADDRESS"));
    line.positional.add("struct-dir", 1);
    line.usage_tail = "[STRUCT_DIR] --bpm B";
}

/// Typed access to parsed values with errors that name the option.
class Values {
public:
    explicit Values(const PlainCommandLine& line) : line_{line} {}

    [[nodiscard]] std::optional<double> tempo(const std::string& option) const {
        if (!line_.values().contains(option)) {
            return std::nullopt;
        }
        const auto value = line_.values()[option].as<double>();
        if (!std::isfinite(value) || value <= 0.0 || value > 1000.0) {
            throw UsageError{"--" + option + " is " + shortest(value) + ": a tempo is above 0 and at most 1000 BPM"};
        }
        return value;
    }

    [[nodiscard]] std::optional<std::string> text(const std::string& option) const {
        return line_.values().contains(option) ? std::optional{line_.values()[option].as<std::string>()} : std::nullopt;
    }

    template <typename Choice>
    [[nodiscard]] Choice choice(const std::string& option,
                                std::initializer_list<std::pair<const char*, Choice>> choices) const {
        const auto given = line_.values()[option].as<std::string>();
        std::string known;
        for (const auto& [name, choice] : choices) {
            if (given == name) {
                return choice;
            }
            known += (known.empty() ? "" : ", ") + std::string{name};
        }
        throw UsageError{"--" + option + " '" + given + "' is unknown: use one of " + known};
    }

private:
    const PlainCommandLine& line_;
};

void read_tempo_range(const PlainCommandLine& line, const Values& values, ExportOptions& options) {
    const auto bpm = values.tempo("bpm");
    if (!bpm) {
        throw UsageError{"--bpm is missing: the set's tempo, e.g. --bpm 122.5 (see --help)"};
    }
    const auto delta = line.values()["delta"].as<double>();
    if (!std::isfinite(delta) || delta < 0.0) {
        throw UsageError{"--delta is " + shortest(delta) + ": it can't be negative"};
    }
    const auto lowest = values.tempo("bpm-min");
    const auto highest = values.tempo("bpm-max");
    const bool range_given = lowest || highest;
    options.lowest_bpm = range_given ? lowest.value_or(0.0) : *bpm - delta;
    options.highest_bpm = range_given ? highest.value_or(std::numeric_limits<double>::infinity()) : *bpm + delta;
    if (options.lowest_bpm > options.highest_bpm) {
        throw UsageError{"--bpm-min " + shortest(options.lowest_bpm) + " is above --bpm-max " +
                         shortest(options.highest_bpm)};
    }
    options.target_bpm = values.tempo("target-bpm").value_or(*bpm);
}

void read_choices(const PlainCommandLine& line, const Values& values, ExportOptions& options) {
    options.intro_fallback = values.choice<IntroFallback>(
        "intro-fallback", {{"none", IntroFallback::none}, {"downbeat", IntroFallback::downbeat}});
    options.method = values.choice<FitMethod>(
        "stretch", {{"rubberband", FitMethod::rubberband}, {"wsola", FitMethod::wsola}, {"rate", FitMethod::rate}});
    options.format = values.choice<PartFormat>(
        "format", {{"source", PartFormat::source}, {"24", PartFormat::pcm24}, {"float", PartFormat::float32}});
    options.tempo_source = values.choice<TempoSource>("bpm-source", {{"auto", TempoSource::automatic},
                                                                     {"rekordbox", TempoSource::rekordbox},
                                                                     {"json", TempoSource::json},
                                                                     {"beats", TempoSource::beats}});
    options.warp = line.values()["warp"].as<bool>();
    if (options.warp && !follows_anchors(options.method)) {
        throw UsageError{"--warp with --stretch rate would make the pitch waver with every beat: use --stretch "
                         "rubberband or wsola"};
    }
    options.n_sections = line.values()["n-sections"].as<int>();
    options.jobs = line.values()["jobs"].as<unsigned>();
    if (options.n_sections < 1) {
        throw UsageError{"--n-sections is " + std::to_string(options.n_sections) + ": segments count from 1"};
    }
    if (options.jobs < 1 || options.jobs > 1024) {
        throw UsageError{"--jobs is " + std::to_string(options.jobs) + ": use 1…1024"};
    }
}

void read_keys(const Values& values, ExportOptions& options) {
    std::istringstream list{values.text("key").value_or("")};
    for (std::string each; std::getline(list, each, ',');) {
        if (trimmed(each).empty()) {
            continue;
        }
        if (!musical_key(each)) {
            throw UsageError{"--key '" + std::string{trimmed(each)} +
                             "' is no key: write Gm, F# minor, Bb, 6A (Camelot) or 11m (Open Key); the German H is B"};
        }
        options.keys.emplace_back(trimmed(each));
    }
    if (values.text("key") && options.keys.empty()) {
        throw UsageError{"--key names no key: e.g. --key \"Gm,Cm\""};
    }
}

void read_paths(const PlainCommandLine& line, const Values& values, ExportOptions& options) {
    options.structs = values.text("struct-dir").value_or("struct");  // where all-in-one writes its analyses
    if (!line.given("struct-dir") && !std::filesystem::exists(options.structs)) {
        throw UsageError{"STRUCT_DIR is missing: name the folder of the structure JSONs (there is no ./struct here)"};
    }
    options.rekordbox_xml = values.text("rekordbox-xml");
    options.audio_dir = values.text("audio-dir");
    options.output = values.text("output");
    options.plot_dir = values.text("plot");
    options.parts_dir = std::filesystem::absolute(values.text("parts-dir").value()).lexically_normal();
    options.csv = values.text("csv-out").value_or((options.parts_dir / "sections.csv").string());
    options.write_keys = line.values()["write-keys"].as<bool>();
    if (options.write_keys && !options.rekordbox_xml) {
        throw UsageError{"--write-keys takes the keys from a collection: give --rekordbox-xml FILE too"};
    }
}

}  // namespace

std::optional<ExportOptions> parse_export_options(int argc, const char* const* argv) {
    PlainCommandLine line{"crowdjack-struct-export",
                          "Cuts the mixable section of each track and fits it to one tempo."};
    describe_export(line);
    if (!line.parse(argc, argv)) {
        return std::nullopt;
    }
    const Values values{line};
    ExportOptions options;
    read_tempo_range(line, values, options);
    read_choices(line, values, options);
    read_keys(values, options);
    read_paths(line, values, options);
    return options;
}

}  // namespace crowdjack
