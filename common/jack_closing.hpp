// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <jack/jack.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace crowdjack {

/// Closes a JACK client without getting stuck.
///
/// jack_client_close() cancels libjack's notification thread wherever it is. Hits it while another client comes or goes
/// and the thread holds a lock of the library's (fSynchroMutex of jackd2 1.9), that lock is never freed, and this and
/// all later opening and closing in this process hang. So closing waits for a moment in which nobody came or went.
///
/// From that moment on nobody reads what the server tells this client, until the server has taken its farewell. Some
/// thirty messages fill the socket (a mixer that comes or dies has more ports than that), and then jackd stands still
/// for good, for everybody. So all callbacks are taken back first: the server tells only what somebody wants to hear.
/// But for the names of ports: of each of its own that goes with it, it tells the client, too. So the ports are given
/// back before, too, while somebody reads.
class JackClosing {
public:
    /// Starts noticing who comes and goes. Control thread, before jack_activate(); takes the client's registration
    /// callback.
    void watch(jack_client_t* client);
    /// Also notices ports: a client that dies takes its ports with it one by one, which is the longest part of its
    /// going. Takes the client's port registration callback.
    void watch_ports(jack_client_t* client);
    /// For a client whose port registration callback is taken: called from it. JACK's notification thread.
    void notice_port() noexcept;

    /// Waits for calm, at most for a second, gives the ports back, and closes. `client` is gone afterwards in any case.
    /// @returns false when libjack hangs all the same: then a thread stays behind in it, and this process should end
    bool close(jack_client_t* client, std::chrono::milliseconds deadline = std::chrono::milliseconds{1500}) const;

private:
    void wait_for_calm() const;

    std::atomic<std::int64_t> last_change_ns_{0};  ///< written by JACK's notification thread (relaxed)
};

/// What libjack does to the clients of a process when their server dies: the next jack_client_open() of that process
/// deletes all that are still open (jackd2 1.9, JackLibGlobals::Init: "clients are still allocated, cleanup"), though
/// others hold them. So nobody opens before all of them are closed.
/// @{
/// A client was opened. Any thread; close() is its end.
void note_jack_client() noexcept;
/// The server of this process's clients is gone. Any thread, also JACK's.
void note_jack_server_lost() noexcept;
/// Clients of a server that is gone are still open. Any thread.
[[nodiscard]] bool jack_clients_remain() noexcept;
/// @}

}  // namespace crowdjack
