// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_packet.hpp"

#include <arpa/inet.h>
#include <lo/lo.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

namespace crowdjack {

namespace {

constexpr std::size_t most_arguments = 256;
constexpr std::string_view pattern_characters{"#*,?[]{} "};

/// The bytes of one message, from front to back.
class Walk {
public:
    Walk(const char* data, std::size_t size) : data_{data}, size_{size} {}

    [[nodiscard]] bool at_end() const noexcept { return at_ == size_; }
    [[nodiscard]] std::size_t left() const noexcept { return size_ - at_; }

    /// A padded OSC string; nothing when it does not end inside the message.
    std::optional<std::string_view> text() {
        const void* const end = at_ < size_ ? std::memchr(data_ + at_, 0, left()) : nullptr;
        if (end == nullptr) {
            return std::nullopt;
        }
        const std::string_view found{data_ + at_,
                                     static_cast<std::size_t>(static_cast<const char*>(end) - data_) - at_};
        const std::size_t padded = (found.size() / 4 + 1) * 4;
        if (padded > left()) {
            return std::nullopt;
        }
        at_ += padded;
        return found;
    }

    std::optional<std::uint32_t> word() {
        if (left() < 4) {
            return std::nullopt;
        }
        at_ += 4;
        return big_endian(data_ + at_ - 4);
    }

    std::optional<std::uint64_t> long_word() {
        const auto high = word();
        const auto low = word();
        return high && low ? std::optional{std::uint64_t{*high} << 32U | *low} : std::nullopt;
    }

private:
    const char* data_;
    std::size_t size_;
    std::size_t at_{0};
};

std::string refused_type(char type) {
    switch (type) {
    case 'b':
        return "blobs (type b) are not taken";
    case 'I':
        return "a bang (type I) is not taken: send no argument, or 1";
    case '[':
    case ']':
        return "arrays (types [ and ]) are not taken: send the arguments without them";
    default:
        if (type < ' ' || type > '~') {
            return "the type tags hold byte " + std::to_string(static_cast<unsigned char>(type)) +
                   ": use i h f d s T F N";
        }
        return std::string{"arguments of type '"} + type + "' are not taken: use i h f d s T F N";
    }
}

/// Appends the argument of that type. @returns what is wrong, or nothing
std::string read_atom(Walk& walk, char type, std::vector<OscAtom>& atoms) {
    const auto take = [&](auto found, auto convert) -> std::string {
        if (!found) {
            return "the packet ends before its argument " + std::to_string(atoms.size() + 1);
        }
        atoms.emplace_back(convert(*found));
        return {};
    };
    switch (type) {
    case 'i':
        return take(walk.word(), [](std::uint32_t bits) { return std::bit_cast<std::int32_t>(bits); });
    case 'f':
        return take(walk.word(), [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
    case 'h':
        return take(walk.long_word(), [](std::uint64_t bits) { return std::bit_cast<std::int64_t>(bits); });
    case 'd':
        return take(walk.long_word(), [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
    case 's':
    case 'S':
        return take(walk.text(), [](std::string_view text) { return std::string{text}; });
    case 'T':
    case 'F':
        atoms.emplace_back(type == 'T');
        return {};
    case 'N':
        atoms.emplace_back(OscNothing{});
        return {};
    default:
        return refused_type(type);
    }
}

std::string read_arguments(Walk& walk, std::string_view types, std::vector<OscAtom>& atoms) {
    if (types.size() > most_arguments) {
        return std::to_string(types.size()) + " arguments came: 256 are the most";
    }
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (types.substr(i, 2) == "[]") {
            ++i;
            continue;
        }
        if (std::string problem = read_atom(walk, types[i], atoms); !problem.empty()) {
            return problem;
        }
    }
    return walk.at_end() ? std::string{} : std::to_string(walk.left()) + " bytes follow the last argument";
}

std::string read_rest(Walk& walk, const OscReading& reading, std::vector<OscAtom>& atoms) {
    const std::size_t pattern = reading.address.find_first_of(pattern_characters);
    if (pattern != std::string::npos) {
        return std::string{"'"} + reading.address[pattern] + "' in an address is a pattern: name one address exactly";
    }
    if (walk.at_end()) {
        return {};
    }
    const auto types = walk.text();
    if (!types) {
        return "the packet ends in its type tags";
    }
    if (!types->starts_with(',')) {
        return "the type tags have no comma before them";
    }
    return read_arguments(walk, types->substr(1), atoms);
}

}  // namespace

std::uint32_t big_endian(const char* bytes) {
    std::uint32_t value{};
    std::memcpy(&value, bytes, sizeof value);
    return ntohl(value);
}

bool is_bundle(const char* data, std::size_t size) {
    return size >= bundle_header_size && std::memcmp(data, "#bundle", 8) == 0;
}

OscReading read_osc_message(const char* data, std::size_t size) {
    OscReading reading;
    const std::string_view address{data, static_cast<std::size_t>(std::find(data, data + size, '\0') - data)};
    const bool printable = address.starts_with('/') && address.size() < size &&
                           std::all_of(address.begin(), address.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!printable) {
        reading.problem = "the packet begins with no address that can be read";
        return reading;
    }
    reading.address = address;
    Walk walk{data, size};
    reading.problem = walk.text() ? read_rest(walk, reading, reading.atoms) : "the packet ends inside its address";
    return reading;
}

double bundle_seconds_ahead(const char* bundle) {
    const char* time_tag = bundle + 8;
    const std::uint32_t seconds = big_endian(time_tag);
    const std::uint32_t fraction = big_endian(time_tag + 4);
    if (seconds == 0 && fraction == 1) {
        return 0.0;  // "immediately"
    }
    lo_timetag now{};
    lo_timetag_now(&now);
    constexpr double unit = 1.0 / 4294967296.0;
    return (static_cast<double>(seconds) + fraction * unit) -
           (static_cast<double>(now.sec) + static_cast<double>(now.frac) * unit);
}

}  // namespace crowdjack
