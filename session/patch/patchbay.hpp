// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "session/patch/wanted_graph.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// What the patchbay last saw and did. A value; replaced, never changed.
struct PatchStatus {
    bool connected{};                  ///< a server answers the patchbay
    GraphView graph;                   ///< ports named, links after the last pass
    std::vector<std::string> missing;  ///< listed connections whose ports are not there
    std::vector<std::string> failed;   ///< listed connections that JACK refused
    std::size_t wanted{}, made{};      ///< of the listed connections whose ports are there
    [[nodiscard]] bool complete() const noexcept { return connected && missing.empty() && made == wanted; }
};

/// Keeps the wanted patch, on a thread and with a JACK client of its own: jack_connect() may block for seconds while a
/// client hangs, and that must hold up nobody who has to answer.
///
/// Port and connection events wake it; so does wake(). It outlives the server and comes back with it.
class Patchbay {
public:
    /// @param registering  JACK clients that enter the registry when they are active; before that, JACK would refuse to
    ///                     connect the ports they already have
    /// @param changed  called on `loop` after each pass that saw or did something new
    Patchbay(ControlLoop& loop, std::string server, WantedGraph wanted, std::set<std::string> registering,
             std::function<void()> changed);
    ~Patchbay();
    Patchbay(const Patchbay&) = delete;
    Patchbay& operator=(const Patchbay&) = delete;

    void start();
    /// Is there a server? libjack keeps one connection's state for the whole process: a client of a dead server that is
    /// still open while another opens crashes it. So the patchbay closes its client when told that the server is gone,
    /// and opens one only after the session's own client is back.
    void server_is(bool there);
    /// Looks again: the registry changed, or a client is about to come.
    void wake();
    /// Ends the thread; one that is stuck inside JACK is left behind after `deadline`.
    void stop(std::chrono::milliseconds deadline);

    /// The latest status. Any thread.
    [[nodiscard]] std::shared_ptr<const PatchStatus> status() const;

    /// Replaces what is wanted from now on.
    void want(WantedGraph wanted);
    /// The same, but what was made once counts as made.
    void relist(std::vector<Connection> connections, const GraphView& graph);

    /// Clients whose connections `exact` leaves alone though they touch the suite's ports, e.g. a test tone.
    static constexpr const char* exempt_prefix = "crowdjack-tone";

private:
    struct Worker;
    std::shared_ptr<Worker> worker_;
};

/// Everything a JACK client sees of the graph, ports named after the registry of `server`. May block.
[[nodiscard]] GraphView look_at_graph(struct _jack_client* client, const std::string& server);

}  // namespace crowdjack
