// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/track_scout.hpp"

#include "common/audio/mapped_file.hpp"
#include "common/audio/track_reader.hpp"
#include "common/error.hpp"
#include "common/track_grid.hpp"
#include "session/setlist/track_section.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

extern char** environ;

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t in_a_hurry = 1;  ///< so many tracks are looked at first without giving way: one must begin
constexpr int longest_ms = 600'000;    ///< of one analysis
constexpr std::size_t longest_answer = 4000;

/// A child process whose error output is read; killed when it takes too long or nobody waits any more.
class Child {
public:
    explicit Child(std::vector<std::string> words) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw Failure{"cannot make a pipe: " + errno_text(errno)};
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        // The program's own threads block signals; a child must be able to be ended.
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        // And Ctrl-C in a terminal means the set, which fades out, not the file that is just listened to.
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        std::vector<char*> argv;
        for (std::string& word : words) {
            argv.push_back(word.data());
        }
        argv.push_back(nullptr);
        const int error = posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        ::close(ends[1]);
        output_ = ends[0];
        if (error != 0) {
            ::close(output_);
            throw Failure{"cannot start " + words.front() + ": " + errno_text(error)};
        }
    }
    ~Child() { ::close(output_); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// @returns its exit code, or -1; `said` receives what it wrote
    int wait(const std::function<bool()>& give_up, std::string& said) {
        int waited_ms = 0;
        constexpr int step_ms = 100;
        while (true) {
            pollfd ready{output_, POLLIN, 0};
            if (::poll(&ready, 1, step_ms) == 0) {
                waited_ms += step_ms;
                if (give_up() || waited_ms > longest_ms) {
                    ::kill(pid_, SIGKILL);
                }
                continue;
            }
            std::array<char, 1024> buffer{};
            const ssize_t count = ::read(output_, buffer.data(), buffer.size());
            if (count <= 0) {
                break;
            }
            said.append(buffer.data(), static_cast<std::size_t>(count));
            said.erase(0, said.size() - std::min(said.size(), longest_answer));
        }
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_{};
    int output_{-1};
};

/// The last `why="…"` of a program's log, else its last line.
std::string reason_in(const std::string& said) {
    const auto quoted = said.rfind("why=\"");
    if (quoted != std::string::npos) {
        const auto end = said.find('"', quoted + 5);
        return said.substr(quoted + 5, end == std::string::npos ? end : end - quoted - 5);
    }
    const auto last = said.find_last_not_of('\n');
    if (last == std::string::npos) {
        return "it can't be analysed";
    }
    const auto begin = said.rfind('\n', last);
    return said.substr(begin == std::string::npos ? 0 : begin + 1, last - (begin == std::string::npos ? 0 : begin));
}

bool newer(const fs::path& json, const fs::path& file) {
    std::error_code error;
    const auto made = fs::last_write_time(json, error);
    return !error && made >= fs::last_write_time(file, error) && !error;
}

double length_of(const fs::path& file) {
    try {
        const MappedFile mapped{fs::canonical(file)};
        const TrackFormat format = open_track_reader(mapped)->format();
        return static_cast<double>(format.frames) / format.rate;
    } catch (const std::exception&) {
        return 0.0;
    }
}

}  // namespace

TrackScout::TrackScout(ControlLoop& loop, fs::path analyser, std::function<void(std::size_t, const Found&)> done)
    : loop_{loop}, analyser_{std::move(analyser)}, done_{std::move(done)}, thread_{[this](const std::stop_token& stop) {
          work(stop);
      }} {}

TrackScout::~TrackScout() = default;

void TrackScout::ask(std::size_t track, fs::path file) {
    {
        const std::lock_guard lock{mutex_};
        jobs_.push_back({track, std::move(file)});
    }
    changed_.notify_one();
}

void TrackScout::hurry(std::size_t track, Acquaintance how) {
    const Haste haste = how == Acquaintance::at_once ? Haste::at_once : Haste::soon;
    const std::lock_guard lock{mutex_};
    const auto job = std::find_if(jobs_.begin(), jobs_.end(), [track](const Job& each) { return each.track == track; });
    if (job != jobs_.end()) {
        job->haste = std::max(job->haste, haste);
        std::rotate(jobs_.begin(), job, std::next(job));
    } else if (running_ && running_->track == track && running_->haste < haste) {
        jobs_.push_front({track, running_->file, haste});
    } else {
        return;
    }
    aside_.store(running_ && running_->haste < haste, std::memory_order_relaxed);
}

/// @returns false when the job made room for another one, and waits again
bool TrackScout::finish(const Job& job) {
    const std::lock_guard lock{mutex_};
    running_.reset();
    if (!aside_.exchange(false, std::memory_order_relaxed)) {
        return true;
    }
    const bool again =
        std::none_of(jobs_.begin(), jobs_.end(), [&job](const Job& each) { return each.track == job.track; });
    if (again) {
        jobs_.insert(jobs_.begin() + std::min<std::ptrdiff_t>(1, std::ssize(jobs_)), job);
    }
    return false;
}

void TrackScout::work(const std::stop_token& stop) {
    while (true) {
        Job job;
        {
            std::unique_lock lock{mutex_};
            if (!changed_.wait(lock, stop, [this] { return !jobs_.empty(); }) || stop.stop_requested()) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
            job.haste = looked_at_ < in_a_hurry ? std::max(job.haste, Haste::soon) : job.haste;
            running_ = job;
        }
        const Found found = look_at(job, stop);
        if (stop.stop_requested()) {
            return;
        }
        if (!finish(job)) {
            continue;
        }
        ++looked_at_;
        loop_.post([this, track = job.track, found] { done_(track, found); });
    }
}

TrackScout::Found TrackScout::look_at(const Job& job, const std::stop_token& stop) {
    const fs::path& file = job.file;
    try {
        if (const auto near = structure_near(file)) {
            if (auto section = section_of_track(*near, file, length_of(file))) {
                return {std::move(section), {}};
            }
        }
        const fs::path json = analysis_cache_file(file);
        if (newer(json, file)) {
            if (auto section = section_of_track(json, file, 0.0)) {
                return {std::move(section), {}};
            }
        }
        const std::string why = job.haste == Haste::at_once ? "there was no time to listen to it" : analyse(job, stop);
        if (auto section = section_of_track(json, file, 0.0); section && why.empty()) {
            return {std::move(section), {}};
        }
        // What can be heard can be played, whatever else is not known of it.
        const std::string reason = why.empty() ? "its analysis can't be read: " + json.string() : why;
        const double length_s = length_of(file);
        return length_s > 0.0 ? Found{section_by_time(file, length_s), reason} : Found{std::nullopt, reason};
    } catch (const std::exception& error) {
        return {std::nullopt, error.what()};
    }
}

std::string TrackScout::analyse(const Job& job, const std::stop_token& stop) {
    std::vector<std::string> words{analyser_.string(), "analyse", job.file.string(), "--into-cache", "--jobs", "1"};
    if (job.haste == Haste::background) {
        words.emplace_back("--background");
    }
    Child child{std::move(words)};
    std::string said;
    const auto give_up = [&] { return stop.stop_requested() || aside_.load(std::memory_order_relaxed); };
    return child.wait(give_up, said) == 0 ? std::string{} : reason_in(said);
}

}  // namespace crowdjack
