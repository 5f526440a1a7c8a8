// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/joint_answer.hpp"

namespace crowdjack {

void pass_answer(const OscReplyTo& to, const PeerAnswer& answer) {
    if (!answer.ok) {
        to.error(answer.code, answer.message);
        return;
    }
    std::vector<OscAtom> atoms = answer.values.atoms();
    if (answer.address.empty()) {
        atoms.insert(atoms.begin(), to.address());
    }
    to.send(OscMessage{answer.address.empty() ? at::reply : answer.address, std::move(atoms)});
}

std::shared_ptr<JointAnswer> JointAnswer::to(OscReplyTo reply) {
    std::shared_ptr<JointAnswer> joint{new JointAnswer{std::move(reply)}};
    joint->self_ = joint;
    return joint;
}

void JointAnswer::ask(Peers& peers, const std::string& peer, const OscMessage& message,
                      std::chrono::milliseconds limit) {
    ++open_;
    try {
        peers.ask(
            peer, message, [joint = self_.lock()](const PeerAnswer& answer) { joint->take(answer); }, limit);
    } catch (const OscError& error) {
        take({false, error.code, error.what(), {}, {}});
    }
}

void JointAnswer::take(const PeerAnswer& answer) {
    if (!answer.ok && !failed_) {
        failed_ = true;
        first_failure_ = answer;
    }
    --open_;
    finish();
}

void JointAnswer::seal() {
    sealed_ = true;
    finish();
}

void JointAnswer::finish() {
    if (!sealed_ || open_ > 0) {
        return;
    }
    sealed_ = false;  // answered once
    if (failed_) {
        reply_.error(first_failure_.code, first_failure_.message);
    } else {
        reply_.done();
    }
}

}  // namespace crowdjack
