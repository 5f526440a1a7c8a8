// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/analysis_run.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/music_files.hpp"
#include "common/track_grid.hpp"
#include "struct-export/analysis/analysis_plot.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/section_cut.hpp"
#include "struct-export/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <system_error>
#include <thread>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

std::string text_of(const nlohmann::ordered_json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Does that JSON speak of another file? One that another program made on another machine is known by the name alone;
/// one that can't be read speaks of none.
bool speaks_of_other(const fs::path& json, const fs::path& audio) {
    try {
        const auto document = read_json(json);
        const fs::path spoken_of = text_of(document, "path");
        return text_of(document, "analyser").empty() ? spoken_of.filename() != audio.filename() : spoken_of != audio;
    } catch (const Failure&) {
        return false;
    }
}

/// Counts and tells; any thread.
class Report {
public:
    explicit Report(Progress& progress) : progress_{progress} {}

    void analysed(const TrackAnalysis& track) {
        const std::scoped_lock lock{mutex_};
        ++count_.analysed;
        count_.without_beat += track.beats.bpm > 0.0 ? 0U : 1U;
        const std::string name = track.file.filename().string();
        if (track.beats.constant) {
            progress_.say(LogLevel::info, "analysed",
                          {{"track", name},
                           {"bpm", fixed(track.beats.bpm, 2)},
                           {"confidence", fixed(track.beats.confidence, 2)},
                           {"key", track.key.name},
                           {"lufs", track.lufs ? fixed(*track.lufs, 1) : "silent"}});
        } else {
            progress_.say(LogLevel::warning, "no constant beat",
                          {{"track", name}, {"why", track.beats.why}, {"so", "a setlist plays it by time"}});
        }
    }

    void kept(const AnalysisTask& task, Present present) {
        const std::scoped_lock lock{mutex_};
        ++(present == Present::foreign ? count_.kept : count_.up_to_date);
        if (present == Present::foreign) {
            progress_.say(LogLevel::info, "kept",
                          {{"struct", task.json.filename().string()},
                           {"why", "another program made it"},
                           {"do", "--again replaces it"}});
        }
    }

    void failed(const AnalysisTask& task, const std::string& why) {
        const std::scoped_lock lock{mutex_};
        ++count_.failed;
        progress_.say(LogLevel::warning, "not analysed", {{"track", task.audio.filename().string()}, {"why", why}});
    }

    [[nodiscard]] AnalysisCount count() const { return count_; }

private:
    Progress& progress_;
    std::mutex mutex_;
    AnalysisCount count_;
};

/// A byte of a file that can't be read is worth none; a compressed one some more than a plain one.
double size_of(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    return error ? 0.0 : static_cast<double>(size);
}

}  // namespace

std::vector<AnalysisTask> analysis_tasks(const AnalysisOrder& order) {
    std::vector<fs::path> files;
    for (const fs::path& place : order.places) {
        for (const fs::path& file : find_music(place)) {
            files.push_back(fs::absolute(file).lexically_normal());
        }
    }
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    std::vector<AnalysisTask> tasks;
    std::set<fs::path> taken;
    for (const fs::path& file : files) {
        if (order.into_cache) {
            tasks.push_back({file, analysis_cache_file(file)});
            continue;
        }
        fs::path json = order.struct_dir / (file.stem().string() + ".json");
        std::error_code error;
        // Not the JSON of another track of that name, whether it comes from this run or from an earlier one.
        if (!taken.insert(json).second || (fs::exists(json, error) && speaks_of_other(json, file))) {
            json = order.struct_dir / analysis_cache_file(file).filename();
            taken.insert(json);
        }
        tasks.push_back({file, json});
    }
    return tasks;
}

Present present_analysis(const AnalysisTask& task, const AnalysisSettings& settings) {
    std::error_code error;
    const auto made = fs::last_write_time(task.json, error);
    if (error) {
        return Present::no;
    }
    const auto changed = fs::last_write_time(task.audio, error);
    try {
        const auto document = read_json(task.json);
        if (text_of(document, "analyser").empty()) {
            return Present::foreign;
        }
        const bool same = text_of(document, "analyser") == settings.analyser() && !error && changed <= made &&
                          text_of(document, "path") == task.audio.string();
        return same ? Present::up_to_date : Present::no;
    } catch (const Failure&) {
        return Present::no;  // half a file of a program that does not write atomically
    }
}

TrackAnalysis analyse_into(const AnalysisTask& task, const AnalysisSettings& settings, const std::atomic<bool>& stop,
                           const std::function<void(double)>& advanced) {
    TrackAnalysis analysis = analyse_track(task.audio, settings, stop, advanced);
    std::error_code error;
    fs::create_directories(task.json.parent_path(), error);
    write_atomically(task.json, analysis_json(analysis, settings), Durability::process, 0644);
    return analysis;
}

AnalysisCount run_analysis(const std::vector<AnalysisTask>& tasks, const AnalysisOrder& order, Progress& progress,
                           const std::atomic<bool>& stop) {
    Report report{progress};
    std::atomic<std::size_t> next{0};  // taken by every worker (relaxed: each task is its own)
    const auto work = [&] {
        for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < tasks.size() && !stop;
             i = next.fetch_add(1, std::memory_order_relaxed)) {
            const AnalysisTask& task = tasks[i];
            try {
                const Present present = order.again ? Present::no : present_analysis(task, order.settings);
                if (present == Present::no) {
                    const TrackAnalysis analysis = analyse_into(task, order.settings, stop, [](double) {});
                    report.analysed(analysis);
                    if (order.plot_dir) {
                        plot_analysis(analysis, *order.plot_dir / (task.json.stem().string() + ".svg"), stop);
                    }
                } else {
                    report.kept(task, present);
                }
            } catch (const Interrupted&) {
                return;
            } catch (const std::exception& error) {
                report.failed(task, error.what());
            }
            progress.advance(Seconds{size_of(task.audio)});
            progress.track_done();
        }
    };
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min<std::size_t>(order.jobs, tasks.size()); ++i) {
        workers.emplace_back(work);
    }
    work();
    workers.clear();
    return report.count();
}

}  // namespace crowdjack
