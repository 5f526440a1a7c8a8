// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/trace.hpp"

#include <filesystem>
#include <fstream>

namespace crowdjack {

/// Writes a night down so that --replay can play it again: CSV with the columns
/// `time,value,event,argument,extra,median,target,serial,zone`; `value` is the total movement of a report as a
/// fraction, the rest says what else was heard, done and decided. Never overwrites. Control thread only.
class TraceWriter {
public:
    /// @throws Failure when the file exists or can't be made
    explicit TraceWriter(const std::filesystem::path& path);

    void write(double time_s, const TraceEvent& event);
    void write(double time_s, const Decision& decision);
    /// What was written is on disk's way after this; to be called each second or so.
    /// @throws Failure, once, when the disk refuses; nothing more is written then
    void flush();

private:
    std::filesystem::path path_;
    std::ofstream file_;
    bool failed_{false};
};

}  // namespace crowdjack
