// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/export_run.hpp"

#include "common/error.hpp"
#include "struct-export/receipt.hpp"
#include "struct-export/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <numeric>
#include <system_error>
#include <thread>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw Failure{"cannot make the folder " + folder.string() + ": " + error.message()};
    }
}

void remove_leftovers(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.') && name.ends_with("_sectioned.wav.part")) {
            fs::remove(entry.path(), error);
        }
    }
}

void tell(const ExportPlan& plan, const Outcome& outcome, Progress& progress) {
    const std::string name = plan.order.audio.filename().string();
    if (!outcome.result) {
        progress.say(LogLevel::warning, "skipped",
                     {{"track", name}, {"reason", outcome.reason}, {"detail", outcome.detail}});
        return;
    }
    progress.say(LogLevel::info, outcome.was_there ? "up to date" : "exported",
                 {{"track", name},
                  {"bpm", fixed(plan.tempo.bpm, 2)},
                  {"source", to_text(plan.tempo.source)},
                  {"speed", fixed(plan.order.speed, 4)},
                  {"beats_off", plan.tempo.phase ? fixed(std::abs(plan.tempo.phase->at_begin), 2) : "unknown"},
                  {"warped", !plan.order.warp.empty()},
                  {"part", plan.order.part_fitted.filename().string()}});
    if (outcome.result->clipped > 0) {
        progress.say(LogLevel::warning, "clipped",
                     {{"track", name}, {"samples", outcome.result->clipped}, {"help", "--format float keeps them"}});
    }
    if (outcome.result->cleaned > 0) {
        progress.say(LogLevel::warning, "cleaned", {{"track", name}, {"samples", outcome.result->cleaned}});
    }
    if (outcome.result->padded.value > 0) {
        progress.say(LogLevel::warning, "audio ends before the end cue",
                     {{"track", name}, {"silent_frames", outcome.result->padded.value}});
    }
}

double length_of(const ExportPlan& plan) { return plan.order.cues.end.value - plan.order.cues.ini.value; }

Outcome export_section(const ExportPlan& plan, Progress& progress, const std::atomic<bool>& stop) {
    Outcome outcome;
    double done = 0.0;
    try {
        const std::string inputs = cut_inputs(plan.order);
        outcome.result = earlier_result(plan.order, inputs);
        outcome.was_there = outcome.result.has_value();
        if (!outcome.was_there) {
            outcome.result = cut_section(plan.order, stop, [&progress, &done](Seconds more) {
                done += more.value;
                progress.advance(more);
            });
            write_receipt(plan.order, inputs, *outcome.result);
        }
    } catch (const Interrupted& why) {
        outcome.reason = why.what();
    } catch (const NotExported& why) {
        outcome.reason = why.reason();
        outcome.detail = why.what();
    } catch (const std::exception& error) {
        outcome.reason = "failed";
        outcome.detail = error.what();
    }
    progress.advance(Seconds{std::max(length_of(plan) - done, 0.0)});
    return outcome;
}

}  // namespace

PartsFolder::PartsFolder(const fs::path& folder) {
    make_folder(folder / "orig");
    make_folder(folder / ".receipts");
    fd_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd_ < 0) {
        throw Failure{"cannot open the folder " + folder.string() + ": " + errno_text(errno)};
    }
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        ::close(fd_);
        throw Failure{"another export works in " + folder.string() + ": wait for it, or name another --parts-dir"};
    }
    remove_leftovers(folder);
    remove_leftovers(folder / "orig");
}

PartsFolder::~PartsFolder() { ::close(fd_); }

std::vector<Outcome> export_sections(const std::vector<ExportPlan>& plans, unsigned jobs, Progress& progress,
                                     const std::atomic<bool>& stop) {
    std::vector<Outcome> outcomes(plans.size());
    std::vector<std::size_t> order(plans.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&plans](std::size_t i) { return length_of(plans[i]); });
    std::atomic<std::size_t> next{0};  // taken by every worker (relaxed: the outcomes are read after join)
    const auto work = [&] {
        for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < order.size();
             i = next.fetch_add(1, std::memory_order_relaxed)) {
            const std::size_t plan = order[i];
            outcomes[plan] = export_section(plans[plan], progress, stop);
            tell(plans[plan], outcomes[plan], progress);
            progress.track_done();
        }
    };
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min<std::size_t>(jobs, plans.size()); ++i) {
        workers.emplace_back(work);
    }
    work();
    workers.clear();
    return outcomes;
}

}  // namespace crowdjack
