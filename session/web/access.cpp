// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/access.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace crowdjack::web {

namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

/// `name` of `name:port` and `[::1]` of `[::1]:port`; empty when it is neither.
std::string_view without_port(std::string_view host) {
    const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
    const std::size_t colon = bracket == std::string_view::npos ? bracket : host.find(':', bracket);
    const std::string_view name = host.substr(0, colon);
    const std::string_view rest = host.substr(name.size());
    const bool port = rest.empty() || std::all_of(rest.begin() + 1, rest.end(),
                                                  [](unsigned char digit) { return std::isdigit(digit) != 0; });
    return port ? name : std::string_view{};
}

bool is_numeric(std::string_view name) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (name.starts_with('[') && name.ends_with(']')) {
        return ::inet_pton(AF_INET6, std::string{name.substr(1, name.size() - 2)}.c_str(), address.data()) == 1;
    }
    return ::inet_pton(AF_INET, std::string{name}.c_str(), address.data()) == 1;
}

/// Looks at every character whatever it finds.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0U : 1U;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char other = b.empty() ? '\0' : b[i % b.size()];
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other));
    }
    return difference == 0;
}

}  // namespace

OwnNames::OwnNames(std::vector<std::string> names) : names_{std::move(names)} {
    names_.emplace_back("localhost");
    for (std::string& name : names_) {
        name = lower(name);
    }
}

bool OwnNames::has(std::string_view host) const {
    const std::string name = lower(without_port(host));
    return !name.empty() && (is_numeric(name) || std::find(names_.begin(), names_.end(), name) != names_.end());
}

bool OwnNames::same_origin(std::string_view origin, std::string_view host) {
    constexpr std::string_view scheme = "http://";
    return origin.empty() || (origin.starts_with(scheme) && lower(origin.substr(scheme.size())) == lower(host));
}

std::optional<HttpResponse> screened(const OwnNames& names, const HttpRequest& request) {
    const auto refusal = [](unsigned status, const char* why) {
        return HttpResponse{status, "text/plain; charset=utf-8", why, {}};
    };
    if (!names.has(request.host)) {
        return refusal(421, "This is not the address of this server. Use its number, or start it with --http-name.\n");
    }
    if (!OwnNames::same_origin(request.origin, request.host)) {
        return refusal(403, "Another site's page may not use this server.\n");
    }
    return std::nullopt;
}

TokenGate::Verdict TokenGate::judge(const std::string& remote, std::string_view token, Clock::time_point now) {
    if (!token_) {
        return Verdict::read_only;
    }
    std::erase_if(tries_, [now](const auto& each) { return now - each.second.since > memory; });
    const auto found = tries_.find(remote);
    if (found != tries_.end() && found->second.wrong >= most_wrong) {
        return Verdict::too_many;
    }
    if (equal_in_constant_time(*token_, token)) {
        return Verdict::right;
    }
    ++wrong_;
    constexpr std::size_t most_remembered = 4096;
    if (found != tries_.end() || tries_.size() < most_remembered) {
        Tries& tries = tries_[remote];
        tries.since = tries.wrong == 0 ? now : tries.since;
        ++tries.wrong;
    }
    return Verdict::wrong;
}

TokenGate::Verdict TokenGate::judge_bearer(const std::string& remote, std::string_view authorization,
                                           Clock::time_point now) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view token =
        authorization.starts_with(scheme) ? authorization.substr(scheme.size()) : std::string_view{};
    return judge(remote, token, now);
}

}  // namespace crowdjack::web
