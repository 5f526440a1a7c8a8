// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/stream_target.hpp"

#include "common/error.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::string_view scheme = "icecast://";
constexpr std::array<std::pair<std::string_view, StreamFormat>, 3> formats{
    {{"vorbis", StreamFormat::vorbis}, {"opus", StreamFormat::opus}, {"mp3", StreamFormat::mp3}}};

[[noreturn]] void refuse(const char* why) {
    throw Failure{std::string{"bad stream address: "} + why + "; it is icecast://source:PASSWORD@HOST:PORT/MOUNT"};
}

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            result += static_cast<char>(value);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += '%';
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
    }
    return result;
}

/// A header line of the request must stay one line.
bool has_control(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            return true;
        }
    }
    return false;
}

}  // namespace

StreamFormat parse_stream_format(std::string_view text) {
    for (const auto& [name, format] : formats) {
        if (text == name) {
            return format;
        }
    }
    // Not repeated: what stands in the wrong place may be an address with its password.
    throw Failure{"a stream is vorbis, opus or mp3, nothing else"};
}

const char* name_of(StreamFormat format) noexcept { return formats[static_cast<std::size_t>(format)].first.data(); }

StreamTarget StreamTarget::parse(std::string_view url) {
    if (!url.starts_with(scheme)) {
        refuse("it does not begin with icecast://");
    }
    url.remove_prefix(scheme.size());
    // The password may hold anything but a slash: the last @ before the path counts.
    const auto slash = url.find('/');
    if (slash == std::string_view::npos || slash + 1 == url.size()) {
        refuse("the mount is missing");
    }
    const std::string_view authority = url.substr(0, slash);
    const auto at = authority.rfind('@');
    const auto colon = authority.find(':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) {
        refuse("user or password is missing");
    }
    StreamTarget target;
    target.user = unescaped(authority.substr(0, colon));
    target.password = unescaped(authority.substr(colon + 1, at - colon - 1));
    target.mount = url.substr(slash);
    std::string_view host = authority.substr(at + 1);
    if (const auto port = host.rfind(':'); port != std::string_view::npos) {
        const std::string_view digits = host.substr(port + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), target.port);
        if (error != std::errc{} || end != digits.data() + digits.size() || target.port == 0) {
            refuse("the port is no number from 1 to 65535");
        }
        host = host.substr(0, port);
    }
    target.host = host;
    if (target.host.empty() || target.user.empty() || target.password.empty()) {
        refuse("user, password or host is empty");
    }
    if (has_control(target.user) || has_control(target.password) || has_control(target.mount) ||
        has_control(target.host) || target.mount.find_first_of(" \"") != std::string::npos) {
        refuse("it holds characters that no such address has");
    }
    return target;
}

std::string StreamTarget::shown() const { return std::string{scheme} + host + ":" + std::to_string(port) + mount; }

std::string StreamTarget::url() const {
    return std::string{scheme} + escaped(user) + ":" + escaped(password) + "@" + host + ":" + std::to_string(port) +
           mount;
}

}  // namespace crowdjack
