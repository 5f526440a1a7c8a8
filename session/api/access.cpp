// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/access.hpp"

#include "common/movement_address.hpp"
#include "common/protocol/description.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace crowdjack {

namespace {

/// Names a path or an address, or ends or stores something: not for guests.
bool is_for_the_owner(std::string_view address) {
    constexpr std::array owners{at::mixer_record_start, at::mixer_record_stop, at::mixer_stream_start,
                                at::mixer_stream_stop,  at::session_start,     at::session_save,
                                at::session_quit,       at::setlist_start};
    return std::find(owners.begin(), owners.end(), address) != owners.end();
}

}  // namespace

std::optional<HostRange> HostRange::parse(const std::string& text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    in_addr address{};
    if (::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1) {
        return std::nullopt;
    }
    unsigned bits = 32;
    if (slash < text.size()) {
        const char* const end = text.data() + text.size();
        const auto [read, error] = std::from_chars(text.data() + slash + 1, end, bits);
        if (error != std::errc{} || read != end || bits > 32) {
            return std::nullopt;
        }
    }
    const std::uint32_t mask = bits == 0 ? 0U : ~0U << (32U - bits);
    return HostRange{ntohl(address.s_addr) & mask, mask};
}

std::string Access::refusal(std::uint32_t host, std::string_view address) const {
    if (host >> 24U == 127U) {
        return {};
    }
    if (!allow.empty() &&
        std::none_of(allow.begin(), allow.end(), [host](const HostRange& range) { return range.holds(host); })) {
        return "this host is not in [osc] allow of the session file";
    }
    const bool is_report = movement_address(address).has_value() || is_pose_address(address) || address == at::dummy;
    if (remote == Remote::reports && !is_report) {
        return "other machines may only report movement here ([osc] remote = \"reports\")";
    }
    if (remote == Remote::play && is_for_the_owner(address)) {
        return "only this machine may do that ([osc] remote = \"play\"; \"all\" allows it)";
    }
    return {};
}

}  // namespace crowdjack
