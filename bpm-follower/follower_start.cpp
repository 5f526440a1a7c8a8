// SPDX-License-Identifier: GPL-3.0-or-later
// How the follower's line begins, or goes on where an earlier one stands.
#include "bpm-follower/follower.hpp"
#include "common/log.hpp"

#include <utility>

namespace crowdjack {

namespace {

constexpr auto answer_deadline = std::chrono::milliseconds{500};  ///< for decks to say which line they play
constexpr auto last_word = std::chrono::milliseconds{50};         ///< after the latest line of a deck nothing follows

}  // namespace

void Follower::connected() {
    if (options_.timebase) {
        audio_.become_timebase_master(shell_.jack().raw());
    }
    midi_in_.reset();
    if (options_.outside == OutsideLead::midi_clock) {
        midi_in_.emplace(shell_.jack().format().rate);
    }
    phase_ = Phase::waiting_for_clock;
    cycles_at_connect_ = shell_.jack().cycles();
}

void Follower::disconnected() {
    if (phase_ == Phase::running) {
        // Not the latest tick: people have been told beats since, and the next server must not go back behind them.
        conductor_.end(shell_.jack().last_frame());
    }
    phase_ = Phase::away;
    log_event(LogLevel::info, "the line waits for the server", {{"target", conductor_.target().value}});
}

void Follower::look_for_lines() {
    conductor_.set_lead(sender_.lead());
    found_.clear();
    // What decks play counts for a follower that died; one that was given another project has its tempo from there.
    decks_asked_ = conductor_.running() || std::exchange(from_project_, false) ? 0 : sender_.ask_for_lines();
    if (decks_asked_ == 0) {
        begin();
        return;
    }
    phase_ = Phase::asking;
    asked_at_ = std::chrono::steady_clock::now();
}

void Follower::hear_line(const OscRequest& request) {
    if (request.arguments.empty()) {
        for (const auto& line : conductor_.announced().lines()) {
            request.reply_to.send(LineSender::message_of(line));
        }
        return;
    }
    if (phase_ == Phase::asking) {
        found_[request.sender().url()].push_back(
            read_line(request.arguments, shell_.jack().last_frame(), shell_.jack().format().rate));
        answered_at_ = std::chrono::steady_clock::now();
    }
}

void Follower::begin() {
    const double rate = shell_.jack().format().rate;
    const JackFrame frame = shell_.jack().last_frame();
    std::vector<std::vector<AnnouncedLine>> said;
    for (auto& [url, lines_said] : std::exchange(found_, {})) {
        said.push_back(std::move(lines_said));
    }
    auto lines = latest_word(said);
    if (lines.empty() && saved_ && !conductor_.running()) {
        lines = lines_if_same_server(*saved_, frame, rate, uptime_s()).value_or(std::vector<AnnouncedLine>{});
    }
    saved_.reset();
    conductor_.set_lead(sender_.lead());
    const bool first = !conductor_.running();
    if (first && !lines.empty()) {
        conductor_.continue_with(lines, frame, rate);
    } else {
        conductor_.begin(frame, rate);
    }
    phase_ = Phase::running;
    line_began(!first || !lines.empty());
}

void Follower::begin_if_answered() {
    const auto time = std::chrono::steady_clock::now();
    const bool all_spoke = found_.size() >= decks_asked_ && time - answered_at_ >= last_word;
    if (all_spoke || time - asked_at_ >= answer_deadline) {
        begin();
    }
}

void Follower::line_began(bool continued) {
    const auto state = conductor_.state(now());
    log_event(LogLevel::info, continued ? "the line goes on" : "the line begins",
              {{"bpm", state.bpm.value},
               {"target", state.target.value},
               {"beat", state.beat.value},
               {"mode", name_of(state.mode)},
               {"serial", state.serial}});
    continued_ = continued;
    clock_listeners_ = 0;  // whoever listens is greeted at the next look
    tell_audio(FollowerCommand::Clock::as_it_is);
    sender_.greet_newcomers();
    sender_.send_lines();
    sent_serial_ = conductor_.announced().serial();
    saved_mode_ = conductor_.mode();
    shell_.state_moved();
}

}  // namespace crowdjack
