// SPDX-License-Identifier: GPL-3.0-or-later
// The subcommands of crowdjack-session. Each is a program of its own: argv[0] is the subcommand's name, the result its
// exit code; UsageError and Failure are turned into one line on stderr by main.
#pragma once

#include <string>

namespace crowdjack {

class PlainCommandLine;

/// Launches, patches, watches and conducts what a session file names; answers at the front door.
int run_session(int argc, const char* const* argv);

/// Under NSM, without a session file: keeps the patch and the front door.
int run_under_nsm(int argc, const char* const* argv);

/// Says everything that is wrong with a session file; exit code 0 when nothing is.
int run_check(int argc, const char* const* argv);

/// Stores what is patched now into a session file's [patch] list and changes nothing else in it.
int run_save(int argc, const char* const* argv);

/// The positional FILE of `run`, `check` and `save`.
/// @throws UsageError when it is missing
[[nodiscard]] std::string session_file_argument(const PlainCommandLine& command, const std::string& name);

/// Plays the sections of an export CSV as an unattended set.
int run_setlist(int argc, const char* const* argv);

/// Plays a folder of music with everything that takes: server, decks, mixer, follower, front door, setlist.
int run_play(int argc, const char* const* argv);

/// Shows how the suite is: a table, a JSON document or a live view.
int run_status(int argc, const char* const* argv);

/// Sends one OSC message to the front door and prints the answer; exit code 0 for /reply, 1 for /error, 3 when nobody
/// answers.
int run_send(int argc, const char* const* argv);

/// Measures period sizes with the user's own session and recommends one.
int run_tune(int argc, const char* const* argv);

/// Serves the page, OSCQuery and metrics.
int run_web(int argc, const char* const* argv);

/// Lets a MIDI controller play the suite, or learns one.
int run_midi(int argc, const char* const* argv);

/// Prints the OSC page of the manual in Markdown; not for users.
int run_osc_page(int argc, const char* const* argv);

/// Plays one sine for the front door's /test_tone; not for users.
int run_tone(int argc, const char* const* argv);

}  // namespace crowdjack
