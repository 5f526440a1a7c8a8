// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace.hpp"

#include "bpm-follower/trace_reader.hpp"
#include "common/error.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>

namespace crowdjack {

namespace {

/// What Windows calls Unicode text (UTF-16 with a byte order mark), as UTF-8; nothing when it is not that.
std::optional<std::string> from_utf16(std::istream& in) {
    const int first = in.peek();
    if (first != 0xFF && first != 0xFE) {
        return {};
    }
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    const std::size_t high = first == 0xFE ? 0 : 1;
    std::string text;
    for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
        // Nothing that a trace says lies outside ASCII.
        const bool ascii = bytes[at + high] == 0 && static_cast<unsigned char>(bytes[at + 1 - high]) < 0x80;
        text += ascii ? bytes[at + 1 - high] : '?';
    }
    return text;
}

/// Lines may end as on any machine: line feed, carriage return, or both.
void take_lines(std::istream& in, TraceReader& reader) {
    for (std::string line; std::getline(in, line);) {
        std::string_view rest = line;
        if (rest.ends_with('\r')) {
            rest.remove_suffix(1);
        }
        for (auto end = rest.find('\r'); end != std::string_view::npos; end = rest.find('\r')) {
            reader.take_line(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        reader.take_line(rest);
    }
}

}  // namespace

Trace read_trace(std::istream& in, const std::optional<MovementUnit>& declared, const std::string& name) {
    TraceReader reader{name, declared};
    if (const auto text = from_utf16(in)) {
        std::istringstream converted{*text};
        take_lines(converted, reader);
    } else {
        take_lines(in, reader);
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
