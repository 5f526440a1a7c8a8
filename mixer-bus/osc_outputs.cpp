// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves the mixer: recording, stream, what plays.
#include "common/error.hpp"
#include "mixer-bus/json_text.hpp"
#include "mixer-bus/osc_arguments.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <memory>
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

/// A tag's text: UTF-8 in one line. Other bytes are taken for Latin-1, as old taggers wrote it.
std::string tag_text(std::string_view bytes) {
    constexpr std::size_t longest = 512;
    const bool utf8 = is_utf8(bytes);
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            text += ' ';
        } else if (byte < 0x80 || utf8) {
            text += c;
        } else {
            text += {static_cast<char>(0xC0U | byte >> 6U), static_cast<char>(0x80U | (byte & 0x3FU))};
        }
    }
    while (text.size() > longest || (!text.empty() && !is_utf8(text))) {
        text.pop_back();
    }
    return text;
}

/// What was announced last.
struct NowPlaying {
    std::string deck;
    Title title;
};

void obey_now_playing(ClientShell& shell, Recorder& recorder, Streamer& streamer, NowPlaying& now,
                      const OscRequest& request) {
    request.arguments.expect(0, 4, "[s:deck s:artist s:title [i:frame]]");
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.text(now.deck).text(now.title.artist).text(now.title.title));
        return;
    }
    request.arguments.expect(3, 4, "[s:deck s:artist s:title [i:frame]]");
    const Title title{tag_text(request.arguments.text(1, "artist")), tag_text(request.arguments.text(2, "title"))};
    const auto frame = frame_at(shell, request, 3);
    now = {tag_text(request.arguments.text(0, "deck")), title};
    recorder.played(frame, title);
    streamer.played(title);
    request.reply_to.done();
}

}  // namespace

void register_record_commands(ClientShell& shell, Recorder& recorder) {
    OscServer& osc = shell.osc();
    osc.handle("/mixer/record/start", [&shell, &recorder](const OscRequest& request) {
        request.arguments.expect(1, 3, "s:path [d:preroll_s] [i:frame]");
        request.arguments.expect_no_text(1);
        const std::string path{request.arguments.text(0, "path")};
        const auto preroll = request.arguments.optional_number(1, "preroll_s", 0.0, 10.0);
        const auto frame = frame_at(shell, request, 2);
        recorder.start(path, {preroll.value_or(0.0)}, frame, request.reply_to);
    });
    osc.handle("/mixer/record/stop", [&shell, &recorder](const OscRequest& request) {
        request.arguments.expect(0, 1, "[i:frame]");
        if (!is_button(request.arguments, 0)) {
            recorder.stop(frame_at(shell, request, 0), request.reply_to);
        } else if (is_pressed(request.arguments, 0)) {
            recorder.stop({}, request.reply_to);
        } else {
            request.reply_to.done();
        }
    });
}

void register_stream_commands(ClientShell& shell, Streamer& streamer) {
    OscServer& osc = shell.osc();
    osc.handle("/mixer/stream/start", [&streamer](const OscRequest& request) {
        request.arguments.expect(1, 2, "s:icecast://source:PASSWORD@HOST:PORT/MOUNT [s:vorbis|opus|mp3]");
        const StreamTarget target = stream_target_argument(request);
        streamer.start({target, stream_format_argument(request)}, request.reply_to);
    });
    osc.handle("/mixer/stream/stop", [&streamer](const OscRequest& request) {
        request.arguments.expect(0, 1, "no arguments, or a button's number");
        if (is_pressed(request.arguments, 0)) {
            streamer.stop(request.reply_to);
        } else {
            request.reply_to.done();
        }
    });
}

void register_now_playing(ClientShell& shell, Recorder& recorder, Streamer& streamer) {
    const auto now = std::make_shared<NowPlaying>();
    shell.osc().handle("/mixer/nowplaying", [&shell, &recorder, &streamer, now](const OscRequest& request) {
        obey_now_playing(shell, recorder, streamer, *now, request);
    });
}

}  // namespace crowdjack
