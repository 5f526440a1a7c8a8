// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/suite.hpp"

#include "common/deck_names.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <limits>
#include <utility>

namespace crowdjack::web {

namespace {

using protocol::Argument;
using protocol::Description;
using protocol::Server;

constexpr auto usual_patience = std::chrono::milliseconds{1500};
constexpr auto loading_patience = std::chrono::seconds{20};  ///< a cue is answered when the track is in memory
constexpr ControlLoop::Duration subscription_period{5'000};

/// Selectors compare as they were written: a strip by its name, a slot by its number.
bool same_selector(const Json& asked, const Json& came) {
    return asked.is_number() && came.is_number() ? asked.get<double>() == came.get<double>() : asked == came;
}

void add_number(OscMessage& message, char tag, const Json& value) {
    const double number = value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>();
    const bool whole = std::floor(number) == number && std::abs(number) <= std::numeric_limits<std::int32_t>::max();
    if (tag == 'f') {
        message.real(static_cast<float>(number));
    } else if (tag == 'i' && whole) {
        message.integer(static_cast<std::int32_t>(number));
    } else {
        message.precise(number);
    }
}

void add_argument(OscMessage& message, const Argument* described, const Json& value) {
    if (value.is_null()) {
        message.nil();
    } else if (value.is_string()) {
        message.text(value.get<std::string>());
    } else if (value.is_boolean() && (described == nullptr || described->kind == Argument::Kind::flag ||
                                      described->kind == Argument::Kind::frame)) {
        message.flag(value.get<bool>());
    } else if (value.is_number() || value.is_boolean()) {
        add_number(message, described == nullptr ? 'd' : described->tag, value);
    } else {
        throw OscError{OscErrorCode::bad_arguments, "arguments are numbers, texts, booleans or null"};
    }
}

const char* kind_of(Server server) {
    switch (server) {
    case Server::deck:
        return "deck";
    case Server::mixer:
        return "mixer-bus";
    case Server::follower:
        return "bpm-follower";
    case Server::setlist:
        return "setlist";
    case Server::anybody:
    case Server::door:
        break;
    }
    return "session";
}

Suite::Answer refusal(OscErrorCode code, std::string why) {
    return {false, static_cast<int>(code), std::move(why), {}};
}

/// The values of an answer, without the selectors that were asked for.
Suite::Answer without_selectors(const PeerAnswer& answer, const std::vector<Json>& selectors) {
    std::vector<Json> values = answer.address.empty() ? std::vector<Json>{} : json_values(answer.values);
    const bool repeated = selectors.size() <= values.size() &&
                          std::equal(selectors.begin(), selectors.end(), values.begin(), same_selector);
    if (repeated) {
        values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(selectors.size()));
    }
    return {true, 0, {}, std::move(values)};
}

/// A selector that stood in the address, as its argument.
Json as_argument(const Argument& argument, std::string_view text) {
    if (argument.kind != Argument::Kind::whole) {
        return std::string{text};
    }
    int number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    return end.ptr == text.data() + text.size() && !text.empty() ? Json(number) : Json(std::string{text});
}

}  // namespace

std::string dumped(const Json& document, int indent) {
    return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::vector<Json> json_values(const OscArguments& arguments) {
    std::vector<Json> values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const char type = arguments.types()[i];
        if (arguments.is_text(i)) {
            values.emplace_back(std::string{arguments.text(i, "value")});
        } else if (type == 'T' || type == 'F') {
            values.emplace_back(type == 'T');
        } else if (arguments.is_number(i)) {
            const double number = arguments.number(i, "value");
            values.emplace_back(type == 'i' || type == 'h' ? Json(static_cast<std::int64_t>(number)) : Json(number));
        } else {
            values.emplace_back(nullptr);
        }
    }
    return values;
}

OscMessage described_message(const Description& description, const std::vector<Json>& arguments) {
    OscMessage message{std::string{description.address}};
    const auto described = description.arguments();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool known =
            !description.way.free && !described.empty() && (i < described.size() || described.back().repeats);
        add_argument(message, known ? &described[std::min(i, described.size() - 1)] : nullptr, arguments[i]);
    }
    return message;
}

Suite::Suite(SuiteLink& link) : link_{link}, collector_{link} {}

std::optional<PeerInfo> Suite::server_of(const Description& description, const std::string& deck) {
    if (description.server != Server::deck) {
        return link_.peers().of_kind(kind_of(description.server));
    }
    if (deck.size() == 1) {
        const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(deck.front())));
        return link_.peers().find(deck_client(letter));
    }
    return link_.peers().find(deck);
}

void Suite::say(const std::string& address, const Json& arguments, const Answered& answered) {
    const auto resolved = protocol::resolve(address);
    const Description* const description = resolved ? resolved->description : protocol::description_of(address);
    if (description == nullptr) {
        const std::string nearest = protocol::nearest_address(address);
        answered(refusal(OscErrorCode::not_found, "there is no address '" + address + "'" +
                                                      (nearest.empty() ? "" : ": did you mean " + nearest + "?")));
        return;
    }
    if (description->way.role == protocol::Role::event) {
        answered(refusal(OscErrorCode::refused, address + " is told by the suite, not to it"));
        return;
    }
    std::vector<Json> all;
    for (std::size_t i = 0; resolved && i < resolved->selectors.size(); ++i) {
        all.push_back(
            as_argument(description->arguments()[resolved->selectors[i].argument], resolved->selectors[i].text));
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto server = server_of(*description, resolved ? std::string{resolved->deck} : std::string{});
    if (!server) {
        answered(refusal(OscErrorCode::not_ready, std::string{kind_of(description->server)} + " does not run"));
        return;
    }
    try {
        const OscMessage message = described_message(*description, all);
        if (description->way.role == protocol::Role::report) {
            link_.peers().tell(*server, message);
            answered({true, 0, {}, {}});
            return;
        }
        const bool asks = description->asks(all.size());
        const bool loads = description->address.ends_with(at::cue) || description->address.ends_with("/load") ||
                           description->server == Server::door;
        const std::size_t selectors = std::min(asks ? description->selectors() : std::size_t{0}, all.size());
        all.resize(selectors);
        const auto heard = [selectors = std::move(all), answered](const PeerAnswer& answer) {
            answered(answer.ok ? without_selectors(answer, selectors) : refusal(answer.code, answer.message));
        };
        link_.peers().ask(server->client, message, heard,
                          loads ? std::chrono::milliseconds{loading_patience} : usual_patience);
    } catch (const OscError& error) {
        answered(refusal(error.code, error.what()));
    }
}

bool Suite::only_asks(const std::string& address, const Json& arguments) {
    const auto resolved = protocol::resolve(address);
    const Description* const description = resolved ? resolved->description : protocol::description_of(address);
    return description != nullptr &&
           description->asks(arguments.size() + (resolved ? resolved->selectors.size() : std::size_t{0}));
}

std::optional<std::string> Suite::restart(const std::string& client) {
    const std::optional<PatchHealth> session = snapshot().patch;
    if (!session || !session->phases.contains(client) || session->phases.at(client) == "foreign") {
        return client + " was not started by a session, so nobody would start it again";
    }
    const auto peer = link_.peers().find(client);
    if (!peer || peer->pid <= 1) {
        return client + " does not run";
    }
    // Its lock in the registry says that this pid is the client's.
    if (::kill(static_cast<pid_t>(peer->pid), SIGTERM) != 0) {
        return client + " can't be ended: " + errno_text(errno);
    }
    return std::nullopt;
}

void Suite::on_setlist_event(const std::function<void(const std::string&, const OscArguments&)>& heard) {
    for (const char* const address : {at::setlist_skipped, at::setlist_played, at::setlist_started}) {
        link_.peers().on_event(
            address, [heard, address](const PeerInfo&, const OscArguments& arguments) { heard(address, arguments); });
    }
    const auto subscribe = [this] {
        if (const auto setlist = link_.peers().of_kind("setlist")) {
            link_.peers().subscribe(setlist->client);
        }
    };
    subscribe();
    link_.loop().every(subscription_period, subscribe);
}

std::uint16_t Suite::door_port() {
    constexpr std::uint16_t usual = 57120;
    const auto door = link_.peers().of_kind("session");
    return door ? OscEndpoint::parse(door->url, OscEndpoint::Host::numeric).port() : usual;
}

std::vector<std::string> Suite::decks() {
    std::vector<std::string> names;
    for (const PeerInfo& peer : link_.peers().all()) {
        if (peer.kind == "deck") {
            names.push_back(deck_selector(peer.client));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> Suite::strips() const {
    const SuiteSnapshot seen = snapshot();
    std::vector<std::string> names;
    for (std::size_t i = 0; seen.mixer && i < seen.mixer->channels.size(); ++i) {
        if (seen.mixer->channels[i].name != "master") {
            names.push_back(seen.mixer->channels[i].name);
        }
    }
    return names;
}

}  // namespace crowdjack::web
