// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/process.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace crowdjack::test {

/// A real icecast2 on 127.0.0.1 that keeps every byte a source sends to /MOUNT in a dump file per run.
class Icecast {
public:
    /// @param folder  for its configuration, logs and dumps
    Icecast(std::filesystem::path folder, int port, std::string password);

    /// False where icecast2 is missing or the system refuses the user namespace it needs (it won't run as root).
    [[nodiscard]] static bool possible();

    /// Starts it (again) and waits until it listens.
    void start();
    void kill_hard();

    /// What came to `mount` (without /) in run `run`, counted from 1.
    [[nodiscard]] std::filesystem::path dump(const std::string& mount, int run) const;
    [[nodiscard]] std::string url(const std::string& mount) const { return url(mount, password_); }
    [[nodiscard]] std::string url(const std::string& mount, const std::string& password) const;
    /// What the server says of its sources: /status-json.xsl.
    [[nodiscard]] std::string status() const;
    /// The seconds until listeners of `mount` can read a title: out of what the server says of it, but for Opus, of
    /// which Icecast 2.4 says nothing, out of the stream they get. 20 when it never comes.
    [[nodiscard]] double seconds_until_title(const std::string& mount, const std::string& format,
                                             const std::string& title) const;
    /// What it logged, and whether it runs.
    [[nodiscard]] std::string log() const;
    [[nodiscard]] int runs() const noexcept { return runs_; }

private:
    std::filesystem::path folder_;
    int port_;
    std::string password_;
    int runs_{0};
    std::unique_ptr<Process> process_;
};

}  // namespace crowdjack::test
