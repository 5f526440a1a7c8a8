// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_packet.hpp"

#include <arpa/inet.h>
#include <lo/lo.h>

#include <cstring>

namespace crowdjack {

namespace {

constexpr std::size_t most_arguments = 256;

/// Index just past the padded OSC string at `at`; 0 when it doesn't end inside the packet or is not padded with zeros.
std::size_t string_end(const char* data, std::size_t size, std::size_t at) {
    const void* terminator = at < size ? std::memchr(data + at, 0, size - at) : nullptr;
    if (terminator == nullptr) {
        return 0;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(terminator) - (data + at));
    const std::size_t end = at + (length / 4 + 1) * 4;
    return end <= size ? end : 0;
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

bool is_well_formed_message(const char* data, std::size_t size) {
    std::size_t at = string_end(data, size, 0);
    if (at == 0 || data[0] != '/') {
        return false;
    }
    if (at == size) {
        return true;  // see is_bare_address()
    }
    const char* types = data + at;
    if (types[0] != ',' || (at = string_end(data, size, at)) == 0 || std::strlen(types) - 1 > most_arguments) {
        return false;
    }
    for (const char* type = types + 1; *type != 0; ++type) {
        switch (*type) {
        case 'i':
        case 'f':
            at += 4;
            break;
        case 'h':
        case 'd':
            at += 8;
            break;
        case 's':
        case 'S':
            at = string_end(data, size, at);
            if (at == 0) {
                return false;
            }
            break;
        case 'T':
        case 'F':
        case 'N':
            break;
        default:
            return false;  // blobs, time tags, MIDI, arrays: nothing here takes them
        }
        if (at > size) {
            return false;
        }
    }
    return at == size;
}

bool is_bare_address(const char* data, std::size_t size) { return string_end(data, size, 0) == size; }

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
