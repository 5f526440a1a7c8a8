// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/session_file.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/printable.hpp"
#include "session/program_lookup.hpp"
#include "session/session_paths.hpp"
#include "session/toml_bound.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

namespace crowdjack {

bool ClientSpec::of_the_suite() const {
    return !run.empty() && std::filesystem::path{run.front()}.filename().string().starts_with("crowdjack-");
}

const ClientSpec* SessionFile::client(const std::string& name) const {
    const auto found = std::find_if(clients.begin(), clients.end(), [&](const auto& one) { return one.name == name; });
    return found == clients.end() ? nullptr : &*found;
}

std::string problem_text(const std::filesystem::path& path, const SessionProblem& problem) {
    const std::string place = problem.line > 0 ? ":" + std::to_string(problem.line) : std::string{};
    return printable(path.string() + place + ": " + (problem.warning ? "warning: " : "") + problem.what);
}

std::string read_session_text(const std::filesystem::path& path) {
    std::error_code error;
    const bool regular = std::filesystem::is_regular_file(path, error);
    std::ifstream file{path, std::ios::binary};
    if (!regular || !file) {
        const bool missing = !std::filesystem::exists(path, error);
        throw UsageError{"cannot read the session file '" + path.string() + "': " +
                         (missing    ? "there is no such file"
                          : !regular ? "it is no regular file"
                                     : errno_text(errno))};
    }
    std::string text(largest_session_file + 1, '\0');  // one more: so that what is too large is seen to be
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

void write_session_text(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path file = std::filesystem::canonical(path);
    struct stat status {};
    const bool known = ::stat(file.c_str(), &status) == 0;
    write_atomically(file, text, Durability::power, known ? status.st_mode & 07777U : 0644U);
}

void check_programs(const SessionFile& session, std::vector<SessionProblem>& problems) {
    const auto folders = program_folders();
    for (const ClientSpec& client : session.clients) {
        if (client.run.empty() || client.run.front().empty() || find_program(client.run.front(), folders)) {
            continue;
        }
        const std::string& wrong = client.run.front();
        const std::string nearest = nearest_program(wrong, folders);
        problems.push_back(
            {client.run_line,
             "program '" + wrong + "' of client '" + client.name + "' is neither beside crowdjack-session nor on PATH" +
                 (nearest.empty() ? ": install it, or give its full path" : ": did you mean '" + nearest + "'?")});
    }
}

SessionFile load_session(const std::filesystem::path& path) {
    std::vector<SessionProblem> problems;
    SessionFile session = parse_session(read_session_text(path), path, problems);
    resolve_session_paths(session);
    check_programs(session, problems);
    const auto is_error = [](const SessionProblem& problem) { return !problem.warning; };
    const auto first = std::find_if(problems.begin(), problems.end(), is_error);
    if (first == problems.end()) {
        session.warnings = std::move(problems);
        return session;
    }
    const auto count = std::count_if(problems.begin(), problems.end(), is_error);
    throw UsageError{
        problem_text(path, *first) +
        (count > 1 ? " (and " + std::to_string(count - 1) + " more: see crowdjack-session check " + path.string() + ")"
                   : "")};
}

}  // namespace crowdjack
