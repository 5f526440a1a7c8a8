// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/command_sender.hpp"

#include "common/error.hpp"

namespace crowdjack {

void CommandSender::push(const DeckCommand& command) {
    if (!engine_->commands.push(command)) {
        throw Failure{"the audio thread does not take commands: is JACK running, and is no client of it hung?"};
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
