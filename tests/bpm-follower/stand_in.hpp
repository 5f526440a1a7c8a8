// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/tempo_line.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace crowdjack::test {

/// A `/tempo/line` as it came over the wire.
struct WireLine {
    std::int32_t serial;
    std::uint32_t f0, f1;
    double b0, bpm0, bpm1;

    static WireLine of(const OscReceived& message) {
        return {static_cast<std::int32_t>(message.number(0)),
                static_cast<std::uint32_t>(static_cast<std::int64_t>(message.number(1))),
                static_cast<std::uint32_t>(static_cast<std::int64_t>(message.number(4))),
                message.number(2),
                message.number(3),
                message.number(5)};
    }
    /// Frames counted from 0: tests end long before the wrap.
    [[nodiscard]] TempoLine line(double rate = 48000.0) const {
        return {JackFrame{f0}, Beats{b0}, Bpm{bpm0}, JackFrame{f1}, Bpm{bpm1}, rate};
    }
};

/// A client of the suite as the follower sees one: a locked registry entry and an OSC port that keeps what it gets.
class StandIn {
public:
    StandIn(const std::string& server, const std::string& client, const std::string& kind)
        : file_{registry_of(server) / client} {
        std::filesystem::create_directories(file_.parent_path());
        std::filesystem::permissions(file_.parent_path(), std::filesystem::perms::owner_all);
        fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd_ < 0 || ::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
            throw std::runtime_error{"can't take the registry entry " + file_.string()};
        }
        const auto text = "url " + osc.url() + "\nkind " + kind + "\nname " + client + "\njack " + client + "\npid " +
                          std::to_string(::getpid()) + "\n";
        if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::runtime_error{"can't write " + file_.string()};
        }
    }
    ~StandIn() {
        ::unlink(file_.c_str());
        ::close(fd_);
    }
    StandIn(const StandIn&) = delete;
    StandIn& operator=(const StandIn&) = delete;

    [[nodiscard]] std::vector<WireLine> lines() const {
        std::vector<WireLine> result;
        for (const auto& message : osc.received(at::tempo_line)) {
            if (message.arguments.size() == 6) {
                result.push_back(WireLine::of(message));
            }
        }
        return result;
    }

    /// What a deck makes of all the lines it heard.
    [[nodiscard]] TempoMap tempo() const {
        TempoMap map;
        std::optional<std::int32_t> last;
        for (const auto& each : lines()) {
            if (!last || each.serial > *last) {
                map.add(each.line());
                last = each.serial;
            }
        }
        return map;
    }

    OscClient osc;

private:
    std::filesystem::path file_;
    int fd_{-1};
};

}  // namespace crowdjack::test
