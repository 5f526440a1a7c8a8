// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/peers.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace crowdjack {

/// Hands a peer's answer to who asked, at the address that was asked.
void pass_answer(const OscReplyTo& to, const PeerAnswer& answer);

/// Joins the answers of several commands into one: the sender is answered when each has come.
class JointAnswer {
public:
    /// @param reply  answered with /reply when all succeeded, else with the first /error
    static std::shared_ptr<JointAnswer> to(OscReplyTo reply);

    /// One more command to wait for; a peer that is not there counts as its failure.
    void ask(Peers& peers, const std::string& peer, const OscMessage& message,
             std::chrono::milliseconds limit = std::chrono::seconds{2});
    /// No more will come.
    void seal();

private:
    explicit JointAnswer(OscReplyTo reply) : reply_{std::move(reply)} {}
    void take(const PeerAnswer& answer);
    void finish();

    std::weak_ptr<JointAnswer> self_;
    OscReplyTo reply_;
    int open_{0};
    bool sealed_{false};
    bool failed_{false};
    PeerAnswer first_failure_;
};

/// One command, one answer.
inline void ask_for(const OscReplyTo& to, Peers& peers, const std::string& peer, const OscMessage& message,
                    std::chrono::milliseconds limit = std::chrono::seconds{2}) {
    peers.ask(
        peer, message, [to](const PeerAnswer& answer) { pass_answer(to, answer); }, limit);
}

}  // namespace crowdjack
