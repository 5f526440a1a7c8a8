// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/native_door.hpp"

#include "common/deck_names.hpp"

namespace crowdjack {

NativeDoor::NativeDoor(DoorParts parts, Surroundings surroundings)
    : parts_{parts}, surroundings_{std::move(surroundings)} {
    OscServer& osc = parts_.shell.osc();
    osc.handle(at::session_start, [this](const OscRequest& request) { start(request); });
    osc.handle(at::session_state, [this](const OscRequest& request) { state(request); });
    osc.handle(at::session_save, [this](const OscRequest& request) {
        surroundings_.save();
        request.reply_to.done();
    });
    osc.handle(at::session_quit, [this](const OscRequest& request) {
        request.reply_to.done();
        parts_.shell.quit();
    });
    osc.handle(at::setlist_start, [this](const OscRequest& request) {
        surroundings_.start_setlist(std::string{request.arguments.text(0, "csv")});
        request.reply_to.done();
    });
    osc.handle(at::dummy, [](const OscRequest& request) { request.reply_to.done(); });
}

void NativeDoor::start(const OscRequest& request) {
    const OscArguments& arguments = request.arguments;
    const bool with_frame = !arguments.empty() && !arguments.is_text(0);
    const std::size_t first = with_frame ? 1 : 0;
    arguments.expect(first + 1, 27, request.description->usage());
    const auto frame = with_frame ? parts_.shell.frame_argument(request, 0, "frame") : std::nullopt;
    std::vector<std::pair<std::string, std::string>> decks;
    for (std::size_t i = first; i < arguments.size(); ++i) {
        const std::string name{arguments.text(i, "deck")};
        // A plain name of any client, or a letter in any case.
        const bool is_name = parts_.decks.is_there(name);
        try {
            decks.emplace_back(is_name ? name : deck_client(api::deck_letter(name)), name);
        } catch (const ApiError& error) {
            throw OscError{OscErrorCode::bad_arguments, error.what()};
        }
    }
    parts_.starter.begin(request.reply_to, decks, 0.0, frame);
}

void NativeDoor::state(const OscRequest& request) {
    const auto patch = surroundings_.patchbay.status();
    const bool there = parts_.shell.has_jack();
    OscMessage message{at::session_state};
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
    parts_.shell.osc().describe(message);
    message.text("movement_dropped").precise(static_cast<double>(surroundings_.movement.dropped()));
    message.text("movement_repeated").precise(static_cast<double>(surroundings_.movement.repeated()));
    request.reply_to.send(message);
}

}  // namespace crowdjack
