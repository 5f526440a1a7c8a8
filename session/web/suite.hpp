// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/protocol/description.hpp"
#include "session/status/collector.hpp"
#include "session/suite_link.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::web {

using Json = nlohmann::json;

/// The running suite for who speaks in described addresses: sends each message to the client that serves it and brings
/// back its answer. Control thread only; nothing waits.
///
/// The one place of the page that knows how the suite is reached.
class Suite {
public:
    struct Answer {
        bool good{false};
        int code{};                ///< of an /error, else 0
        std::string error;         ///< in words
        std::vector<Json> values;  ///< of a question, without the selectors that were asked for
    };
    using Answered = std::function<void(const Answer&)>;

    explicit Suite(SuiteLink& link);

    [[nodiscard]] SuiteLink& link() noexcept { return link_; }

    /// Asks everybody how they are; snapshot() has what they said so far.
    void look() { collector_.ask(); }
    [[nodiscard]] SuiteSnapshot snapshot() const { return collector_.snapshot(); }

    /// Sends a command, or asks when there is nothing but selectors. `answered` is called once, later or at once, also
    /// when nobody answers.
    /// @param address  as described, with selectors in it or as first arguments; /deck/A/… names the deck
    /// @param arguments  numbers, strings, booleans and null
    void say(const std::string& address, const Json& arguments, const Answered& answered);

    /// Would say() only ask?
    [[nodiscard]] static bool only_asks(const std::string& address, const Json& arguments);

    /// Asks a client of the session to end; the session starts it again, with its state. @returns why not, if so
    [[nodiscard]] std::optional<std::string> restart(const std::string& client);

    /// Subscribes to the setlist and calls `heard` with its events.
    void on_setlist_event(const std::function<void(const std::string& address, const OscArguments&)>& heard);

    /// The UDP port of the front door; its usual one while there is none.
    [[nodiscard]] std::uint16_t door_port();

    /// Who is there to be named in an address.
    /// @{
    [[nodiscard]] std::vector<std::string> decks();  ///< `A` for deck-A, whole names for others
    [[nodiscard]] std::vector<std::string> strips() const;
    /// @}

private:
    [[nodiscard]] std::optional<PeerInfo> server_of(const protocol::Description& description, const std::string& deck);

    SuiteLink& link_;
    StatusCollector collector_;
};

/// The arguments as JSON: numbers, strings, booleans, null.
[[nodiscard]] std::vector<Json> json_values(const OscArguments& arguments);

/// A message of `address` whose arguments have the types that the description says; by look where it says none.
/// @throws OscError when something else than a number, a text or a boolean is among them
[[nodiscard]] OscMessage described_message(const protocol::Description& description,
                                           const std::vector<Json>& arguments);

/// A file name may hold any bytes: what is no UTF-8 is replaced, so that a document stays one.
[[nodiscard]] std::string dumped(const Json& document, int indent = -1);

}  // namespace crowdjack::web
