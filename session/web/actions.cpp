// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/actions.hpp"

#include "common/log.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace crowdjack::web {

namespace {

constexpr const char* read_only_words =
    "this page only shows: it was opened beyond this machine without a token (start it with --token-file)";
constexpr const char* token_words = "acting needs the token: open the link that was printed at the start";

const char* words_for(TokenGate::Verdict verdict) {
    switch (verdict) {
    case TokenGate::Verdict::read_only:
        return read_only_words;
    case TokenGate::Verdict::too_many:
        return "too many wrong tokens came from there: try again in a minute";
    case TokenGate::Verdict::wrong:
    case TokenGate::Verdict::right:
        break;
    }
    return token_words;
}

unsigned status_of(const Suite::Answer& answer) {
    switch (static_cast<OscErrorCode>(answer.code)) {
    case OscErrorCode::bad_arguments:
        return 400;
    case OscErrorCode::not_found:
        return 404;
    case OscErrorCode::not_ready:
        return 503;
    case OscErrorCode::refused:
        return 409;
    case OscErrorCode::failed:
        return 500;
    }
    return 200;
}

Json shown(const Suite::Answer& answer) {
    return answer.good ? Json{{"ok", true}, {"values", answer.values}} : Json{{"ok", false}, {"error", answer.error}};
}

/// Nested deeper than anything here is, a document could exhaust the stack.
Json parsed(const std::string& text) {
    constexpr std::size_t deepest = 8;
    std::size_t depth = 0;
    std::size_t most = 0;
    for (const char c : text) {
        depth += c == '[' || c == '{' ? 1U : 0U;
        depth -= (c == ']' || c == '}') && depth > 0 ? 1U : 0U;
        most = std::max(most, depth);
    }
    return most > deepest ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

struct Wish {
    std::string address;
    Json arguments = Json::array();
};

/// @returns nothing when it is none
std::optional<Wish> wish_of(const Json& document, const char* address_name) {
    constexpr std::size_t most_arguments = 64;
    constexpr std::size_t longest_address = 256;
    const auto address = document.find(address_name);
    if (address == document.end() || !address->is_string()) {
        return std::nullopt;
    }
    Wish wish{address->get<std::string>()};
    if (const auto arguments = document.find("args"); arguments != document.end()) {
        wish.arguments = *arguments;
    }
    const bool sound = wish.arguments.is_array() && wish.arguments.size() <= most_arguments &&
                       wish.address.size() <= longest_address && wish.address.starts_with('/');
    return sound ? std::optional{std::move(wish)} : std::nullopt;
}

}  // namespace

Actions::Actions(Suite& suite, TokenGate& gate, Send send, Close close)
    : suite_{suite}, gate_{gate}, send_{std::move(send)}, close_{std::move(close)} {}

void Actions::heard(SocketId socket, const std::string& remote, const SocketMessage& message) {
    const Json document = message.binary ? Json(Json::value_t::discarded) : parsed(message.data);
    if (!document.is_object()) {
        close_(socket);
        return;
    }
    const Json id = document.contains("id") && document["id"].is_number() ? document["id"] : Json();
    if (const auto token = document.find("token"); token != document.end() && token->is_string()) {
        try_token(socket, remote, id, token->get<std::string>());
    } else if (const auto client = document.find("restart"); client != document.end() && client->is_string()) {
        restart(socket, id, client->get<std::string>());
    } else if (const auto wish = wish_of(document, "say")) {
        say(socket, id, wish->address, wish->arguments);
    } else {
        refuse(socket, id, "a message says {\"token\":\"…\"} or {\"say\":\"/address\",\"args\":[…]}");
    }
}

void Actions::try_token(SocketId socket, const std::string& remote, const Json& id, const std::string& token) {
    const auto verdict = gate_.judge(remote, token);
    if (verdict == TokenGate::Verdict::right) {
        trusted_.insert(socket);
        answer(socket, id, {true, 0, {}, {}});
        return;
    }
    refuse(socket, id, words_for(verdict));
    if (verdict != TokenGate::Verdict::read_only) {
        log_wrong_token(remote);
        close_(socket);
    }
}

void Actions::log_wrong_token(const std::string& remote) {
    // The first of a row, not each: they may come by the thousand.
    if (gate_.wrong_tokens() % TokenGate::most_wrong == 1) {
        log_event(LogLevel::warning, "wrong-token", {{"from", remote}, {"so_far", gate_.wrong_tokens()}});
    }
}

void Actions::restart(SocketId socket, const Json& id, const std::string& client) {
    if (!trusted_.contains(socket)) {
        refuse(socket, id, gate_.read_only() ? read_only_words : token_words);
        return;
    }
    if (const auto why_not = suite_.restart(client)) {
        refuse(socket, id, *why_not);
        return;
    }
    log_event(LogLevel::info, "client-restart-asked", {{"client", client}});
    answer(socket, id, {true, 0, {}, {}});
}

void Actions::say(SocketId socket, const Json& id, const std::string& address, const Json& arguments) {
    if (!Suite::only_asks(address, arguments) && !trusted_.contains(socket)) {
        refuse(socket, id, gate_.read_only() ? read_only_words : token_words);
        return;
    }
    suite_.say(address, arguments, [this, socket, id](const Suite::Answer& came) { answer(socket, id, came); });
}

void Actions::answer(SocketId socket, const Json& id, const Suite::Answer& answer) {
    Json document = shown(answer);
    document["re"] = id;
    send_(socket, dumped(document));
}

void Actions::refuse(SocketId socket, const Json& id, const std::string& why) {
    answer(socket, id, {false, static_cast<int>(OscErrorCode::refused), why, {}});
}

void Actions::requested(const HttpRequest& request, const Respond& respond) {
    const auto reply = [&respond](unsigned status, const char* why) {
        respond({status, "application/json", dumped(Json{{"ok", false}, {"error", why}}) + "\n", {}});
    };
    // A form of another site can't send this type without asking first, and nobody here says yes.
    if (!request.content_type.starts_with("application/json")) {
        reply(415, "send it as application/json");
        return;
    }
    const Json document = parsed(request.body);
    const auto wish = document.is_object() ? wish_of(document, "address") : std::nullopt;
    if (!wish) {
        reply(400, "the body is {\"address\":\"/…\",\"args\":[…]}");
        return;
    }
    if (!Suite::only_asks(wish->address, wish->arguments)) {
        const auto verdict = gate_.judge_bearer(request.remote, request.authorization);
        if (verdict != TokenGate::Verdict::right) {
            if (verdict == TokenGate::Verdict::wrong) {
                log_wrong_token(request.remote);
            }
            reply(verdict == TokenGate::Verdict::too_many ? 429
                  : verdict == TokenGate::Verdict::wrong  ? 401
                                                          : 403,
                  words_for(verdict));
            return;
        }
    }
    suite_.say(wish->address, wish->arguments, [respond](const Suite::Answer& came) {
        respond({came.good ? 200 : status_of(came), "application/json", dumped(shown(came)) + "\n", {}});
    });
}

}  // namespace crowdjack::web
