// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/guard_commands.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "session/program_lookup.hpp"

#include <csignal>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t most_waiting = 16;
constexpr auto longest_run = std::chrono::seconds{60};

}  // namespace

GuardCommands::GuardCommands(ControlLoop& loop, LogRelay& logs, Details always)
    : loop_{loop}, logs_{logs}, always_{std::move(always)} {}

void GuardCommands::run(const std::string& event, const std::vector<std::string>& words, Details details) {
    if (words.empty()) {
        return;
    }
    Line& line = lines_[event];
    if (line.waiting.size() >= most_waiting) {
        ++line.dropped;
        return;
    }
    details.insert(always_.begin(), always_.end());
    details["CROWDJACK_EVENT"] = event;
    // It is no client of the session: not adopted, not ended with it.
    details[session_mark] = "";
    details[client_mark] = "";
    line.waiting.push_back({words, std::move(details)});
    next(event);
}

void GuardCommands::next(const std::string& event) {
    Line& line = lines_.at(event);
    while (!line.process && !line.waiting.empty()) {
        const Pending pending = std::move(line.waiting.front());
        line.waiting.pop_front();
        try {
            start(event, line, pending);
        } catch (const Failure& failure) {
            log_event(LogLevel::error, "guard-command-failed", {{"event", event}, {"why", failure.what()}});
        }
    }
}

void GuardCommands::start(const std::string& event, Line& line, const Pending& pending) {
    const auto program = find_program(pending.words.front(), program_folders());
    if (!program) {
        throw Failure{"there is no program '" + pending.words.front() + "'"};
    }
    ChildCommand command{pending.words, pending.details, logs_.channel("guard")};
    command.arguments.front() = program->string();
    line.process = ChildProcess::start(loop_, command, [this, event, &line](const Ending& ending) {
        line.process.reset();
        const bool well = !ending.by_signal && ending.code == 0;
        log_event(well ? LogLevel::info : LogLevel::warning, "guard-command-ended",
                  {{"event", event}, {"how", ending.text()}});
        if (const auto dropped = std::exchange(line.dropped, 0); dropped > 0) {
            log_event(LogLevel::warning, "guard-commands-dropped", {{"event", event}, {"count", dropped}});
        }
        next(event);
    });
    const pid_t pid = line.process->pid();
    log_event(LogLevel::info, "guard-command",
              {{"event", event}, {"pid", pid}, {"program", command.arguments.front()}});
    loop_.after(longest_run, [&line, pid, event] {
        if (line.process && line.process->pid() == pid) {
            log_event(LogLevel::warning, "guard-command-killed", {{"event", event}, {"why", "it ran for a minute"}});
            line.process->signal_group(SIGKILL);
        }
    });
}

}  // namespace crowdjack
