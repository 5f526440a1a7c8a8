// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/setlist_keeper.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/osc_message.hpp"
#include "session/session_clock.hpp"
#include "session/setlist/sections.hpp"
#include "session/setlist/track_list.hpp"

#include <csignal>
#include <filesystem>
#include <iterator>
#include <utility>

namespace crowdjack {

namespace {

/// It ended because it was over, told to, or called wrongly: nothing that another start would mend. One that is to play
/// again and again may be called wrongly only for a while: its file is away, or half written.
bool for_good(const Ending& ending, bool again_and_again) {
    return !ending.by_signal && (ending.code == 0 || (ending.code == 2 && !again_and_again));
}

}  // namespace

MusicFolders setlist_folders(const SessionFile& session, bool open_to_network) {
    std::vector<std::filesystem::path> named;
    if (!session.path.empty()) {
        named.push_back(std::filesystem::absolute(session.path).parent_path());
    }
    for (const ClientSpec& client : session.clients) {
        for (auto word = client.run.begin(); word != client.run.end(); ++word) {
            if (*word == "--music-dir" && std::next(word) != client.run.end()) {
                named.emplace_back(*std::next(word));
            }
        }
    }
    named.insert(named.end(), session.music.begin(), session.music.end());
    MusicFolders folders{open_to_network ? named : std::vector<std::filesystem::path>{}};
    for (const auto& folder : named) {
        folders.add_folder_of(folder / "sections.csv");
    }
    return folders;
}

SetlistKeeper::SetlistKeeper(ControlLoop& loop, LogRelay& logs, std::string server)
    : loop_{loop}, logs_{logs}, server_{std::move(server)} {}

void SetlistKeeper::start(const std::string& source, bool again_and_again,
                          std::function<std::vector<std::string>()> options) {
    if (!csv_.empty()) {
        throw OscError{OscErrorCode::refused, "a setlist is playing: send /setlist/stop first"};
    }
    std::error_code error;
    // One that is to play for ever is waited for: its disk may come later.
    if (!again_and_again && !std::filesystem::exists(source, error)) {
        throw OscError{OscErrorCode::not_found, "there is no file or folder '" + source + "'"};
    }
    csv_ = source;
    options_ = std::move(options);
    again_and_again_ = again_and_again;
    restarts_ = RestartPolicy{};
    launch();
}

void SetlistKeeper::start_named(const std::string& wanted, const MusicFolders& folders) {
    std::string csv;
    try {
        csv = folders.existing_place(wanted).string();
    } catch (const PathError& error) {
        const bool refused = error.kind == PathError::Kind::refused;
        throw OscError{refused ? OscErrorCode::refused : OscErrorCode::not_found, error.what()};
    }
    std::vector<std::string> passed_over;
    try {
        // What it says is wrong goes to who asked, not only into the log.
        if (names_tracks(csv)) {
            (void)list_tracks(csv, passed_over);
        } else {
            (void)read_sections(csv, &passed_over);
        }
    } catch (const Failure& failure) {
        throw OscError{OscErrorCode::bad_arguments, failure.what()};
    }
    start(csv, false);
}

bool SetlistKeeper::stop() {
    csv_.clear();
    if (process_) {
        process_->signal(SIGTERM);
    }
    return process_.has_value();
}

void SetlistKeeper::launch() {
    ChildCommand command{{"/proc/self/exe", "setlist", csv_, "--server", server_},
                         {{session_mark, server_}, {"NSM_URL", ""}},
                         logs_.channel("setlist")};
    if (again_and_again_) {
        command.arguments.emplace_back("--loop");
    }
    if (options_) {
        const std::vector<std::string> more = options_();
        command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    }
    restarts_.started(SessionClock::now());
    try {
        process_ = ChildProcess::start(loop_, command, [this](const Ending& ending) { ended(ending); });
    } catch (const Failure& failure) {
        log_event(LogLevel::error, "setlist-not-started", {{"why", failure.what()}});
        ended({false, 1, false, false});
        return;
    }
    restarts_.ready(SessionClock::now());
    loop_.after(RestartPolicy::good_run, [this, pid = process_->pid()] {
        if (process_ && process_->pid() == pid) {
            logs_.let_speak("setlist", true);
        }
    });
}

void SetlistKeeper::ended(const Ending& ending) {
    process_.reset();
    if (csv_.empty() || for_good(ending, again_and_again_)) {
        log_event(LogLevel::info, "setlist-ended", {{"how", ending.text()}});
        csv_.clear();
        return;
    }
    const Restart next = restarts_.ended(SessionClock::now(), ending);
    if (restarts_.failing() && next.said) {
        log_event(LogLevel::error, "setlist-keeps-ending",
                  {{"times", restarts_.failures()},
                   {"how", ending.text()},
                   {"do", "see its last words above; it is tried again, up to every 30 s, until /setlist/stop"}});
    } else if (!restarts_.failing()) {
        log_event(LogLevel::warning, "setlist-ended", {{"how", ending.text()}, {"restart_ms", next.wait.count()}});
    }
    logs_.let_speak("setlist", next.said);
    loop_.after(next.wait, [this] {
        if (!csv_.empty() && !process_) {
            launch();
        }
    });
}

}  // namespace crowdjack
