// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session osc-page: the OSC page of the manual and of man, from the description of the protocol.
#include "common/protocol/description.hpp"
#include "session/commands.hpp"

#include <array>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::string_view beginning =
    R"(# NAME

crowdjack-osc - the OSC messages that crowdjack understands

# DESCRIPTION

Send OSC over UDP to port 57120 of the machine that runs the session. Each client also listens on a port of its own; `crowdjack-session status` shows it.

Every command is answered to its sender: `/reply` with the address when it is done or scheduled, or `/error` with the address, a code and a sentence. The codes are 1 bad arguments, 2 not found, 3 not ready, 4 refused, 5 failed. A parameter's address without its value asks for the value. Reports are never answered.

Words in braces stand for a name: `/mixer/{strip}/gain` is `/mixer/A/gain` with the value alone, or `/mixer/gain` with the strip as first argument. `{deck}` is a letter or a name. At the deck's own port it is left out.

Arguments in square brackets may be omitted. Numbers may come as `i h f d` in any mix, switches also as `T F`. A frame is the low 32 bits of a JACK frame as `i` or `h`; omitted or `N` means as soon as possible. Where a command needs no argument, a lone number is a button: 1 presses it, 0 does nothing.

`/subscribe` brings the events for 60 seconds.
)";

constexpr std::array<std::pair<protocol::Server, std::string_view>, 6> chapters{
    std::pair{protocol::Server::door, "THE SESSION AND CROWDSTREAM'S ADDRESSES"},
    std::pair{protocol::Server::deck, "DECKS"},
    std::pair{protocol::Server::mixer, "THE MIXER"},
    std::pair{protocol::Server::follower, "TEMPO AND MOVEMENT"},
    std::pair{protocol::Server::setlist, "THE UNATTENDED SET"},
    std::pair{protocol::Server::anybody, "EVERY PROGRAM"}};

std::string_view role_name(protocol::Role role) {
    switch (role) {
    case protocol::Role::command:
        return "command";
    case protocol::Role::parameter:
        return "parameter";
    case protocol::Role::question:
        return "question";
    case protocol::Role::event:
        return "event";
    case protocol::Role::report:
        return "report";
    }
    return "";
}

void print(const protocol::Description& each) {
    const std::string usage = each.usage();
    std::cout << "\n`" << each.form << (usage.empty() ? "" : " ") << usage << "` (" << role_name(each.way.role)
              << ")\n\n"
              << each.sentence;
    for (const protocol::Argument& argument : each.arguments()) {
        if (!argument.choices.empty()) {
            std::cout << " " << argument.name << ": " << argument.choices << ".";
        } else if (argument.kind == protocol::Argument::Kind::number ||
                   argument.kind == protocol::Argument::Kind::whole) {
            std::cout << " " << argument.name << ": " << argument.low << " to " << argument.high
                      << (argument.unit.empty() ? "" : " ") << argument.unit << ".";
        }
    }
    if (!each.way.answer.empty()) {
        std::cout << " Answer: `" << each.way.answer << "`.";
    }
    std::cout << "\n";
}

}  // namespace

int run_osc_page(int, const char* const*) {
    std::cout << beginning;
    for (const auto& [server, title] : chapters) {
        std::cout << "\n# " << title << "\n";
        for (const protocol::Description& each : protocol::descriptions()) {
            if (each.server == server && !each.way.pending) {
                print(each);
            }
        }
    }
    std::cout << "\n# SEE ALSO\n\n**crowdjack**(7), **crowdjack-session**(1)\n";
    return 0;
}

}  // namespace crowdjack
