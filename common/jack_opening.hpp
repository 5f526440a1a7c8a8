// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <jack/jack.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace crowdjack {

/// One attempt at jack_client_open() on a thread of its own: it may hang when somebody was killed inside it.
class JackOpening {
public:
    /// @param announce  called on the opening thread when the attempt is over, unless abandoned; may be empty
    static std::shared_ptr<JackOpening> begin(const std::string& server, const std::string& name,
                                              std::function<void()> announce);

    /// False when the attempt is not over by then; it is abandoned, and what it may still open is closed.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point deadline);

    /// The client, now the caller's; null when the attempt failed. Once it is over.
    [[nodiscard]] jack_client_t* take();
    /// Once it is over: what JACK said of it, and whether that came from a server (that refused) at all.
    /// @{
    [[nodiscard]] jack_status_t status();
    [[nodiscard]] bool server_answered();
    /// @}

    void abandon();

    /// Attempts of this process that are still inside libjack, abandoned ones too: those that hang.
    [[nodiscard]] static std::size_t under_way() noexcept;

private:
    void finish(jack_client_t* client, jack_status_t status, const std::function<void()>& announce);

    std::mutex mutex_;  ///< guards all below
    std::condition_variable finished_;
    bool done_{false};
    bool abandoned_{false};  ///< nobody waits any more: close what comes
    jack_client_t* client_{nullptr};
    jack_status_t status_{};
};

/// Why an attempt that is over failed, in words, with what to do. Asks the server whether the name is taken, which
/// takes a moment.
[[nodiscard]] std::string why_not_opened(JackOpening& opening, const std::string& server, const std::string& name);

}  // namespace crowdjack
