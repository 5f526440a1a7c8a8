// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_server.hpp"

#include "common/error.hpp"
#include "common/osc_packet.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <iterator>

namespace crowdjack {

namespace {

using protocol::Role;

constexpr std::size_t most_elements = 64;  ///< messages in one packet of bundles, so that it costs less than 1 ms
constexpr int deepest_bundle = 4;
constexpr int deepest_look = 16;  ///< for an address to answer at
constexpr std::size_t longest_guess = 64;

char first_tag(const OscArguments& arguments) { return arguments.empty() ? '\0' : arguments.types().front(); }

OscArguments without_last(const OscArguments& arguments) {
    return OscArguments{{arguments.atoms().begin(), std::prev(arguments.atoms().end())}};
}

std::string one_decimal(double seconds) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.1f", seconds);
    return text.data();
}

}  // namespace

OscMessage OscReplyTo::reply() const {
    OscMessage message{at::reply};
    message.text(address_);
    return message;
}

void OscReplyTo::error(OscErrorCode code, std::string_view message) const {
    if (server_ != nullptr) {
        ++server_->counters_.refused;
        server_->answer_error(*this, code, message);
    }
}

void OscReplyTo::send(const OscMessage& message) const {
    if (server_ != nullptr) {
        server_->send_from(socket_, to_, spelling_ ? spelling_->of(message) : message);
    }
}

OscServer::OscServer(ControlLoop& loop, const std::string& bind_address, const std::vector<std::uint16_t>& ports)
    : loop_{loop}, refusals_{loop}, calendar_{loop} {
    for (const std::uint16_t port : ports) {
        listen(bind_address, port);
    }
    handle(at::subscribe, [this](const OscRequest& request) { subscribe(request); });
}

OscServer::~OscServer() = default;

void OscServer::listen(const std::string& bind_address, std::uint16_t port) {
    sockets_.push_back(std::make_unique<OscSocket>(
        loop_, bind_address, port,
        [this, socket = sockets_.size()](const OscEndpoint& from, const char* data, std::size_t size) {
            receive(socket, from, data, size);
        }));
}

bool OscServer::listen_too(const std::string& bind_address, std::uint16_t port) {
    try {
        listen(bind_address, port);
        return true;
    } catch (const Failure&) {
        return false;
    }
}

void OscServer::handle(std::string address, Handler handler) {
    handlers_[std::move(address)] = {{std::move(handler)}, true};
}

void OscServer::handle_report(std::string address, Handler handler) {
    Registered& registered = handlers_[std::move(address)];
    registered.answered = false;
    registered.handlers.push_back(std::move(handler));
}

void OscServer::handle_reports_like(std::function<bool(std::string_view)> belongs, Handler handler) {
    families_.emplace_back(std::move(belongs), Registered{{std::move(handler)}, false});
}

void OscServer::handle_unknown_reports(std::function<bool(std::string_view)> taken) {
    unknown_reports_ = std::move(taken);
}

const OscServer::Registered* OscServer::registered(std::string_view address) const {
    if (const auto found = handlers_.find(std::string{address}); found != handlers_.end()) {
        return &found->second;
    }
    const auto family =
        std::find_if(families_.begin(), families_.end(), [address](const auto& each) { return each.first(address); });
    return family == families_.end() ? nullptr : &family->second;
}

void OscServer::send_from(std::size_t socket, const OscEndpoint& to, const OscMessage& message) {
    sockets_[socket]->send(to, message);
}

void OscServer::publish(const OscMessage& message) {
    for (const OscEndpoint& subscriber : subscribers_.present()) {
        send(subscriber, message);
    }
}

void OscServer::describe(OscMessage& pairs) const {
    const auto add = [&pairs](const char* name, std::uint64_t count) {
        pairs.text(name).precise(static_cast<double>(count));
    };
    add("osc_received", counters_.received);
    add("osc_malformed", counters_.malformed);
    add("osc_refused", counters_.refused);
    add("osc_unknown", counters_.unknown);
    add("osc_dropped", counters_.dropped);
}

// ---- packets

void OscServer::receive(std::size_t socket, const OscEndpoint& from, const char* data, std::size_t size) {
    ++counters_.received;
    Packet packet{socket, from, most_elements, most_elements};
    take(packet, data, size, 0);
}

void OscServer::take(Packet& packet, const char* data, std::size_t size, int depth) {
    if (is_bundle(data, size)) {
        take_bundle(packet, data, size, depth);
    } else {
        take_message(packet, data, size,
                     depth > deepest_bundle ? "bundles may be nested four deep, not deeper" : nullptr);
    }
}

void OscServer::take_bundle(Packet& packet, const char* data, std::size_t size, int depth) {
    if (depth >= deepest_look) {
        ++counters_.refused;
        refusals_.note(packet.from, {}, "bundles may be nested four deep, not deeper");
        return;
    }
    const double outer = std::exchange(packet.seconds_ahead, bundle_seconds_ahead(data));
    std::size_t at = bundle_header_size;
    while (at < size) {
        const std::size_t length = size - at >= 4 ? big_endian(data + at) : 0;
        if (length == 0 || length > size - at - 4) {
            ++counters_.malformed;
            refusals_.note(packet.from, {}, "a bundle ends inside a message");
            return;
        }
        if (packet.elements_left > 0) {
            --packet.elements_left;
            take(packet, data + at + 4, length, depth + 1);
        } else if (packet.answers_left > 0) {
            --packet.answers_left;
            ++counters_.dropped;
            if (!is_bundle(data + at + 4, length)) {
                take_message(packet, data + at + 4, length, "a bundle may hold 64 messages: this is one more");
            }
        } else {
            ++counters_.dropped;
            refusals_.note(packet.from, {}, "a bundle may hold 64 messages");
        }
        at += 4 + length;
    }
    packet.seconds_ahead = outer;
}

/// @param refusal  why it is not done although it may be whole; or null
void OscServer::take_message(Packet& packet, const char* data, std::size_t size, const char* refusal) {
    OscReading reading = read_osc_message(data, size);
    if (reading.problem.empty() && refusal == nullptr) {
        understand(packet, std::move(reading.address), OscArguments{std::move(reading.atoms)});
        return;
    }
    char first = '\0';
    if (reading.problem.empty()) {
        reading.problem = refusal;
        first = reading.atoms.empty() ? '\0' : tag_of(reading.atoms.front());
    } else {
        ++counters_.malformed;
    }
    if (reading.address.empty() || protocol::is_told(reading.address, first)) {
        refusals_.note(packet.from, reading.address, reading.problem);
    } else {
        answer_error({*this, packet.socket, packet.from, std::move(reading.address)}, OscErrorCode::bad_arguments,
                     reading.problem);
    }
}

// ---- messages

void OscServer::understand(Packet& packet, std::string address, OscArguments arguments) {
    Incoming incoming;
    incoming.reply_to = {*this, packet.socket, packet.from, address};
    incoming.asked = address;
    incoming.address = std::move(address);
    incoming.arguments = std::move(arguments);
    guarded(incoming, [&] {
        if (rename_) {
            if (std::string name = rename_(incoming.address); !name.empty()) {
                incoming.address = std::move(name);
            }
        }
        const bool served = find_server(incoming);
        if (guard_) {
            guard_(packet.from, incoming.address);
        }
        if (served) {
            schedule(packet, incoming);
        } else {
            unknown(incoming);
        }
    });
}

/// Whom the message is for, and its arguments as the description has them.
bool OscServer::find_server(Incoming& incoming) const {
    incoming.description = protocol::description_of(incoming.address);
    incoming.registered = registered(incoming.address);
    if (incoming.registered == nullptr && incoming.description == nullptr) {
        const auto resolved = protocol::resolve(incoming.address);
        if (resolved) {
            protocol::Spelling spelling{incoming.asked, std::string{resolved->description->address}, {}};
            for (const auto& selector : resolved->selectors) {
                spelling.selectors.emplace_back(selector.text);
            }
            incoming.arguments = protocol::with_selectors(*resolved, incoming.arguments);
            incoming.description = resolved->description;
            incoming.deck = resolved->deck;
            incoming.in_address = resolved->selectors.size();
            incoming.registered = incoming.deck.empty() ? registered(spelling.plain) : nullptr;
            incoming.address = spelling.plain;
            incoming.reply_to.spell(std::move(spelling));
        }
    } else if (incoming.asked != incoming.address && incoming.description != nullptr) {  // renamed
        incoming.reply_to.spell({incoming.asked, incoming.address, {}});
    }
    return incoming.registered != nullptr || (incoming.description != nullptr && others_);
}

void OscServer::unknown(const Incoming& incoming) {
    if (unknown_reports_ && unknown_reports_(incoming.asked)) {
        return;
    }
    ++counters_.unknown;
    const bool report = incoming.description != nullptr && incoming.description->way.role == Role::report;
    if (report || protocol::is_told(incoming.address, first_tag(incoming.arguments))) {
        return;
    }
    std::string why = "this program has no such address";
    if (incoming.description != nullptr && !incoming.deck.empty()) {
        why += ": the session's front door knows the decks by name, a deck is asked at " + incoming.address;
    } else if (const std::string nearest =
                   incoming.asked.size() <= longest_guess ? protocol::nearest_address(incoming.asked) : std::string{};
               !nearest.empty() && nearest != incoming.asked) {
        why += ": did you mean " + nearest + "?";
    }
    answer_error(incoming.reply_to, OscErrorCode::not_found, why);
}

/// Now, or at its bundle's date.
void OscServer::schedule(Packet& packet, Incoming& incoming) {
    const double ahead = packet.seconds_ahead;
    const bool late = ahead > OscCalendar::furthest_s;
    if (late) {
        refusals_.note_clock(packet.from, ahead);
    }
    const protocol::Description* const description = incoming.description;
    const bool report = (incoming.registered != nullptr && !incoming.registered->answered) ||
                        (description != nullptr && description->way.role == Role::report);
    const bool asks = description != nullptr && description->asks(incoming.arguments.size());
    if (report || asks || (ahead <= 0.0 && !packet.delayed)) {
        obey(incoming);
        return;
    }
    if (late) {
        throw OscError{OscErrorCode::refused, "the bundle is dated " + one_decimal(ahead) +
                                                  " s from now, and 10 s is the most: do the clocks of sender and "
                                                  "receiver differ by that much?"};
    }
    if (fix_frame(incoming, ahead) && !packet.delayed) {
        obey(incoming);
        return;
    }
    if (calendar_.full()) {
        ++counters_.dropped;
        throw OscError{OscErrorCode::refused, "1024 commands wait for their date already"};
    }
    packet.delayed = true;
    calendar_.enter(ahead, [this, incoming] { obey(incoming); });
}

/// A frame is worked out from the date as soon as it comes. @returns whether the message has one now
bool OscServer::fix_frame(Incoming& incoming, double seconds_ahead) const {
    if (incoming.description == nullptr || !frame_ahead) {
        return false;
    }
    const auto button = protocol::button(*incoming.description, incoming.arguments, incoming.in_address);
    const auto frame = button == protocol::Button::release ? std::nullopt : frame_ahead(seconds_ahead);
    if (!frame) {
        return false;
    }
    const OscArguments arguments =
        button == protocol::Button::press ? without_last(incoming.arguments) : incoming.arguments;
    auto framed = protocol::with_frame(*incoming.description, arguments, *frame);
    if (framed) {
        incoming.arguments = std::move(*framed);
    }
    return framed.has_value();
}

void OscServer::obey(const Incoming& incoming) {
    const protocol::Description* const description = incoming.description;
    if (description == nullptr || description->way.role == Role::event) {
        call(incoming);
        return;
    }
    guarded(incoming, [&] {
        const bool heard = incoming.registered != nullptr && !incoming.registered->answered;
        if (heard && description->way.role != Role::report) {
            call(incoming);  // an answer to a question of this program's: its arguments are not the question's
            return;
        }
        if (!heard && protocol::is_told(incoming.address, first_tag(incoming.arguments))) {
            // Somebody's answer or event. Who asks others (and so hears /reply) may have asked for it at an address
            // that it serves itself, as the front door does.
            if (incoming.registered != nullptr && registered(at::reply) != nullptr) {
                call(incoming);
            } else {
                ++counters_.unknown;
            }
            return;
        }
        switch (protocol::button(*description, incoming.arguments, incoming.in_address)) {
        case protocol::Button::release:
            incoming.reply_to.done();
            return;
        case protocol::Button::press: {
            Incoming pressed = incoming;
            pressed.arguments = without_last(incoming.arguments);
            call(pressed);
            return;
        }
        case protocol::Button::none:
            protocol::check(*description, incoming.arguments);
            call(incoming);
            return;
        }
    });
}

void OscServer::call(const Incoming& incoming) {
    guarded(incoming, [&] {
        if (!incoming.arguments.all_finite()) {
            throw OscError{OscErrorCode::bad_arguments, "NaN and infinite numbers are refused"};
        }
        const OscRequest request{incoming.address, incoming.arguments, incoming.reply_to, incoming.description,
                                 incoming.deck};
        if (incoming.registered != nullptr) {
            for (const Handler& handler : incoming.registered->handlers) {
                handler(request);
            }
        } else if (!others_ || !others_(request)) {
            unknown(incoming);
        }
    });
}

template <typename Action>
void OscServer::guarded(const Incoming& incoming, Action action) {
    const bool answered = incoming.registered == nullptr || incoming.registered->answered;
    try {
        action();
    } catch (const OscError& error) {
        refuse(incoming.reply_to, error.code, error.what(), answered);
    } catch (const std::exception& error) {
        refuse(incoming.reply_to, OscErrorCode::failed, error.what(), answered);
    }
}

void OscServer::refuse(const OscReplyTo& sender, OscErrorCode code, std::string_view why, bool answered) {
    ++counters_.refused;
    if (answered) {
        answer_error(sender, code, why);
    } else {
        refusals_.note(sender.endpoint(), sender.address(), why);
    }
}

void OscServer::answer_error(const OscReplyTo& sender, OscErrorCode code, std::string_view why) {
    sender.send(OscMessage{at::error}.text(sender.address()).integer(static_cast<std::int32_t>(code)).text(why));
    refusals_.note(sender.endpoint(), sender.address(), why);
}

// ---- subscribers

bool OscServer::is_own(const OscEndpoint& endpoint) const {
    return std::any_of(sockets_.begin(), sockets_.end(), [&endpoint](const auto& socket) {
        const OscEndpoint own = socket->endpoint();
        return own == endpoint || (endpoint.is_loopback() && own.port() == endpoint.port());
    });
}

OscEndpoint OscServer::subscriber_named(const OscRequest& request) const {
    OscEndpoint endpoint;
    try {
        endpoint = OscEndpoint::parse(std::string{request.arguments.text(0, "url")}, OscEndpoint::Host::numeric);
    } catch (const Failure& failure) {
        throw OscError{OscErrorCode::bad_arguments, failure.what()};
    }
    if (is_own(endpoint) || (is_peer && !(endpoint == request.sender()) && is_peer(endpoint))) {
        throw OscError{OscErrorCode::refused, endpoint.url() + " is a program of the suite, which asks for itself"};
    }
    const bool own_host = endpoint.address.sin_addr.s_addr == request.sender().address.sin_addr.s_addr;
    if (!request.sender().is_loopback() && !own_host) {
        throw OscError{OscErrorCode::refused, "events go to the host that asks for them, not to another one"};
    }
    return endpoint;
}

void OscServer::subscribe(const OscRequest& request) {
    request.arguments.expect(0, 1, "[s:URL]");
    const OscEndpoint endpoint = request.arguments.size() == 1 ? subscriber_named(request) : request.sender();
    switch (subscribers_.add(endpoint)) {
    case OscSubscribers::Added::full:
        throw OscError{OscErrorCode::refused, "32 subscribers are served already: try again in a minute"};
    case OscSubscribers::Added::again:
        request.reply_to.done();
        return;
    case OscSubscribers::Added::anew:
        request.reply_to.done();
        if (greet_) {
            greet_(endpoint);
        }
        return;
    }
}

}  // namespace crowdjack
