// SPDX-License-Identifier: GPL-3.0-or-later
// What the address of a movement report says: of which part of the room, and of which part of the dancers. Pure
// functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// What a movement report measures.
enum class MovementPart { total, arms, legs, head, people };

/// The zone of the addresses that crowdstream knows: `/dance/…`, `/movement/…`, `/arms`, `/legs`, `/head`.
constexpr std::string_view main_zone = "dance";

struct MovementAddress {
    std::string_view zone;  ///< the prefix without its first slash (`cam2`, `hall/left`), or main_zone
    MovementPart part{};
};

/// Reads an address of the form `/ZONE/PART`, where PART is one of `total_movement`, `person_count`, `arm`, `arms`,
/// `leg`, `legs`, `head`, or one of the last five with `_movement`. The zone may hold slashes and may be missing.
/// @returns nothing when the last part is unknown or the zone has more than 64 bytes or
/// others than printable ASCII without quotes, commas and semicolons. The zone points into `address`.
[[nodiscard]] std::optional<MovementAddress> movement_address(std::string_view address) noexcept;

/// Poses come thirty times a second for each dancer, for programs that draw them; they say nothing about the tempo:
/// `/dance/pose/person/0/keypoints`, `/dance/person/0/keypoints`, `/pose/keypoints`, `/cam2/pose/…`, `/keypoints/…`.
[[nodiscard]] bool is_pose_address(std::string_view address) noexcept;

/// Finds reports that come twice: a detector with two destinations sends each report to two ports of one program.
///
/// A report is the repetition of another one when both have the same host, address and value, came to different ports
/// of ours and within 100 ms. Each report is repeated at most once a port, so two detectors on one host that report the
/// same value to the same port both count.
class RepeatedReports {
public:
    static constexpr double longest_apart_s = 0.1;

    struct Report {
        std::uint32_t host{};       ///< IPv4 of the sender
        std::size_t received_on{};  ///< our socket or port
        std::string_view address;   ///< as received
        double value{};
    };

    /// @param now_s  never decreasing
    /// @returns true when this report was counted already
    [[nodiscard]] bool is_repetition(const Report& report, double now_s);

    /// How many were repetitions so far.
    [[nodiscard]] std::uint64_t found() const noexcept { return found_; }

private:
    struct Heard {
        std::uint32_t host{};
        std::string address;
        double value{}, when_s{};
        std::vector<std::size_t> received_on;  ///< the first counts, the others were repetitions
    };
    static constexpr std::size_t most_remembered = 256;

    std::vector<Heard> heard_;  ///< of the last 100 ms, oldest first
    std::uint64_t found_{};
};

}  // namespace crowdjack
