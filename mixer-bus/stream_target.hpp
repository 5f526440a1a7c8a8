// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crowdjack {

enum class StreamFormat { vorbis, opus, mp3 };

/// @throws Failure naming the formats there are
[[nodiscard]] StreamFormat parse_stream_format(std::string_view text);
[[nodiscard]] const char* name_of(StreamFormat format) noexcept;

/// Where a stream goes. Only url() ever shows the password; what is logged, answered or shown is shown().
struct StreamTarget {
    std::string user, password, host, mount;  ///< mount begins with /
    std::uint16_t port{8000};

    /// @param url  icecast://source:PASSWORD@HOST:PORT/MOUNT; user and password may be %-escaped
    /// @throws Failure that says what is wrong without repeating the password
    static StreamTarget parse(std::string_view url);
    /// icecast://HOST:PORT/MOUNT
    [[nodiscard]] std::string shown() const;
    /// As parse() takes it.
    [[nodiscard]] std::string url() const;
};

}  // namespace crowdjack
