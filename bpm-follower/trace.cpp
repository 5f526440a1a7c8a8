// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace.hpp"

#include "bpm-follower/trace_reader.hpp"
#include "common/error.hpp"

#include <cerrno>
#include <fstream>

namespace crowdjack {

Trace read_trace(std::istream& in, const std::optional<MovementUnit>& declared, const std::string& name) {
    TraceReader reader{name, declared};
    for (std::string line; std::getline(in, line);) {
        reader.take_line(line);
    }
    return reader.finish();
}

Trace read_trace_file(const std::filesystem::path& path, const std::optional<MovementUnit>& declared) {
    std::ifstream file{path};
    if (!file || std::filesystem::is_directory(path)) {
        throw Failure{"--replay '" + path.string() +
                      "' can't be read: " + (file ? "it is a folder" : errno_text(errno)) +
                      ": give a CSV of time,value or movement_stats JSON lines"};
    }
    return read_trace(file, declared, path.string());
}

}  // namespace crowdjack
