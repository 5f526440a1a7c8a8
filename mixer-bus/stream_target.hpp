// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crowdjack {

enum class StreamFormat { vorbis, opus, mp3 };

/// What a stream says of itself, and how good it sounds.
struct Station {
    std::string name, genre, url;  ///< UTF-8; "" leaves one out
    bool listed{false};            ///< in public directories
    int bitrate{0};                ///< kbit/s; 0: about 190, as each format has it best

    [[nodiscard]] int bitrate_of(StreamFormat format) const noexcept {
        return bitrate > 0 ? bitrate : format == StreamFormat::opus ? 188 : 192;
    }
};

/// Opus is made for 48 kHz and its whole parts only.
[[nodiscard]] constexpr bool opus_takes(int rate) noexcept {
    return rate == 8000 || rate == 12000 || rate == 16000 || rate == 24000 || rate == 48000;
}

/// @param text  in any case
/// @throws Failure naming the formats there are
[[nodiscard]] StreamFormat parse_stream_format(std::string_view text);
[[nodiscard]] const char* name_of(StreamFormat format) noexcept;

/// Where a stream goes. Only url() ever shows the password; what is logged, answered or shown is shown().
struct StreamTarget {
    std::string user, password, host, mount;  ///< host without brackets; mount begins with /
    std::uint16_t port{8000};

    /// @param url  icecast://source:PASSWORD@HOST:PORT/MOUNT. The password ends at the last @ that a host and a mount
    ///             follow, so it may hold / and @; %XX in user and password is that byte (%25 a %), a lone % is a %.
    ///             An IPv6 host stands in brackets.
    /// @throws Failure that says what is wrong without repeating the password
    static StreamTarget parse(std::string_view url);
    /// icecast://HOST:PORT/MOUNT
    [[nodiscard]] std::string shown() const;
    /// As parse() takes it.
    [[nodiscard]] std::string url() const;
};

}  // namespace crowdjack
