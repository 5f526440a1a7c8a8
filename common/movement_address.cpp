// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/movement_address.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t longest_zone = 64;

/// Zones are written into logs and CSV files.
bool is_plain(std::string_view zone) noexcept {
    return std::all_of(zone.begin(), zone.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 && byte < 0x7F && c != '"' && c != ',' && c != ';';
    });
}

constexpr std::array<std::pair<std::string_view, MovementPart>, 12> parts{{{"total_movement", MovementPart::total},
                                                                           {"person_count", MovementPart::people},
                                                                           {"arm", MovementPart::arms},
                                                                           {"arms", MovementPart::arms},
                                                                           {"arm_movement", MovementPart::arms},
                                                                           {"arms_movement", MovementPart::arms},
                                                                           {"leg", MovementPart::legs},
                                                                           {"legs", MovementPart::legs},
                                                                           {"leg_movement", MovementPart::legs},
                                                                           {"legs_movement", MovementPart::legs},
                                                                           {"head", MovementPart::head},
                                                                           {"head_movement", MovementPart::head}}};

}  // namespace

std::optional<MovementAddress> movement_address(std::string_view address) noexcept {
    if (!address.starts_with('/')) {
        return {};
    }
    const auto slash = address.rfind('/');
    const auto last = address.substr(slash + 1);
    const auto* const found =
        std::find_if(parts.begin(), parts.end(), [&](const auto& each) { return each.first == last; });
    const auto prefix = slash == 0 ? std::string_view{} : address.substr(1, slash - 1);
    if (found == parts.end() || prefix.size() > longest_zone || !is_plain(prefix)) {
        return {};
    }
    const bool is_main = prefix.empty() || prefix == main_zone || prefix == "movement";
    return MovementAddress{is_main ? main_zone : prefix, found->second};
}

bool is_pose_address(std::string_view address) noexcept {
    return address.ends_with("/keypoints") || address.find("/pose/") != std::string_view::npos ||
           address.find("/keypoints/") != std::string_view::npos;
}

bool RepeatedReports::is_repetition(const Report& report, double now_s) {
    std::erase_if(heard_, [&](const Heard& each) { return now_s - each.when_s > longest_apart_s; });
    for (auto& each : heard_) {
        const bool same = each.host == report.host && each.value == report.value && each.address == report.address;
        const auto& ports = each.received_on;
        if (same && std::find(ports.begin(), ports.end(), report.received_on) == ports.end()) {
            each.received_on.push_back(report.received_on);
            ++found_;
            return true;
        }
    }
    if (heard_.size() >= most_remembered) {
        heard_.erase(heard_.begin());
    }
    heard_.push_back({report.host, std::string{report.address}, report.value, now_s, {report.received_on}});
    return false;
}

}  // namespace crowdjack
