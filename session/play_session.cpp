// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/play_session.hpp"

#include "common/deck_names.hpp"

#include <array>
#include <cstdio>

namespace crowdjack {

namespace {

std::string words(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& word : list) {
        text += (text.empty() ? "" : ", ") + toml_quoted(word);
    }
    return "[" + text + "]";
}

std::string client(const std::string& name, const std::vector<std::string>& run) {
    return "\n[[client]]\nname = " + toml_quoted(name) + "\nrun = " + words(run) + "\n";
}

}  // namespace

std::string toml_quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            result += code.data();
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string play_session_text(const PlaySession& session) {
    std::string text = "# Made by crowdjack-session play, anew each time. Copy it for a set of your own.\n\n[jack]\n"
                       "autostart = true\ndriver = " +
                       toml_quoted(session.driver) + "\nrate = " + session.rate + "\nperiod = " + session.period + "\n";
    if (!session.device.empty()) {
        text += "device = " + toml_quoted(session.device) + "\n";
    }
    text += "\n[osc]\nports = [57120, 57122]\n\n[music]\ndirs = [";
    for (const std::filesystem::path& folder : session.music) {
        text += (text.back() == '[' ? "" : ", ") + toml_quoted(folder.string());
    }
    text += "]\n";
    std::vector<std::string> mixer{"crowdjack-mixer-bus"};
    if (!session.record.empty()) {
        mixer.insert(mixer.end(), {"--record", session.record});
    }
    text += client("mixer-bus", mixer);
    for (const std::string deck : {"A", "B", "C"}) {
        std::vector<std::string> run{"crowdjack-deck", "--name", deck};
        if (!session.stretch.empty()) {
            run.insert(run.end(), {"--stretch", session.stretch});
        }
        text += client(deck_client(deck), run);
    }
    std::vector<std::string> follower{"crowdjack-bpm-follower", "--osc-port", "0"};
    if (!session.replay.empty()) {
        follower.insert(follower.end(), {"--replay", session.replay});
    }
    text += client("bpm-follower", follower);
    return text + "\n[patch]\nconnect = [\n"
                  "  \"deck-A:out_* -> mixer-bus:A_*\",\n  \"deck-B:out_* -> mixer-bus:B_*\",\n"
                  "  \"deck-C:out_* -> mixer-bus:C_*\",\n  \"mixer-bus:master_l -> system:playback_1\",\n"
                  "  \"mixer-bus:master_r -> system:playback_2\",\n]\nkeep = \"wanted\"\n";
}

}  // namespace crowdjack
