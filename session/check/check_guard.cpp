// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/check/session_check.hpp"
#include "session/program_lookup.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace crowdjack {

void check_guard(const SessionFile& session, std::vector<SessionProblem>& problems) {
    const GuardSpec& guard = session.guard;
    const auto folders = program_folders();
    for (const auto& [key, words] : {std::pair{"on_silence", guard.on_silence}, std::pair{"on_crash", guard.on_crash},
                                     std::pair{"on_start", guard.on_start}}) {
        if (!words.empty() && !find_program(words.front(), folders)) {
            problems.push_back({guard.line, std::string{key} + " in [guard]: there is no program '" + words.front() +
                                                "' (it is started without a shell: a program and its arguments)"});
        }
    }
    if (guard.fallback.empty()) {
        return;
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(session.path.parent_path() / guard.fallback, error)) {
        problems.push_back({guard.line, "fallback in [guard]: there is no file '" + guard.fallback +
                                            "' (relative to the session file)"});
    }
    const auto decks = std::count_if(session.clients.begin(), session.clients.end(), [](const ClientSpec& client) {
        return client.of_the_suite() && std::filesystem::path{client.run.front()}.filename() == "crowdjack-deck";
    });
    if (decks < 2) {
        problems.push_back({guard.line, "fallback in [guard] needs a deck that the set does not use", true});
    }
}

void check_setlist(const SessionFile& session, std::vector<SessionProblem>& problems) {
    std::error_code error;
    if (!session.setlist.source.empty() && !std::filesystem::exists(session.setlist.source, error)) {
        problems.push_back({session.setlist.line, "source in [setlist]: there is no file or folder '" +
                                                      session.setlist.source.string() + "'"});
    }
}

}  // namespace crowdjack
