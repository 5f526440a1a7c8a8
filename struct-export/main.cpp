// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/atomic_file.hpp"
#include "common/command_line.hpp"
#include "common/log.hpp"
#include "common/run_main.hpp"
#include "struct-export/analysis/analysis_options.hpp"
#include "struct-export/export_options.hpp"
#include "struct-export/export_run.hpp"
#include "struct-export/section_csv.hpp"
#include "struct-export/selection.hpp"
#include "struct-export/struct_folder.hpp"
#include "struct-export/track_plot.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>

namespace {

using namespace crowdjack;

std::atomic<bool> stop{false};  ///< written by the signal handler, read by the workers (both relaxed)
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void ask_to_stop(int /*signal*/) { stop.store(true, std::memory_order_relaxed); }

void stop_on_signals() {
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM}) {
        sigaction(signal, &action, nullptr);
    }
}

void warn_of(const std::filesystem::path& file, const std::string& text) {
    log_event(LogLevel::warning, text, {{"struct", file.string()}});
}

std::unique_ptr<const RekordboxCollection> read_collection(const ExportOptions& options) {
    if (!options.rekordbox_xml) {
        return nullptr;
    }
    const auto warn = [](const std::string& text) { log_event(LogLevel::warning, text); };
    auto collection =
        std::make_unique<const RekordboxCollection>(RekordboxCollection::read(*options.rekordbox_xml, warn));
    log_event(LogLevel::info, "read the Rekordbox collection",
              {{"file", options.rekordbox_xml->string()}, {"tracks", collection->tracks().size()}});
    return collection;
}

void tell_skipped(const std::vector<SkippedTrack>& skipped) {
    for (const SkippedTrack& track : skipped) {
        const bool by_choice = track.reason == "BPM outside range" || track.reason == "key mismatch";
        log_event(
            by_choice ? LogLevel::info : LogLevel::warning, "skipped",
            {{"struct", track.structure.filename().string()}, {"reason", track.reason}, {"detail", track.detail}});
    }
}

/// Adds to the skipped what could not be exported after all. @returns how many were exported
std::size_t sort_out(const Selection& selection, const std::vector<Outcome>& outcomes,
                     std::vector<SkippedTrack>& skipped) {
    std::size_t exported = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].result) {
            ++exported;
            continue;
        }
        const ExportPlan& plan = selection.plans[i];
        skipped.push_back({std::filesystem::absolute(plan.track.file).lexically_normal(), plan.order.audio.string(),
                           outcomes[i].reason, outcomes[i].detail});
    }
    std::ranges::sort(skipped, {}, &SkippedTrack::structure);
    return exported;
}

void write_lists(const ExportOptions& options, const Selection& selection, const std::vector<Outcome>& outcomes,
                 const std::vector<SkippedTrack>& skipped) {
    std::error_code error;
    if (options.csv.has_parent_path()) {
        std::filesystem::create_directories(options.csv.parent_path(), error);
    }
    write_atomically(options.csv, section_csv(selection.plans, outcomes), Durability::process, 0644);
    write_atomically(options.csv.parent_path() / "skipped.csv", skipped_csv(skipped), Durability::process, 0644);
}

std::vector<Outcome> cut(const Selection& selection, const ExportOptions& options) {
    const PartsFolder folder{options.parts_dir};
    double work = 0.0;
    for (const ExportPlan& plan : selection.plans) {
        work += plan.order.cues.end.value - plan.order.cues.ini.value;
    }
    Progress progress{selection.plans.size(), Seconds{work}};
    std::vector<Outcome> outcomes = export_sections(selection.plans, options.jobs, progress, stop);
    if (options.plot_dir) {
        plot_tracks(selection.plans, outcomes, *options.plot_dir, options.jobs, progress, stop);
    }
    return outcomes;
}

int run(const ExportOptions& options) {
    stop_on_signals();
    const auto collection = read_collection(options);
    const std::vector<std::filesystem::path> structures = struct_files(options.structs);
    if (options.write_keys) {
        const std::size_t changed = write_keys(structures, *collection, warn_of);
        log_event(LogLevel::info, "wrote keys into structures", {{"changed", changed}});
    }
    if (options.output) {
        write_merged(structures, *options.output);
    }
    Selection selection = select_tracks(structures, options, collection.get(), warn_of);
    tell_skipped(selection.skipped);
    const std::vector<Outcome> outcomes = cut(selection, options);
    std::vector<SkippedTrack> skipped = std::move(selection.skipped);
    const std::size_t exported = sort_out(selection, outcomes, skipped);
    write_lists(options, selection, outcomes, skipped);
    if (structures.empty()) {
        log_event(LogLevel::error, "no structures to export from",
                  {{"folder", options.structs.string()},
                   {"missing", "a .json file for each track, as all-in-one writes it"},
                   {"help", "crowdjack-struct-export analyse FOLDER makes them"}});
    }
    std::printf("%zu of %zu tracks exported to %s, %zu skipped\n", exported, structures.size(), options.csv.c_str(),
                skipped.size());
    return exported > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return run_main("crowdjack-struct-export", [argc, argv] {
        if (argc > 1 && std::string_view{argv[1]} == "analyse") {
            stop_on_signals();
            return analyse_music(argc - 1, argv + 1, stop);
        }
        const auto options = parse_export_options(argc, argv);
        return options ? run(*options) : 0;
    });
}
