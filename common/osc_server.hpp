// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/osc_calendar.hpp"
#include "common/osc_endpoint.hpp"
#include "common/osc_message.hpp"
#include "common/osc_refusals.hpp"
#include "common/osc_socket.hpp"
#include "common/osc_subscribers.hpp"
#include "common/protocol/checking.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crowdjack {

class OscServer;

/// Where an answer goes; a value that may be kept until a command is done (control thread only).
class OscReplyTo {
public:
    OscReplyTo() = default;  ///< answers nobody
    OscReplyTo(OscServer& server, std::size_t socket, OscEndpoint to, std::string address)
        : server_{&server}, socket_{socket}, to_{to}, address_{std::move(address)} {}

    /// `/reply s:ADDRESS …`: begin with this and add what belongs to it, then send() it.
    [[nodiscard]] OscMessage reply() const;
    void done() const { send(reply()); }
    /// Also one warning in the log.
    void error(OscErrorCode code, std::string_view message) const;
    /// Who had selectors in the address is answered at that address, without them.
    void send(const OscMessage& message) const;
    [[nodiscard]] const OscEndpoint& endpoint() const noexcept { return to_; }
    /// Which of the server's ports the message came to.
    [[nodiscard]] std::size_t socket() const noexcept { return socket_; }
    /// As it was asked.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

    void spell(protocol::Spelling spelling) {
        spelling_ = std::make_shared<const protocol::Spelling>(std::move(spelling));
    }

private:
    OscServer* server_{nullptr};
    std::size_t socket_{};
    OscEndpoint to_{};
    std::string address_;
    std::shared_ptr<const protocol::Spelling> spelling_;
};

/// One received command: the arguments live only as long as the handler's call, `reply_to` as long as you like.
struct OscRequest {
    std::string_view address;       ///< without selectors: those are among the arguments
    const OscArguments& arguments;  ///< as the description has them, if the address is described
    OscReplyTo reply_to;
    const protocol::Description* description{nullptr};
    std::string_view deck{};  ///< what stood for `{deck}` in the address
    [[nodiscard]] const OscEndpoint& sender() const noexcept { return reply_to.endpoint(); }
};

/// An OSC server that is safe by default: own UDP sockets, loopback unless told, exact addresses, typed and finite
/// arguments, no patterns, no blobs. Whatever has a readable address and is not understood is answered `/error` and
/// said in the log; nothing is answered that is an answer or an event itself, or two programs would argue for ever.
///
/// Also the sender of the process's OSC, so that peers know it by its port. Control thread only.
class OscServer {
public:
    /// @param bind_address  numeric IPv4; 127.0.0.1 unless the user asked
    /// @param ports  one socket each; 0 takes a free one
    /// @throws Failure naming the port that could not be bound
    OscServer(ControlLoop& loop, const std::string& bind_address, const std::vector<std::uint16_t>& ports);
    ~OscServer();
    OscServer(const OscServer&) = delete;
    OscServer& operator=(const OscServer&) = delete;

    /// One more socket, on a port that is nice to have. @returns whether it could be bound
    bool listen_too(const std::string& bind_address, std::uint16_t port);

    /// A handler that throws OscError answers `/error`; anything else it throws answers code 5 (failed). What it gets
    /// fits the address's description, if it has one.
    using Handler = std::function<void(const OscRequest&)>;
    /// Commands are answered by their handler (request.reply_to); unknown addresses are answered `/error … 2`.
    void handle(std::string address, Handler handler);
    /// Reports (/dance/…, /tempo/line, /reply) are never answered, not even when wrong (then counted and logged).
    /// Several listeners of one address are called in turn.
    void handle_report(std::string address, Handler handler);
    /// Reports at addresses that can't be listed (`/ZONE/total_movement`): whatever nothing is registered for and
    /// `belongs` accepts.
    void handle_reports_like(std::function<bool(std::string_view address)> belongs, Handler handler);
    /// Addresses that nothing is registered for go here instead of being refused, e.g. keypoint messages to ignore:
    /// return true when taken.
    void handle_unknown_reports(std::function<bool(std::string_view address)> taken);
    /// Described addresses that others serve: a door passes them on. @returns (from the handler) whether it did
    void handle_others(std::function<bool(const OscRequest&)> passed_on) { others_ = std::move(passed_on); }
    /// Asked before anything else is done with a message: throws OscError to refuse its sender.
    void guard(std::function<void(const OscEndpoint& sender, std::string_view address)> look) {
        guard_ = std::move(look);
    }
    /// What an address is to be called here, e.g. what a phone's layout sends; empty: as it is.
    void rename(std::function<std::string(std::string_view address)> name) { rename_ = std::move(name); }

    /// The frame that is so many seconds from now, for dated bundles; nothing while there is no server.
    std::function<std::optional<JackFrame>(double seconds)> frame_ahead;
    /// Is that a program of the suite? Nobody may subscribe it but itself: it would be told what it didn't ask for.
    std::function<bool(const OscEndpoint&)> is_peer;

    void send(const OscEndpoint& to, const OscMessage& message) { send_from(0, to, message); }
    void send_from(std::size_t socket, const OscEndpoint& to, const OscMessage& message);

    /// To every subscriber (see /subscribe, handled here: `[s:URL]`, 60 s, at most 32).
    void publish(const OscMessage& message);
    [[nodiscard]] bool has_subscribers() const noexcept { return !subscribers_.empty(); }
    /// Called with each new subscriber, e.g. to send it the current state.
    void on_subscribe(std::function<void(const OscEndpoint&)> greet) { greet_ = std::move(greet); }

    /// The first socket's URL, as written to the registry.
    [[nodiscard]] std::string url() const { return sockets_.front()->endpoint().url(); }
    [[nodiscard]] std::uint16_t port() const { return sockets_.front()->endpoint().port(); }

    struct Counters {
        std::uint64_t received{};   ///< packets
        std::uint64_t malformed{};  ///< packets that are not OSC as it is taken here
        std::uint64_t unknown{};    ///< messages to addresses that are not served
        std::uint64_t refused{};    ///< messages answered /error, and reports that were wrong
        std::uint64_t dropped{};    ///< messages that came in too great a number
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    /// Appends the counters as pairs: osc_malformed d …
    void describe(OscMessage& pairs) const;

private:
    friend class OscReplyTo;

    struct Registered {
        std::vector<Handler> handlers;
        bool answered{true};
    };
    /// The packet at hand.
    struct Packet {
        std::size_t socket{};
        OscEndpoint from;
        std::size_t elements_left{};  ///< messages of a bundle that are still done
        std::size_t answers_left{};   ///< of those that are not, so many are answered
        double seconds_ahead{0.0};    ///< its date, from now
        bool delayed{false};          ///< a command of it waits for its date, so those behind it do, too
    };
    /// A message and who it is for.
    struct Incoming {
        std::string asked, address;
        OscArguments arguments;
        const protocol::Description* description{nullptr};
        std::string deck;
        std::size_t in_address{0};  ///< selectors that stood in the address
        OscReplyTo reply_to;
        const Registered* registered{nullptr};  ///< null: for others_
    };

    void listen(const std::string& bind_address, std::uint16_t port);
    void receive(std::size_t socket, const OscEndpoint& from, const char* data, std::size_t size);
    void take(Packet& packet, const char* data, std::size_t size, int depth);
    void take_bundle(Packet& packet, const char* data, std::size_t size, int depth);
    void take_message(Packet& packet, const char* data, std::size_t size, const char* refusal);
    void understand(Packet& packet, std::string address, OscArguments arguments);
    [[nodiscard]] bool find_server(Incoming& incoming) const;
    void unknown(const Incoming& incoming);
    void schedule(Packet& packet, Incoming& incoming);
    [[nodiscard]] bool fix_frame(Incoming& incoming, double seconds_ahead) const;
    void obey(const Incoming& incoming);
    void call(const Incoming& incoming);
    /// Calls `action`; what it throws is answered and logged.
    template <typename Action>
    void guarded(const Incoming& incoming, Action action);
    void answer_error(const OscReplyTo& sender, OscErrorCode code, std::string_view why);
    void refuse(const OscReplyTo& sender, OscErrorCode code, std::string_view why, bool answered);
    [[nodiscard]] const Registered* registered(std::string_view address) const;
    void subscribe(const OscRequest& request);
    [[nodiscard]] OscEndpoint subscriber_named(const OscRequest& request) const;
    [[nodiscard]] bool is_own(const OscEndpoint& endpoint) const;

    ControlLoop& loop_;
    std::vector<std::unique_ptr<OscSocket>> sockets_;
    std::unordered_map<std::string, Registered> handlers_;
    std::vector<std::pair<std::function<bool(std::string_view)>, Registered>> families_;
    std::function<bool(std::string_view)> unknown_reports_;
    std::function<bool(const OscRequest&)> others_;
    std::function<void(const OscEndpoint&, std::string_view)> guard_;
    std::function<std::string(std::string_view)> rename_;
    std::function<void(const OscEndpoint&)> greet_;
    OscSubscribers subscribers_;
    OscRefusals refusals_;
    OscCalendar calendar_;
    Counters counters_;
};

}  // namespace crowdjack
