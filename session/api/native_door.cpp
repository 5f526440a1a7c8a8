// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/native_door.hpp"

#include "session/api/movement_relay.hpp"

namespace crowdjack {

NativeDoor::NativeDoor(DoorParts parts, Surroundings surroundings)
    : parts_{parts}, surroundings_{std::move(surroundings)} {
    OscServer& osc = parts_.shell.osc();
    osc.handle("/session/start", [this](const OscRequest& request) { start(request); });
    osc.handle("/session/state", [this](const OscRequest& request) { state(request); });
    osc.handle("/session/save", [this](const OscRequest& request) {
        request.arguments.expect(0, 0, "/session/save");
        surroundings_.save();
        request.reply_to.done();
    });
    osc.handle("/session/quit", [this](const OscRequest& request) {
        request.arguments.expect(0, 0, "/session/quit");
        request.reply_to.done();
        parts_.shell.quit();
    });
    osc.handle("/setlist/start", [this](const OscRequest& request) {
        request.arguments.expect(1, 1, "/setlist/start csv");
        surroundings_.start_setlist(std::string{request.arguments.text(0, "csv")});
        request.reply_to.done();
    });
    for (const char* address : {"/setlist/next", "/setlist/stop", "/setlist/state"}) {
        parts_.calls.serve(address, [this](const OscRequest& request) { setlist_command(request); });
    }
}

void NativeDoor::start(const OscRequest& request) {
    const OscArguments& arguments = request.arguments;
    const bool with_frame = !arguments.empty() && !arguments.is_text(0);
    const std::size_t first = with_frame ? 1 : 0;
    arguments.expect(first + 1, 27, "/session/start [frame] deck…");
    const auto frame = with_frame ? parts_.shell.frame_argument(request, 0, "frame") : std::nullopt;
    std::vector<std::pair<std::string, std::string>> decks;
    for (std::size_t i = first; i < arguments.size(); ++i) {
        const std::string name{arguments.text(i, "deck")};
        // A plain name of any client, or a letter in any case.
        const bool is_name = parts_.decks.is_there(name);
        try {
            decks.emplace_back(is_name ? name : api::deck_name(api::deck_letter(name)), name);
        } catch (const ApiError& error) {
            throw OscError{OscErrorCode::bad_arguments, error.what()};
        }
    }
    parts_.starter.begin(request.reply_to, decks, 0.0, frame);
}

void NativeDoor::state(const OscRequest& request) {
    request.arguments.expect(0, 0, "/session/state");
    const auto patch = surroundings_.patchbay.status();
    const bool there = parts_.shell.has_jack();
    OscMessage message{"/session/state"};
    message.text("server").text(parts_.shell.server());
    message.text("running").flag(there);
    message.text("rate").real(there ? static_cast<float>(parts_.shell.jack().format().rate) : 0.0F);
    message.text("period").integer(there ? static_cast<std::int32_t>(parts_.shell.jack().period()) : 0);
    message.text("patch").text(patch->complete() ? "complete" : "incomplete");
    message.text("wanted").integer(static_cast<std::int32_t>(patch->wanted));
    message.text("made").integer(static_cast<std::int32_t>(patch->made));
    surroundings_.describe(message);
    for (const std::string& missing : patch->missing) {
        message.text("missing").text(missing);
    }
    for (const std::string& failed : patch->failed) {
        message.text("failed").text(failed);
    }
    for (const Clients::View& client : surroundings_.clients.view()) {
        message.text("client " + client.name).text(phase_text(client.phase));
        message.text("starts " + client.name).integer(client.starts);
    }
    request.reply_to.send(message);
}

void NativeDoor::setlist_command(const OscRequest& request) {
    if (!parts_.shell.peers().endpoint("setlist")) {
        throw OscError{OscErrorCode::not_ready, "no setlist is playing: send /setlist/start csv first"};
    }
    if (request.address == "/setlist/state") {
        pass_question_on(parts_.calls, "setlist", request);
        return;
    }
    const auto joint = JointAnswer::to(request.reply_to);
    joint->command(parts_.calls, "setlist", copy_of(request));
    joint->seal();
}

}  // namespace crowdjack
