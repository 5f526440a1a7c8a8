// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/guard.hpp"

#include "common/log.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto renewal = std::chrono::seconds{20};         // a subscription lasts 60 s
constexpr auto fallback_retry = std::chrono::seconds{30};  ///< while the silence lasts

/// As the deck will name it.
std::string canonical_text(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error).string();
}

}  // namespace

Guard::Guard(ClientShell& shell, LogRelay& logs, PeerCalls& calls, DeckStates& decks, const SessionFile& session,
             std::function<std::vector<Connection>()> connections)
    : calls_{calls},
      spec_{session.guard},
      commands_{shell.loop(),
                logs,
                {{"CROWDJACK_SERVER", shell.server()},
                 {"CROWDJACK_FILE", session.path.empty() ? "" : std::filesystem::absolute(session.path).string()}}},
      fallback_{shell, calls, decks} {
    if (!spec_.watches_silence()) {
        return;
    }
    fallback_.use(spec_.fallback.empty() ? "" : canonical_text(session.path.parent_path() / spec_.fallback),
                  std::move(connections));
    calls.on_event("/mixer/silent",
                   [this](const std::string&, const OscArguments& heard) { fell_silent(heard.number(0, "seconds")); });
    calls.on_event("/mixer/sounding", [this](const std::string&, const OscArguments&) { silent_ = false; });
    calls.on_event("/mixer/meters", [](const std::string&, const OscArguments&) {});  // comes with the others
    shell.loop().every(renewal, [this] { subscribe(); });
    shell.loop().every(fallback_retry, [this] {
        if (silent_) {
            fallback_.begin();
        }
    });
}

void Guard::see_peers(const std::vector<PeerInfo>& peers) {
    std::map<std::string, pid_t> now;
    for (const PeerInfo& peer : peers) {
        if (peer.kind == "mixer-bus") {
            now[peer.name] = peer.pid;
        }
    }
    if (now != mixers_) {
        mixers_ = std::move(now);
        subscribe();
    }
}

void Guard::subscribe() {
    if (!spec_.watches_silence()) {
        return;
    }
    for (const auto& [mixer, pid] : mixers_) {
        calls_.tell(mixer, OscMessage{"/subscribe"});
    }
}

void Guard::fell_silent(double seconds) {
    silent_ = true;
    log_event(LogLevel::warning, "silence", {{"seconds", seconds}});
    commands_.run("silence", spec_.on_silence, {{"CROWDJACK_SECONDS", std::to_string(std::lround(seconds))}});
    fallback_.begin();
}

void Guard::started() { commands_.run("start", spec_.on_start, {}); }

void Guard::crashed(const std::string& client, const std::string& how, int starts) {
    commands_.run("crash", spec_.on_crash,
                  {{"CROWDJACK_WHO", client}, {"CROWDJACK_WHY", how}, {"CROWDJACK_STARTS", std::to_string(starts)}});
}

}  // namespace crowdjack
