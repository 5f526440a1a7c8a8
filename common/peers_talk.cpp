// SPDX-License-Identifier: GPL-3.0-or-later
// What is said to peers, and what they answer and tell.
#include "common/osc_packet.hpp"
#include "common/peers.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

/// How long a question waits for a client that is on its way.
constexpr auto start_patience = std::chrono::seconds{5};
constexpr std::size_t most_under_way = 16;  ///< at one client: its socket's buffer must hold them
constexpr std::size_t most_waiting = 4096;
constexpr std::size_t ears_kept = 4;  ///< for the next questions
constexpr ControlLoop::Duration trim_after{1000};
constexpr ControlLoop::Duration look_again{200};
constexpr ControlLoop::Duration subscription_look{1000};
constexpr int looks_to_renewal = 20;  ///< a subscription lasts 60 s

OscArguments without_first(const OscArguments& arguments) {
    return OscArguments{{std::next(arguments.atoms().begin()), arguments.atoms().end()}};
}

/// What the message answers to a question at `address`; nothing when it is about something else.
std::optional<PeerAnswer> answer_to(const std::string& address, const OscReading& reading) {
    const OscArguments arguments{reading.atoms};
    if (reading.address == address) {
        return PeerAnswer{true, {}, {}, arguments, address};
    }
    const bool names_it = arguments.is_text(0) && arguments.text(0, "address") == address;
    if (names_it && reading.address == at::reply) {
        return PeerAnswer{true, {}, {}, without_first(arguments), {}};
    }
    if (names_it && reading.address == at::error && arguments.is_number(1) && arguments.is_text(2)) {
        const auto code = static_cast<OscErrorCode>(
            std::clamp<std::int64_t>(static_cast<std::int64_t>(arguments.number(1, "code")), 1, 5));
        return PeerAnswer{false, code, std::string{arguments.text(2, "message")}, {}, {}};
    }
    return std::nullopt;
}

}  // namespace

bool Peers::tell(std::string_view client, const OscMessage& message) {
    const auto peer = find(client);
    if (peer) {
        tell(*peer, message);
    }
    return peer.has_value();
}

void Peers::tell(const PeerInfo& peer, const OscMessage& message) {
    osc_.send(OscEndpoint::parse(peer.url, OscEndpoint::Host::numeric), message);
}

// ---- questions

void Peers::ask(const std::string& client, OscMessage message, Done done, std::chrono::milliseconds limit) {
    if (!find(client) && (!expected || !expected(client))) {
        throw OscError{OscErrorCode::not_ready, client + " is not running"};
    }
    Line& line = lines_[client];
    if (line.waiting.size() >= most_waiting) {
        throw OscError{OscErrorCode::refused, "too many commands wait for " + client + " already"};
    }
    line.waiting.push_back({std::move(message), std::move(done), limit, Clock::now() + start_patience});
    pump(client);
}

void Peers::pump_all() {
    std::vector<std::string> clients;
    for (const auto& [client, line] : lines_) {
        clients.push_back(client);
    }
    for (const std::string& client : clients) {
        pump(client);
    }
}

/// Sends what may be sent to that client; who is not there in time is answered for.
void Peers::pump(const std::string& client) {
    for (;;) {
        Line& line = lines_[client];
        if (line.waiting.empty() || line.under_way >= most_under_way) {
            return;
        }
        const auto peer = first_known(client);
        if (!peer && Clock::now() < line.waiting.front().patience_ends) {
            if (!look_timer_) {
                look_timer_ = loop_.after(look_again, [this] {
                    look_timer_.reset();
                    (void)look_now();
                });
            }
            return;
        }
        Question question = std::move(line.waiting.front());
        line.waiting.pop_front();
        if (peer) {
            send(client, OscEndpoint::parse(peer->url, OscEndpoint::Host::numeric), std::move(question));
        } else {
            question.done({false, OscErrorCode::not_ready, client + " is not running", {}, {}});
        }
    }
}

/// From the last look: pump() is called by looks.
std::optional<PeerInfo> Peers::first_known(const std::string& client) const {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&client](const PeerInfo& peer) { return peer.client == client; });
    return found == all_.end() ? std::nullopt : std::optional{*found};
}

void Peers::send(const std::string& client, const OscEndpoint& endpoint, Question question) {
    const auto ear = free_ear();
    ear->client = client;
    ear->endpoint = endpoint;
    ear->address = question.message.address();
    ear->done = std::move(question.done);
    ear->timer = loop_.after(question.limit, [this, ear] { too_late(ear); });
    ++lines_[client].under_way;
    ear->socket->send(endpoint, question.message);
}

std::shared_ptr<Peers::Ear> Peers::free_ear() {
    const auto found = std::find_if(ears_.begin(), ears_.end(), [](const auto& ear) { return ear->client.empty(); });
    if (found != ears_.end()) {
        return *found;
    }
    auto ear = std::make_shared<Ear>();
    ear->socket = std::make_unique<OscSocket>(
        loop_, bind_address_, 0,
        [this, weak = std::weak_ptr<Ear>{ear}](const OscEndpoint& from, const char* data, std::size_t size) {
            hear_answer(weak, from, data, size);
        });
    ears_.push_back(ear);
    return ear;
}

void Peers::hear_answer(const std::weak_ptr<Ear>& weak, const OscEndpoint& from, const char* data, std::size_t size) {
    const auto ear = weak.lock();
    if (!ear || ear->client.empty() || !(from == ear->endpoint)) {
        return;
    }
    const OscReading reading = read_osc_message(data, size);
    const auto answer = reading.problem.empty() ? answer_to(ear->address, reading) : std::nullopt;
    if (answer) {
        loop_.cancel(ear->timer);
        finish(ear, *answer);
    }
}

/// The ear is free for the next question before anybody is told.
void Peers::finish(const std::shared_ptr<Ear>& ear, const PeerAnswer& answer) {
    const std::string client = std::exchange(ear->client, {});
    const Done done = std::exchange(ear->done, {});
    --lines_[client].under_way;
    done(answer);
    pump(client);
    if (ears_.size() > ears_kept && !trim_timer_) {
        trim_timer_ = loop_.after(trim_after, [this] { trim(); });
    }
}

/// What a burst of questions needed is given back, unless more of them wait for answers.
void Peers::trim() {
    trim_timer_.reset();
    std::size_t idle = 0;
    std::erase_if(ears_, [&idle](const auto& ear) { return ear->client.empty() && ++idle > ears_kept; });
}

/// Its socket goes with it: what is answered to it now reaches nobody.
void Peers::too_late(const std::shared_ptr<Ear>& ear) {
    std::erase(ears_, ear);
    const std::string what = ear->client + " did not answer " + ear->address + " in time: is it hung?";
    finish(ear, {false, OscErrorCode::failed, what, {}, {}});
}

// ---- events

void Peers::subscribe(const std::string& client, Clock::duration how_long) {
    Subscription& subscription = subscriptions_[client];
    subscription.until = std::max(subscription.until, Clock::now() + how_long);
    if (!events_) {
        events_ = std::make_unique<OscSocket>(
            loop_, bind_address_, 0,
            [this](const OscEndpoint& from, const char* data, std::size_t size) { hear_event(from, data, size); });
        renewal_timer_ = loop_.every(subscription_look, [this, looks = 0]() mutable {
            (void)look_now();
            renew(++looks % looks_to_renewal == 0);
        });
    }
    renew(false);
}

/// Asks those who are new for their events, or all again before they forget.
void Peers::renew(bool again) {
    const auto now = Clock::now();
    std::erase_if(subscriptions_, [now](const auto& entry) { return entry.second.until <= now; });
    for (auto& [client, subscription] : subscriptions_) {
        const auto peer = first_known(client);
        if (!peer) {
            subscription.url.clear();
        } else if (again || subscription.url != peer->url || subscription.pid != peer->pid) {
            subscription.url = peer->url;
            subscription.pid = peer->pid;
            events_->send(OscEndpoint::parse(peer->url, OscEndpoint::Host::numeric), OscMessage{at::subscribe});
        }
    }
}

void Peers::on_event(std::string address, Heard heard) { heard_[std::move(address)].push_back(std::move(heard)); }

void Peers::on_any_event(std::function<void(const PeerInfo&, const std::string&, const OscArguments&)> heard) {
    heard_any_.push_back(std::move(heard));
}

void Peers::hear_event(const OscEndpoint& from, const char* data, std::size_t size) {
    const auto peer = who(from);
    const OscReading reading = read_osc_message(data, size);
    if (!peer || !reading.problem.empty() || reading.address == at::reply || reading.address == at::error) {
        return;
    }
    const OscArguments arguments{reading.atoms};
    if (const auto found = heard_.find(reading.address); found != heard_.end()) {
        for (const Heard& heard : found->second) {
            heard(*peer, arguments);
        }
    }
    for (const auto& heard : heard_any_) {
        heard(*peer, reading.address, arguments);
    }
}

}  // namespace crowdjack
