// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_server.hpp"
#include "common/peer_list.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crowdjack {

/// How a peer answered.
struct PeerAnswer {
    bool ok{};
    OscErrorCode code{OscErrorCode::failed};  ///< when not ok
    std::string message;                      ///< when not ok, for the user
    /// When ok: what followed the address in its /reply, or the values of its answer.
    OscArguments values{};
    std::string address{};  ///< of a question's answer; empty for a /reply
};

/// The suite's other programs, and the one way to talk with them: find, tell, ask, await, subscribe. Control thread
/// only; nothing waits.
///
/// Each question leaves through a socket of its own until it is answered. So an answer belongs to its question though
/// the protocol has no numbers for them, whatever the order, and one that comes too late reaches nobody. Events come to
/// another socket again: no answer and no event is ever taken for a command.
class Peers {
public:
    using Done = std::function<void(const PeerAnswer&)>;
    using Heard = std::function<void(const PeerInfo& peer, const OscArguments& arguments)>;

    /// @param osc  what is told leaves through it, so that peers know who speaks; outlives this
    /// @param remote  NAME=URL each, from --peer
    /// @throws UsageError for a malformed one
    Peers(ControlLoop& loop, OscServer& osc, std::string bind_address, std::string server,
          const std::vector<std::string>& remote);
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    // ---- find

    /// The living clients of this server's registry, and the remote ones the user named; read anew when the last look
    /// is older than 200 ms. By value: whoever walks the list may do things that look again.
    [[nodiscard]] std::vector<PeerInfo> all();
    /// The same, read anew: something has just happened to the registry.
    std::vector<PeerInfo> look_now();
    /// The client of that plain name / the first of that kind / the one that speaks from there.
    /// @{
    [[nodiscard]] std::optional<PeerInfo> find(std::string_view client);
    [[nodiscard]] std::optional<PeerInfo> of_kind(std::string_view kind);
    [[nodiscard]] std::optional<PeerInfo> who(const OscEndpoint& sender);
    /// @}
    /// True for a sender whose frames mean nothing here: on another machine, or a client of another server's registry.
    [[nodiscard]] bool is_foreign(const OscEndpoint& sender);
    /// True for a peer that our frames mean nothing to: one the user named, not one of the registry.
    [[nodiscard]] bool is_remote(std::string_view client) const;

    // ---- tell

    /// Sends without waiting for anything. @returns whether the peer is there
    bool tell(std::string_view client, const OscMessage& message);
    void tell(const PeerInfo& peer, const OscMessage& message);

    // ---- ask, await

    /// Sends a command or question and calls `done` once, later, with its answer, its error, or the passing of `limit`.
    /// A client that is on its way gets it when it is there; a client with 16 open questions gets it, in its turn, when
    /// one is answered.
    /// @throws OscError{not_ready} when no such client is there or on its way; OscError{refused} when too many wait
    void ask(const std::string& client, OscMessage message, Done done,
             std::chrono::milliseconds limit = std::chrono::seconds{2});
    /// Is that client on its way, so that a question may wait for it a little? Empty: nobody ever is.
    std::function<bool(const std::string& client)> expected;

    // ---- subscribe

    /// Hears that client's events from now on, also when it comes later or again, for so long; again and again
    /// prolongs it.
    void subscribe(const std::string& client, std::chrono::steady_clock::duration how_long = always);
    static constexpr std::chrono::steady_clock::duration always = std::chrono::hours{24 * 365 * 100};
    /// Calls `heard` with every event of that address / of any address from a peer. In the order of these calls.
    /// @{
    void on_event(std::string address, Heard heard);
    void on_any_event(
        std::function<void(const PeerInfo& peer, const std::string& address, const OscArguments& arguments)> heard);
    /// @}

private:
    using Clock = std::chrono::steady_clock;

    struct Question {
        OscMessage message;
        Done done;
        std::chrono::milliseconds limit{};
        Clock::time_point patience_ends;  ///< for a client that is on its way
    };
    /// The socket of one question at a time.
    struct Ear {
        std::unique_ptr<OscSocket> socket;
        std::string client;  ///< whose answer it waits for; empty: it is free
        OscEndpoint endpoint;
        std::string address;
        Done done;
        ControlLoop::TimerId timer{};
    };
    struct Line {
        std::deque<Question> waiting;
        std::size_t under_way{0};
    };
    struct Subscription {
        Clock::time_point until;
        std::string url;  ///< of who was asked
        pid_t pid{};
    };

    [[nodiscard]] std::optional<PeerInfo> first_known(const std::string& client) const;
    void pump(const std::string& client);
    void pump_all();
    void send(const std::string& client, const OscEndpoint& endpoint, Question question);
    [[nodiscard]] std::shared_ptr<Ear> free_ear();
    void hear_answer(const std::weak_ptr<Ear>& ear, const OscEndpoint& from, const char* data, std::size_t size);
    void finish(const std::shared_ptr<Ear>& ear, const PeerAnswer& answer);
    void too_late(const std::shared_ptr<Ear>& ear);
    void trim();
    void hear_event(const OscEndpoint& from, const char* data, std::size_t size);
    void renew(bool again);

    ControlLoop& loop_;
    OscServer& osc_;
    std::string bind_address_;
    std::string server_;
    PeerList registry_;
    std::vector<PeerInfo> remote_;
    std::vector<PeerInfo> all_;
    Clock::time_point read_{};
    std::map<std::uint16_t, std::pair<bool, Clock::time_point>> foreign_ports_;  ///< answer and how long it holds
    std::map<std::string, Line> lines_;                                          ///< by client
    std::vector<std::shared_ptr<Ear>> ears_;
    std::unique_ptr<OscSocket> events_;  ///< from the first subscription on
    std::map<std::string, Subscription> subscriptions_;
    std::map<std::string, std::vector<Heard>> heard_;
    std::vector<std::function<void(const PeerInfo&, const std::string&, const OscArguments&)>> heard_any_;
    std::optional<ControlLoop::TimerId> look_timer_, renewal_timer_, trim_timer_;
};

}  // namespace crowdjack
