// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/peer_calls.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

/// How long a command waits for a client that is on its way.
constexpr auto start_patience = std::chrono::seconds{5};

}  // namespace

PeerCalls::PeerCalls(ClientShell& shell) : shell_{shell} {
    shell.osc().handle_report("/reply", [this](const OscRequest& request) {
        const std::string address{request.arguments.text(0, "address")};
        answered(request, address, {true, {}, {}, &request.arguments});
    });
    shell.osc().handle_report("/error", [this](const OscRequest& request) {
        const std::string address{request.arguments.text(0, "address")};
        const auto code = static_cast<OscErrorCode>(request.arguments.integer(1, "code", 1, 5));
        answered(request, address, {false, code, std::string{request.arguments.text(2, "message")}, nullptr});
    });
}

void PeerCalls::answered(const OscRequest& request, const std::string& address, const PeerAnswer& answer) {
    const auto found = waiting_.find({request.sender().url(), address});
    if (found == waiting_.end() || found->second.empty()) {
        return;  // nobody waits any more
    }
    const Waiting waiting = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) {
        waiting_.erase(found);
    }
    shell_.loop().cancel(waiting.timer);
    waiting.done(answer);
}

void PeerCalls::send(const std::string& peer, const OscMessage& message, Done done, std::chrono::milliseconds limit) {
    if (const auto endpoint = shell_.peers().endpoint(peer)) {
        send_to(*endpoint, peer, message, std::move(done), limit);
        return;
    }
    if (!expected || !expected(peer)) {
        throw OscError{OscErrorCode::not_ready, peer + " is not running"};
    }
    deferred_.push_back({peer, message, std::move(done), limit, std::chrono::steady_clock::now() + start_patience});
    shell_.loop().after(start_patience, [this] { see_peers(); });
}

void PeerCalls::see_peers() {
    const auto now = std::chrono::steady_clock::now();
    std::deque<Deferred> waiting;
    waiting.swap(deferred_);
    for (Deferred& one : waiting) {
        if (const auto endpoint = shell_.peers().endpoint(one.peer)) {
            send_to(*endpoint, one.peer, one.message, std::move(one.done), one.limit);
        } else if (now >= one.until) {
            one.done({false, OscErrorCode::not_ready, one.peer + " is not running", nullptr});
        } else {
            deferred_.push_back(std::move(one));
        }
    }
}

void PeerCalls::send_to(const OscEndpoint& endpoint, const std::string& peer, const OscMessage& message, Done done,
                        std::chrono::milliseconds limit) {
    const Key key{endpoint.url(), message.address()};
    const std::uint64_t id = next_id_++;
    const auto timer = shell_.loop().after(limit, [this, key, id, peer, address = message.address()] {
        auto& queue = waiting_[key];
        const auto late = std::find_if(queue.begin(), queue.end(), [id](const Waiting& one) { return one.id == id; });
        if (late == queue.end()) {
            return;
        }
        const Done late_done = std::move(late->done);
        queue.erase(late);
        if (queue.empty()) {
            waiting_.erase(key);
        }
        late_done(
            {false, OscErrorCode::failed, peer + " did not answer " + address + " in time: is it hung?", nullptr});
    });
    waiting_[key].push_back({id, std::move(done), timer});
    shell_.osc().send(endpoint, message);
}

void PeerCalls::command(const std::string& peer, const OscMessage& message, Done done,
                        std::chrono::milliseconds limit) {
    send(peer, message, std::move(done), limit);
}

void PeerCalls::ask(const std::string& peer, const OscMessage& message, Done done, std::chrono::milliseconds limit) {
    listen(message.address());
    send(peer, message, std::move(done), limit);
}

bool PeerCalls::tell(const std::string& peer, const OscMessage& message) {
    const auto endpoint = shell_.peers().endpoint(peer);
    if (endpoint) {
        shell_.osc().send(*endpoint, message);
    }
    return endpoint.has_value();
}

void PeerCalls::on_event(const std::string& address,
                         std::function<void(const std::string& peer, const OscArguments&)> seen) {
    events_[address].push_back(std::move(seen));
    listen(address);
}

void PeerCalls::serve(const std::string& address, OscServer::Handler handler) {
    heard_.insert(address);
    shell_.osc().handle(address, [this, address, handler = std::move(handler)](const OscRequest& request) {
        if (name_of(request.sender()).empty()) {
            handler(request);
        } else {
            // Taken for a command, a peer's answer would be asked about in turn, for ever; or do what it only tells.
            answered(request, address, {true, {}, {}, &request.arguments});
        }
    });
}

void PeerCalls::listen(const std::string& address) {
    if (!heard_.insert(address).second) {
        return;
    }
    shell_.osc().handle_report(address, [this, address](const OscRequest& request) {
        const std::string peer = name_of(request.sender());
        if (peer.empty()) {
            request.reply_to.error(OscErrorCode::not_found, "this program has no such address: peers report at it");
            return;
        }
        if (const auto events = events_.find(address); events != events_.end()) {
            for (const auto& seen : events->second) {
                seen(peer, request.arguments);
            }
        }
        answered(request, address, {true, {}, {}, &request.arguments});
    });
}

std::string PeerCalls::name_of(const OscEndpoint& sender) {
    const std::string url = sender.url();
    for (const PeerInfo& peer : shell_.peers().all()) {
        if (peer.url == url) {
            return peer.name;
        }
    }
    return {};
}

std::shared_ptr<JointAnswer> JointAnswer::to(OscReplyTo reply) {
    std::shared_ptr<JointAnswer> joint{new JointAnswer{std::move(reply)}};
    joint->self_ = joint;
    return joint;
}

PeerCalls::Done JointAnswer::part() {
    ++open_;
    return [joint = self_.lock()](const PeerAnswer& answer) {
        if (!answer.ok && !joint->failed_) {
            joint->failed_ = true;
            joint->first_failure_ = answer;
        }
        --joint->open_;
        joint->finish();
    };
}

void JointAnswer::command(PeerCalls& calls, const std::string& peer, const OscMessage& message,
                          std::chrono::milliseconds limit) {
    const PeerCalls::Done done = part();
    try {
        calls.command(peer, message, done, limit);
    } catch (const OscError& error) {
        done({false, error.code, error.what(), nullptr});
    }
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
