// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace crowdjack {

Progress::Progress(std::size_t tracks, Seconds work)
    : tracks_{tracks}, work_{work.value}, on_terminal_{::isatty(STDERR_FILENO) == 1} {}

Progress::~Progress() { wipe(); }

void Progress::advance(Seconds seconds) {
    const std::scoped_lock lock{mutex_};
    work_done_ += seconds.value;
    draw(false);
}

void Progress::track_done() {
    const std::scoped_lock lock{mutex_};
    ++tracks_done_;
    draw(true);
}

void Progress::say(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    const std::scoped_lock lock{mutex_};
    wipe();
    log_event(level, event, fields);
    draw(true);
}

void Progress::draw(bool now) {
    using namespace std::chrono_literals;
    if (!on_terminal_ || tracks_ == 0 || (!now && Clock::now() - last_drawn_ < 100ms)) {
        return;
    }
    constexpr std::size_t width = 40;
    const double part = work_ > 0.0 ? std::clamp(work_done_ / work_, 0.0, 1.0) : 1.0;
    const auto full = static_cast<std::size_t>(std::lround(part * width));
    const double elapsed = std::chrono::duration<double>(Clock::now() - begun_).count();
    std::string line = "\r[" + std::string(full, '#') + std::string(width - full, '.') + "] " +
                       std::to_string(tracks_done_) + "/" + std::to_string(tracks_) + " tracks";
    if (part > 0.02 && part < 1.0) {
        line += ", " + std::to_string(std::lround(elapsed * (1.0 - part) / part)) + " s left";
    }
    line += "\033[K";
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    drawn_ = true;
    last_drawn_ = Clock::now();
}

void Progress::wipe() {
    if (drawn_) {
        std::fputs("\r\033[K", stderr);
        std::fflush(stderr);
        drawn_ = false;
    }
}

}  // namespace crowdjack
