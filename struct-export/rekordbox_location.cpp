// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/rekordbox_location.hpp"

#include "struct-export/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace crowdjack {

namespace {

std::string percent_decoded(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
            std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
            int byte = 0;
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            if (byte != 0) {
                result += static_cast<char>(byte);
                i += 2;
                continue;
            }
        }
        result += text[i];
    }
    return result;
}

bool has_drive(std::string_view path) noexcept {
    return path.size() >= 2 && path[1] == ':' && std::isalpha(static_cast<unsigned char>(path[0])) != 0;
}

bool take_prefix(std::string_view& text, std::string_view lower_case_prefix) noexcept {
    const bool matches = text.size() >= lower_case_prefix.size() &&
                         std::equal(lower_case_prefix.begin(), lower_case_prefix.end(), text.begin(),
                                    [](char p, char c) { return p == std::tolower(static_cast<unsigned char>(c)); });
    if (matches) {
        text.remove_prefix(lower_case_prefix.size());
    }
    return matches;
}

}  // namespace

std::string with_slashes(std::string_view path) {
    std::string result{path};
    if (has_drive(path) || path.starts_with("\\\\") || path.find('/') == std::string_view::npos) {
        std::ranges::replace(result, '\\', '/');
    }
    return result;
}

std::string_view file_name(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string location_path(std::string_view location) {
    std::string_view rest = trimmed(location);
    const bool is_uri = take_prefix(rest, "file:");
    std::string host;
    if (is_uri && rest.starts_with("//")) {
        rest.remove_prefix(2);
        if (!take_prefix(rest, "localhost") && !rest.starts_with('/') && !has_drive(rest)) {
            host = "//";  // a network share: //nas/share/x
        }
    }
    std::string path = host + (is_uri ? percent_decoded(rest) : std::string{rest});
    if (path.starts_with('/') && has_drive(std::string_view{path}.substr(1))) {
        path.erase(0, 1);
    }
    return with_slashes(path);
}

}  // namespace crowdjack
