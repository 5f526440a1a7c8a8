// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/programme/programme.hpp"

#include "common/log.hpp"

#include <ctime>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto programme_look_period = std::chrono::seconds{1};
constexpr const char* setlist_client = "setlist";

}  // namespace

Programme::Programme(ClientShell& shell, SetlistKeeper& keeper, Plan plan)
    : shell_{shell}, keeper_{keeper}, plan_{std::move(plan)} {
    // Also one that somebody else starts.
    shell_.peers().subscribe(setlist_client);
    shell_.peers().on_event(at::setlist_paused,
                            [this](const PeerInfo&, const OscArguments& heard) { paused_ = heard.flag(0, "paused"); });
    shell_.loop().every(programme_look_period, [this] { paused_ = paused_ && setlist_runs(); });
    if (plan_.source.empty()) {
        return;
    }
    open_ = due_ = plan_.hours.open_at(std::time(nullptr));
    // One that somebody stops is not begun again before the next opening.
    shell_.peers().on_event(at::setlist_ended, [this](const PeerInfo&, const OscArguments& heard) {
        found_ = found_ && heard.text(2, "why") != "stopped";
    });
    shell_.loop().every(programme_look_period, [this] { look(); });
}

void Programme::patch_is_whole() {
    if (!std::exchange(whole_, true) && !plan_.source.empty()) {
        if (!open_) {
            close();  // what an earlier session left playing
        }
        look();
    }
}

bool Programme::setlist_runs() { return shell_.peers().find(setlist_client).has_value(); }

void Programme::look() {
    const bool open_now = plan_.hours.open_at(std::time(nullptr));
    if (open_now != open_) {
        open_ = due_ = open_now;
        log_event(LogLevel::info, open_ ? "opens" : "closes", {{"hours", plan_.hours.text()}});
        if (!open_) {
            close();
        }
    }
    if (found_ && !setlist_runs()) {
        log_event(LogLevel::warning, "setlist-gone", {{"why", "the one that was found ended"}});
        found_ = false;
        due_ = open_;
    }
    if (due_ && whole_) {
        open();
    }
}

void Programme::open() {
    due_ = false;
    if (const auto found = shell_.peers().find(setlist_client)) {
        found_ = true;
        log_event(LogLevel::info, "setlist-found", {{"pid", found->pid}});
        return;
    }
    try {
        keeper_.start(plan_.source, true, plan_.options);
    } catch (const OscError& error) {
        log_event(LogLevel::error, "setlist-not-started", {{"why", error.what()}});
    }
}

void Programme::close() {
    found_ = false;
    // Told twice, it would leave at once instead of fading out.
    if (const auto found = shell_.peers().find(setlist_client); !keeper_.stop() && found) {
        shell_.peers().tell(*found, OscMessage{at::setlist_stop});
    }
}

}  // namespace crowdjack
