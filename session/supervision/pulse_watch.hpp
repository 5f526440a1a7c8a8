// SPDX-License-Identifier: GPL-3.0-or-later
// Which client hangs? Pure: fed with pulses, answers with names.
#pragma once

#include "session/supervision/restart_policy.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace crowdjack {

/// What is seen of the whole server at one moment.
struct ServerSample {
    SessionTime now{};
    std::uint64_t cycles{};  ///< our own pulse: nobody's neighbour in the graph, so it beats while the server does
    bool freewheeling{};     ///< then a cycle may take as long as it likes
    SessionTime beat{};      ///< when our last cycle began; 0: not known
};

/// What is seen of one watched client.
struct PulseSample {
    std::string client;
    std::uint64_t pulse{};
    std::vector<std::string> upstream;  ///< the clients that feed it, directly (JACK client's plain names)
    SessionTime beat{};                 ///< when its last cycle began; 0: not known
};

/// Finds the clients whose audio thread stands still while the server runs.
///
/// One that hangs silences all that it feeds, so theirs stand still, too: only a still client without a still client
/// upstream is to blame. Time during which the server itself stands (an overload, a debugger, a restart) does not
/// count.
class PulseWatch {
public:
    static constexpr SessionTime still_for{200};

    /// @returns the clients to blame, each once per standstill
    [[nodiscard]] std::vector<std::string> look(const ServerSample& server, const std::vector<PulseSample>& clients);

    /// Somebody that beat before stands still, though not yet for long enough: look again soon.
    [[nodiscard]] bool uneasy() const;

    /// That client is gone. Whoever it silenced has from now on to come round before being blamed in its place.
    void forget(const std::string& client);
    void forget_all() { watched_.clear(); }

private:
    struct Watched {
        std::uint64_t pulse{};
        SessionTime still{};   ///< for how long, in time during which the server ran
        SessionTime before{};  ///< how long before the last look its last beat was
        bool beating{};        ///< it beat at least once: before that it is only starting
        bool blamed{};
    };

    std::map<std::string, Watched> watched_;
    std::uint64_t last_cycles_{};
    SessionTime last_look_{-1};
};

}  // namespace crowdjack
