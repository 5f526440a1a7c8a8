// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// One side of a listed connection: `client:port`, in which one `*` may stand for any text. Or `system:playback_1 @
/// CARD:PORT`: the port of that very name, whatever its place among the cards is now.
class PortPattern {
public:
    PortPattern() = default;
    explicit PortPattern(std::string text);

    /// What the `*` stands for when `port` matches ("" without a star). Nothing when it does not match.
    [[nodiscard]] std::optional<std::string> match(std::string_view port) const;

    /// The port's full name when the `*` stands for `text`.
    [[nodiscard]] std::string with(std::string_view text) const;

    [[nodiscard]] bool has_star() const noexcept { return star_ != std::string::npos; }
    /// The part before the colon, possibly with the star.
    [[nodiscard]] std::string client() const { return text_.substr(0, text_.find(':')); }
    /// True when this side may belong to the client of that plain name.
    [[nodiscard]] bool may_name(const std::string& client_name) const;
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    std::string own_name_;  ///< behind the @; empty: none
    std::size_t star_{std::string::npos};
};

/// A connection as it is listed: `deck-A:out_* -> mixer-bus:A_*`; a `*` stands for the same text on both sides.
struct Connection {
    PortPattern source, sink;
    int line{};  ///< in the session file

    [[nodiscard]] std::string text() const { return source.text() + " -> " + sink.text(); }
};

/// What happens to listed connections that are gone, and to those that nobody listed.
enum class Keep {
    wanted,  ///< re-make what is listed
    exact,   ///< also remove what is not listed, on the suite's ports only
    once     ///< make each connection once, when its ports first appear
};

/// @param why  receives what is wrong, in words, when nothing is returned
[[nodiscard]] std::optional<Connection> parse_connection(std::string_view text, std::string& why);

}  // namespace crowdjack
