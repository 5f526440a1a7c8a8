// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// How a peer answered.
struct PeerAnswer {
    bool ok{};
    OscErrorCode code{OscErrorCode::failed};  ///< when not ok
    std::string message;                      ///< when not ok, for the user
    const OscArguments* arguments{};          ///< when ok: of its /reply (from 1 on; 0 is the address) or of its answer
};

/// Commands to peers, each with its answer or a time limit. Control thread only; nothing waits.
class PeerCalls {
public:
    using Done = std::function<void(const PeerAnswer&)>;

    explicit PeerCalls(ClientShell& shell);

    /// Sends `message` to that client and calls `done` once, later, with its /reply, its /error, or the passing of
    /// `limit`. A client that is only just starting gets it when it is there.
    /// @throws OscError{not_ready} when no such client is there
    void command(const std::string& peer, const OscMessage& message, Done done,
                 std::chrono::milliseconds limit = std::chrono::seconds{2});

    /// The same for a question, which is answered at its own address.
    void ask(const std::string& peer, const OscMessage& message, Done done,
             std::chrono::milliseconds limit = std::chrono::seconds{1});

    /// An address that outsiders command here and peers answer at, too: only the former reach `handler`.
    void serve(const std::string& address, OscServer::Handler handler);

    /// Is that client on its way, so that a command may wait for it a little? Empty: nobody ever is.
    std::function<bool(const std::string& peer)> expected;
    /// Sends what waited for clients that are there now; call when the registry changed.
    void see_peers();

    /// Sends without waiting for anything. @returns whether the peer is there
    bool tell(const std::string& peer, const OscMessage& message);

    /// Also called with every message that comes at `address` from a peer, asked for or not (events).
    void on_event(const std::string& address, std::function<void(const std::string& peer, const OscArguments&)> seen);

private:
    struct Waiting {
        std::uint64_t id{};
        Done done;
        ControlLoop::TimerId timer{};
    };
    struct Deferred {
        std::string peer;
        OscMessage message;
        Done done;
        std::chrono::milliseconds limit{};
        std::chrono::steady_clock::time_point until;
    };
    using Key = std::pair<std::string, std::string>;  ///< the peer's URL and the address

    void send(const std::string& peer, const OscMessage& message, Done done, std::chrono::milliseconds limit);
    void send_to(const OscEndpoint& endpoint, const std::string& peer, const OscMessage& message, Done done,
                 std::chrono::milliseconds limit);
    void answered(const OscRequest& request, const std::string& address, const PeerAnswer& answer);
    void listen(const std::string& address);
    [[nodiscard]] std::string name_of(const OscEndpoint& sender);

    ClientShell& shell_;
    std::map<Key, std::deque<Waiting>> waiting_;
    std::map<std::string, std::vector<std::function<void(const std::string&, const OscArguments&)>>> events_;
    std::set<std::string> heard_;  ///< addresses that are listened to
    std::deque<Deferred> deferred_;
    std::uint64_t next_id_{1};
};

/// Joins the answers of several calls into one: the sender is answered when each has come.
class JointAnswer {
public:
    /// @param reply  answered with /reply when all succeeded, else with the first /error
    static std::shared_ptr<JointAnswer> to(OscReplyTo reply);

    /// One more call to wait for; a peer that is not there counts as its failure.
    void command(PeerCalls& calls, const std::string& peer, const OscMessage& message,
                 std::chrono::milliseconds limit = std::chrono::seconds{2});
    /// One more thing to wait for: to be called once with how it went.
    [[nodiscard]] PeerCalls::Done part();
    /// No more parts will come.
    void seal();

private:
    explicit JointAnswer(OscReplyTo reply) : reply_{std::move(reply)} {}
    void finish();

    std::weak_ptr<JointAnswer> self_;
    OscReplyTo reply_;
    int open_{0};
    bool sealed_{false};
    bool failed_{false};
    PeerAnswer first_failure_;
};

}  // namespace crowdjack
