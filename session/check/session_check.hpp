// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with a session file when one looks at what it names. Pure, given the programs' answers.
#pragma once

#include "session/check/program_answer.hpp"
#include "session/session_file.hpp"

#include <map>
#include <string>
#include <vector>

namespace crowdjack {

using ProgramAnswers = std::map<std::string, ProgramAnswer>;  ///< by client

/// Asks every client of the suite that the file starts.
[[nodiscard]] ProgramAnswers ask_programs(const SessionFile& session);

/// Clients: none at all; options that their program refuses; names that differ; two on one port.
void check_clients(const SessionFile& session, const ProgramAnswers& answers, std::vector<SessionProblem>& problems);

/// Connections: ports that no client will have, ends that are swapped, audio to MIDI, the same one twice; and, as
/// warnings, decks and mixers that nothing leads away from.
void check_patch(const SessionFile& session, const ProgramAnswers& answers, std::vector<SessionProblem>& problems);

/// `[guard]`: commands that are nowhere, a fallback that is not there.
void check_guard(const SessionFile& session, std::vector<SessionProblem>& problems);

/// `[setlist]`: a source that is not there.
void check_setlist(const SessionFile& session, std::vector<SessionProblem>& problems);

}  // namespace crowdjack
