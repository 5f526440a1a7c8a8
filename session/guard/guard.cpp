// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/guard.hpp"

#include "common/log.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto guard_look_period = std::chrono::seconds{1};
constexpr auto opening_patience = std::chrono::seconds{15};  ///< a set may have to look at its first track first
constexpr auto fallback_retry = std::chrono::seconds{30};    ///< while the silence lasts

/// As the deck will name it.
std::string canonical_text(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error).string();
}

}  // namespace

Guard::Guard(ClientShell& shell, LogRelay& logs, DeckStates& decks, const SessionFile& session, Questions questions)
    : peers_{shell.peers()},
      spec_{session.guard},
      commands_{shell.loop(),
                logs,
                {{"CROWDJACK_SERVER", shell.server()},
                 {"CROWDJACK_FILE", session.path.empty() ? "" : std::filesystem::absolute(session.path).string()}}},
      fallback_{shell, decks},
      closed_{std::move(questions.closed)} {
    if (!spec_.watches_silence()) {
        return;
    }
    fallback_.use(spec_.fallback.empty() ? "" : canonical_text(session.path.parent_path() / spec_.fallback),
                  std::move(questions.connections));
    peers_.on_event(at::mixer_silent, [this](const PeerInfo&, const OscArguments& heard) {
        silent_ = true;
        seconds_ = heard.number(0, "seconds");
        look();
    });
    peers_.on_event(at::mixer_sounding, [this](const PeerInfo&, const OscArguments&) {
        silent_ = false;
        look();
    });
    shell.loop().every(guard_look_period, [this] { look(); });
}

void Guard::see_peers(const std::vector<PeerInfo>& peers) {
    for (const PeerInfo& peer : peers) {
        if (peer.kind == "mixer-bus" && spec_.watches_silence()) {
            peers_.subscribe(peer.client);
        }
    }
}

void Guard::look() {
    const SessionTime now = SessionClock::now();
    if (closed_()) {
        alarmed_ = false;
        not_before_ = now + opening_patience;
        fallback_.give_way();
    } else if (!silent_) {
        alarmed_ = false;
    } else if (!alarmed_ && now >= not_before_) {
        alarm();
    } else if (alarmed_ && now >= fallback_again_at_) {
        fallback_again_at_ = now + fallback_retry;
        fallback_.begin();
    }
}

void Guard::alarm() {
    alarmed_ = true;
    log_event(LogLevel::warning, "silence", {{"seconds", seconds_}});
    commands_.run("silence", spec_.on_silence, {{"CROWDJACK_SECONDS", std::to_string(std::lround(seconds_))}});
    fallback_again_at_ = SessionClock::now() + fallback_retry;
    fallback_.begin();
}

void Guard::started() { commands_.run("start", spec_.on_start, {}); }

void Guard::crashed(const std::string& client, const std::string& how, int starts) {
    commands_.run("crash", spec_.on_crash,
                  {{"CROWDJACK_WHO", client}, {"CROWDJACK_WHY", how}, {"CROWDJACK_STARTS", std::to_string(starts)}});
}

}  // namespace crowdjack
