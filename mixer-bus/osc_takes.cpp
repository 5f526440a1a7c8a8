// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_mixer.hpp"

#include <string>

namespace crowdjack {

namespace {

StreamTarget stream_target_argument(const OscRequest& request) {
    try {
        return StreamTarget::parse(request.arguments.text(0, "url"));
    } catch (const Failure& error) {
        throw OscError{OscErrorCode::bad_arguments, error.what()};
    }
}

StreamFormat stream_format_argument(const OscRequest& request) {
    try {
        const bool given = request.arguments.size() == 2;
        return given ? parse_stream_format(request.arguments.text(1, "format")) : StreamFormat::vorbis;
    } catch (const Failure& error) {
        throw OscError{OscErrorCode::bad_arguments, error.what()};
    }
}

}  // namespace

void register_take_commands(ClientShell& shell, Takes& takes) {
    OscServer& osc = shell.osc();
    osc.handle("/mixer/record/start", [&shell, &takes](const OscRequest& request) {
        request.arguments.expect(1, 3, "s:path [d:preroll_s] [i:frame]");
        request.arguments.expect_no_text(1);
        const std::string path{request.arguments.text(0, "path")};
        const auto preroll = request.arguments.optional_number(1, "preroll_s", 0.0, 10.0);
        const auto frame = shell.frame_argument(request, 2, "frame");
        takes.start_recording(path, {preroll.value_or(0.0)}, frame, request.reply_to);
    });
    osc.handle("/mixer/record/stop", [&shell, &takes](const OscRequest& request) {
        request.arguments.expect(0, 1, "[i:frame]");
        request.arguments.expect_no_text(0);
        takes.stop_recording(shell.frame_argument(request, 0, "frame"), request.reply_to);
    });
    osc.handle("/mixer/stream/start", [&takes](const OscRequest& request) {
        request.arguments.expect(1, 2, "s:icecast://source:PASSWORD@HOST:PORT/MOUNT [s:vorbis|opus|mp3]");
        const StreamTarget target = stream_target_argument(request);
        takes.start_stream(target, stream_format_argument(request), request.reply_to);
    });
    osc.handle("/mixer/stream/stop", [&takes](const OscRequest& request) {
        request.arguments.expect(0, 0, "no arguments");
        takes.stop_stream(request.reply_to);
    });
}

}  // namespace crowdjack
