// SPDX-License-Identifier: GPL-3.0-or-later
// Why AAC, ALAC in MP4 and Windows Media are not played: the one well-kept decoder for them here is FFmpeg's, whose
// libraries bring some sixty packages and parsers for every format there is into a program that must not die.
#include "common/audio/foreign_formats.hpp"

#include "common/audio/tag_bounds.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace crowdjack {

namespace {

struct Mark {
    std::size_t at;
    std::string_view text;
    std::string_view name;
};

using namespace std::string_view_literals;

constexpr std::array marks{Mark{0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, "Windows Media (ASF)"},
                           Mark{0, "\x1A\x45\xDF\xA3"sv, "Matroska or WebM"},
                           Mark{0, "MPCK"sv, "Musepack"},
                           Mark{0, "MP+"sv, "Musepack"},
                           Mark{0, "wvpk"sv, "WavPack"},
                           Mark{0, "MAC "sv, "Monkey's Audio"},
                           Mark{0, "TTA1"sv, "True Audio"},
                           Mark{0, "OFR "sv, "OptimFROG"},
                           Mark{0, "tBaK"sv, "TAK"},
                           Mark{0, "DSD "sv, "DSD"},
                           Mark{0, "FRM8"sv, "DSD"},
                           Mark{0, "FLV\x01"sv, "Flash video"},
                           Mark{0, ".RMF"sv, "RealMedia"},
                           Mark{0, "ADIF"sv, "AAC"},
                           Mark{0, "#!AMR"sv, "AMR"},
                           Mark{0, "\x0B\x77"sv, "AC-3"},
                           Mark{0, "\x7F\xFE\x80\x01"sv, "DTS"}};

std::string in_mp4(std::span<const std::byte> bytes) {
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const std::size_t table = text.find("stsd");
    const std::string_view entry = table == std::string_view::npos ? ""sv : text.substr(table, 64);
    if (entry.find("alac") != std::string_view::npos) {
        return "Apple Lossless (ALAC) in MP4";
    }
    return entry.find("mp4a") != std::string_view::npos ? "AAC in MP4" : "MP4";
}

/// ISO 13818-7: two frames of an AAC stream, one after the other.
bool is_adts(std::span<const std::byte> bytes) {
    const auto octet = [&](std::size_t at) { return std::to_integer<std::size_t>(bytes[at]); };
    const auto header = [&](std::size_t at) {
        return at + 7 <= bytes.size() && octet(at) == 0xFF && (octet(at + 1) & 0xF6U) == 0xF0U;
    };
    if (!header(0)) {
        return false;
    }
    const std::size_t size = (octet(3) & 3U) << 11U | octet(4) << 3U | octet(5) >> 5U;
    return size >= 7 && header(size);
}

/// As a shell takes it, whatever is in it.
std::string quoted(const std::string& word) {
    std::string result = "'";
    for (const char c : word) {
        result += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    }
    return result + "'";
}

}  // namespace

std::optional<std::string> foreign_format(std::span<const std::byte> bytes) {
    for (const char* const box : {"ftyp", "moov", "mdat"}) {
        // Behind the size of the box, whose first bytes, being zeros, were perhaps passed over.
        for (std::size_t at = 1; at <= 4; ++at) {
            if (begins_with(bytes, at, box)) {
                return in_mp4(bytes);
            }
        }
    }
    if (is_adts(bytes)) {
        return "AAC";
    }
    const auto found = std::find_if(marks.begin(), marks.end(),
                                    [&](const Mark& mark) { return begins_with(bytes, mark.at, mark.text); });
    return found == marks.end() ? std::nullopt : std::optional{std::string{found->name}};
}

std::string conversion_hint(const std::filesystem::path& file) {
    std::filesystem::path other = file.filename();
    other.replace_extension(".flac");
    if (other == file.filename()) {
        other = file.stem().string() + "-converted.flac";
    }
    return "convert it, for example with: ffmpeg -i " + quoted(file.filename().string()) + " " + quoted(other.string());
}

}  // namespace crowdjack
