// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/descriptor.hpp"
#include "session/session_clock.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace crowdjack {

/// Brings the output of all clients to one place, our own stderr, each line with its client's name. Control thread
/// only; never waits, neither for who writes nor for who reads.
///
/// A client that prints more than 64 KiB a second is listened to no faster: what does not fit is dropped and counted,
/// in a line of its own.
class LogRelay {
public:
    static constexpr double bytes_a_second = 64.0 * 1024.0;
    static constexpr double most_at_once = 256.0 * 1024.0;

    /// @param folder  says where the FIFOs lie, now; that is made when missing
    LogRelay(ControlLoop& loop, std::function<std::filesystem::path()> folder);
    ~LogRelay();
    LogRelay(const LogRelay&) = delete;
    LogRelay& operator=(const LogRelay&) = delete;

    /// The FIFO of that client, read from now on; made anew when somebody has removed it. /dev/null where none can be
    /// made: a client without words is better than none.
    std::filesystem::path channel(const std::string& client);

    /// False: what it prints is dropped, without a word, until true.
    void let_speak(const std::string& client, bool speaks);

    /// What has come so far and was not read yet; at the end, when the loop runs no more.
    void drain();

private:
    struct Channel {
        Descriptor file;
        std::string partial;  ///< a line not ended yet
        bool speaks{true};
        double budget{most_at_once};  ///< bytes that may be passed on
        SessionTime seen{};           ///< when the budget was last counted
        std::uint64_t dropped{0};     ///< lines since the last word about it
        bool resting{false};
    };
    void read(const std::string& client);
    void take(const std::string& client, Channel& channel, std::string_view text);
    void pass_on(const std::string& client, Channel& channel, std::string_view line);
    void rest(const std::string& client, Channel& channel);
    void count_budget(Channel& channel);
    void open(const std::string& client, Channel& channel, const std::filesystem::path& path);

    ControlLoop& loop_;
    std::function<std::filesystem::path()> folder_;
    std::map<std::string, Channel> channels_;
};

}  // namespace crowdjack
