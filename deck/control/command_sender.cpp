// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/command_sender.hpp"

#include "common/error.hpp"

namespace crowdjack {

void CommandSender::push(const DeckCommand& command) {
    flush();
    if (overflow_.empty() && engine_->commands.push(command)) {
        ++sent_;
        return;
    }
    if (overflow_.size() >= most_overflow) {
        throw Failure{"the audio thread does not take commands: is JACK running, and is no client of it hung?"};
    }
    overflow_.push_back(command);
    ++sent_;
}

void CommandSender::flush() {
    while (!overflow_.empty() && engine_->commands.push(overflow_.front())) {
        overflow_.pop_front();
    }
}

void CommandSender::take(const Done& report) {
    if (const auto found = waiting_.extract(report.ticket); found && found.mapped().finished) {
        found.mapped().finished(report.frame);
    }
}

void CommandSender::take(const Refused& report) {
    if (const auto found = waiting_.extract(report.ticket); found && found.mapped().declined) {
        found.mapped().declined(report.why);
    }
}

}  // namespace crowdjack
