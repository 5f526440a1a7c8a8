// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/suite_link.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace crowdjack {

namespace {

std::string value_text(const OscArguments& arguments, std::size_t i) {
    if (arguments.is_text(i)) {
        return std::string{arguments.text(i, "value")};
    }
    const char type = arguments.types()[i];
    if (type == 'T' || type == 'F') {
        return type == 'T' ? "true" : "false";
    }
    if (!arguments.is_number(i)) {
        return "";
    }
    std::array<char, 32> digits{};
    const double value = arguments.number(i, "value");
    const auto end = type == 'f'
                         ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<float>(value))
                         : std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end.ptr};
}

}  // namespace

SuiteLink::SuiteLink(const CommonOptions& options)
    : server_{options.server}, osc_{loop_, options.osc_bind, {options.osc_port}}, book_{options.server, options.peers} {
    // What nobody here asked for (events of others) is nobody's mistake: never answered.
    osc_.handle_unknown_reports([](std::string_view address) {
        return address.starts_with("/deck/") || address.starts_with("/mixer/") || address.starts_with("/tempo/") ||
               address.starts_with("/audio/") || address.starts_with("/session/") || address == "/reply" ||
               address == "/error";
    });
}

std::optional<PeerInfo> SuiteLink::peer(const std::string& client) {
    const auto all = book_.all();
    const auto found = std::find_if(all.begin(), all.end(), [&](const PeerInfo& p) { return p.client == client; });
    return found == all.end() ? std::nullopt : std::optional{*found};
}

std::optional<PeerInfo> SuiteLink::peer_of_kind(const std::string& kind) {
    const auto all = book_.all();
    const auto found = std::find_if(all.begin(), all.end(), [&](const PeerInfo& p) { return p.kind == kind; });
    return found == all.end() ? std::nullopt : std::optional{*found};
}

bool SuiteLink::send(const std::string& client, const OscMessage& message) {
    const auto to = peer(client);
    if (to) {
        send(*to, message);
    }
    return to.has_value();
}

void SuiteLink::send(const PeerInfo& peer, const OscMessage& message) {
    osc_.send(OscEndpoint::parse(peer.url, OscEndpoint::Host::numeric), message);
}

std::optional<std::string> SuiteLink::client_of(const OscEndpoint& sender) {
    const std::string url = sender.url();
    const auto all = book_.all();
    const auto found = std::find_if(all.begin(), all.end(), [&](const PeerInfo& p) { return p.url == url; });
    return found == all.end() ? std::nullopt : std::optional{found->client};
}

void SuiteLink::on_answer(std::function<void(const Answer&)> heard) {
    answer_ = std::move(heard);
    osc_.handle_report("/reply", [this](const OscRequest& request) { answered(request, false); });
    osc_.handle_report("/error", [this](const OscRequest& request) { answered(request, true); });
}

void SuiteLink::answered(const OscRequest& request, bool is_error) {
    const auto client = client_of(request.sender());
    if (!client) {
        return;
    }
    Answer answer{*client, std::string{request.arguments.text(0, "command")}, {}, {}};
    if (is_error) {
        answer.error = static_cast<OscErrorCode>(request.arguments.integer(1, "code", 1, 5));
        answer.message = request.arguments.text(2, "message");
    }
    answer_(answer);
}

void SuiteLink::on_message(const std::string& address, Heard heard) {
    osc_.handle_report(address, [this, heard = std::move(heard)](const OscRequest& request) {
        if (const auto client = client_of(request.sender())) {
            heard(*client, request.arguments);
        }
    });
}

double SuiteLink::seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

NamedValues named_values(const OscArguments& arguments) {
    NamedValues values;
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        if (arguments.is_text(i)) {
            values.emplace_back(arguments.text(i, "name"), value_text(arguments, i + 1));
        }
    }
    return values;
}

std::optional<std::string> named_text(const NamedValues& values, std::string_view name) {
    const auto found = std::find_if(values.begin(), values.end(), [name](const auto& v) { return v.first == name; });
    return found == values.end() ? std::nullopt : std::optional{found->second};
}

std::optional<double> named_number(const NamedValues& values, std::string_view name) {
    const auto text = named_text(values, name);
    double value = 0.0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

}  // namespace crowdjack
