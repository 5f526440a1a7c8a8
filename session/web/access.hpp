// SPDX-License-Identifier: GPL-3.0-or-later
// Who may look and who may act. Pure: the caller says what time it is.
#pragma once

#include "session/web/http_types.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::web {

/// A browser on this machine sends requests for whatever page it shows. A page of another site must reach nothing
/// here: not by a name of its own that it points at this address (DNS rebinding: the Host is not ours), nor by opening
/// a WebSocket (the Origin is not this Host).
class OwnNames {
public:
    /// @param names  host names besides localhost that are this machine's; any numeric address is, too: nobody can
    /// point one elsewhere
    explicit OwnNames(std::vector<std::string> names);

    /// @param host  as in a Host field: `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`
    [[nodiscard]] bool has(std::string_view host) const;
    /// No Origin (no browser), or that of the page that this server itself served under that Host.
    [[nodiscard]] static bool same_origin(std::string_view origin, std::string_view host);

private:
    std::vector<std::string> names_;
};

/// What every request is looked at for first. @returns the refusal, if any
[[nodiscard]] std::optional<HttpResponse> screened(const OwnNames& names, const HttpRequest& request);

/// The token without which nobody acts.
class TokenGate {
public:
    using Clock = std::chrono::steady_clock;
    enum class Verdict {
        right,
        wrong,
        too_many,   ///< wrong ones came from there: none is looked at for a while
        read_only,  ///< there is no token: nobody acts
    };
    static constexpr int most_wrong = 10;  ///< within `memory`
    static constexpr std::chrono::seconds memory{60};

    explicit TokenGate(std::optional<std::string> token) : token_{std::move(token)} {}

    [[nodiscard]] bool read_only() const noexcept { return !token_; }
    /// In a time that does not tell how much of it is right.
    [[nodiscard]] Verdict judge(const std::string& remote, std::string_view token,
                                Clock::time_point now = Clock::now());
    /// Of `Authorization: Bearer TOKEN`.
    [[nodiscard]] Verdict judge_bearer(const std::string& remote, std::string_view authorization,
                                       Clock::time_point now = Clock::now());
    [[nodiscard]] std::uint64_t wrong_tokens() const noexcept { return wrong_; }

private:
    struct Tries {
        int wrong{};
        Clock::time_point since;
    };
    std::optional<std::string> token_;
    std::map<std::string, Tries> tries_;  ///< by remote; bounded
    std::uint64_t wrong_{0};
};

}  // namespace crowdjack::web
