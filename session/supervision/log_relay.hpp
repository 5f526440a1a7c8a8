// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace crowdjack {

/// Brings the output of all clients to one place, our own stderr, each line with its client's name. Control thread
/// only.
class LogRelay {
public:
    /// @param folder  where the FIFOs lie; made when missing
    LogRelay(ControlLoop& loop, std::filesystem::path folder);
    ~LogRelay();
    LogRelay(const LogRelay&) = delete;
    LogRelay& operator=(const LogRelay&) = delete;

    /// The FIFO of that client, made and read from now on.
    /// @throws Failure when it can't be made
    std::filesystem::path channel(const std::string& client);

    /// What has come so far and was not read yet; at the end, when the loop runs no more.
    void drain();

private:
    struct Channel {
        int fd{-1};
        std::string partial;  ///< a line not ended yet
    };
    void read(const std::string& client);

    ControlLoop& loop_;
    std::filesystem::path folder_;
    std::map<std::string, Channel> channels_;
};

}  // namespace crowdjack
