// SPDX-License-Identifier: GPL-3.0-or-later
// Under a session manager: no session file, no clients of its own; keeps the patch as it was saved, and the front door.
#include "common/options.hpp"
#include "common/orphans.hpp"
#include "session/commands.hpp"
#include "session/idle_audio.hpp"
#include "session/session_run.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr std::uint16_t usual_movement_port = 57122;

}  // namespace

int run_under_nsm(int argc, const char* const* argv) {
    CommandLine command{"crowdjack-session", "Keeps the patch and the front door of an NSM session.", 57120};
    const auto options = command.parse(argc, argv);
    if (!options) {
        return 0;
    }
    relieve_orphan(options->server, "session");  // which would keep the front door
    IdleAudio idle;
    ClientShell shell{{"session", {"session"}, "crowdjack-session", "crowdjack session"}, *options, idle};
    // NSM passes no options: the movement port belongs to this door or to a follower beside it, whoever comes first.
    if (!command.given("osc-port")) {
        (void)shell.osc().listen_too(options->osc_bind, usual_movement_port);
    }
    SessionFile session;
    session.keep = Keep::once;  // there is no list to edit: what is unpatched by hand is not wanted any more
    SessionRun run{shell, std::move(session), {false, true}};
    const int code = shell.run();
    run.finish();
    return code;
}

}  // namespace crowdjack
