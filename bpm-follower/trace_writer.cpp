// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_writer.hpp"

#include "common/error.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace crowdjack {

namespace {

const char* word_of(TraceEvent::Kind kind) noexcept {
    constexpr std::array words{"report", "arms", "legs", "head", "people", "set", "hold", "tap", "nudge", "jump"};
    return words[static_cast<std::size_t>(kind)];
}

const char* word_of(Decision::Kind kind) noexcept {
    constexpr std::array words{"target", "stale", "heard_again", "line", "ignored"};
    return words[static_cast<std::size_t>(kind)];
}

}  // namespace

TraceWriter::TraceWriter(const std::filesystem::path& path) : path_{path} {
    if (std::filesystem::exists(path_)) {
        throw Failure{"--trace-out '" + path_.string() +
                      "' exists already: it is never overwritten, choose another name"};
    }
    file_.open(path_);
    if (!file_) {
        throw Failure{"--trace-out '" + path_.string() + "' can't be made: " + errno_text(errno)};
    }
    file_ << "time,value,event,argument,extra,median,target,serial,zone\n";
}

void TraceWriter::write(double time_s, const TraceEvent& event) {
    std::array<char, 256> line{};
    const auto zone = static_cast<int>(event.zone.size());
    if (event.kind == TraceEvent::Kind::total) {
        std::snprintf(line.data(), line.size(), "%.4f,%.9g,report,,,,,,%.*s\n", time_s, event.value, zone,
                      event.zone.data());
    } else {
        std::snprintf(line.data(), line.size(), "%.4f,,%s,%.9g,%.9g,,,,%.*s\n", time_s, word_of(event.kind),
                      event.value, event.extra, zone, event.zone.data());
    }
    file_ << line.data();
}

void TraceWriter::write(double time_s, const Decision& decision) {
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "%.4f,,%s,,,%.9g,%.9g,%d,\n", time_s, word_of(decision.kind),
                  decision.movement, decision.target.value, decision.serial);
    file_ << line.data();
}

void TraceWriter::flush() {
    file_.flush();
    if (!file_ && !std::exchange(failed_, true)) {
        throw Failure{"--trace-out '" + path_.string() +
                      "' can't be written any more (is the disk full?): the tempo goes on without it"};
    }
}

}  // namespace crowdjack
