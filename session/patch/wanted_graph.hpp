// SPDX-License-Identifier: GPL-3.0-or-later
// What the patch should be, what it is, and the steps from one to the other. Pure: looks at a snapshot, touches
// nothing.
#pragma once

#include "session/patch/connection.hpp"

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// A port as JACK shows it.
struct PortView {
    std::string name;  ///< full: deck-A.nXYZW:out_l
    bool output{};
    bool midi{};
    bool physical{};
    std::vector<std::string> aliases;  ///< what else it may be called in a session file; filled by name_ports()
};

/// One made connection, by full port names.
struct Link {
    std::string source, sink;
    friend auto operator<=>(const Link&, const Link&) = default;
};

/// Everything the patch depends on, at one moment. Ports in the server's order.
struct GraphView {
    std::vector<PortView> ports;
    std::set<Link> links;
    std::set<std::string> suite_clients;  ///< JACK client names that belong to the suite: `exact` may unpatch these

    [[nodiscard]] const PortView* port(const std::string& name) const;
};

/// Gives every port its other names: its client's plain name (from the registry; else an NSM suffix .nXXXX is dropped
/// where no client has the plain name) and `system:playback_N` / `system:capture_N` for the N-th physical audio input /
/// output.
/// @param plain_names  JACK client name → plain name
void name_ports(GraphView& graph, const std::map<std::string, std::string>& plain_names);

/// The client part of a full port name.
[[nodiscard]] std::string client_of(const std::string& port);

/// The name that `port` has in a session file: system:playback_N for a physical one, the plain client name otherwise.
[[nodiscard]] std::string listed_name(const PortView& port);

/// The steps that lead from what is to what is wanted.
struct PatchPlan {
    std::vector<Link> connect;  ///< downstream first, so that audio is never sent into nothing
    std::vector<Link> disconnect;
    std::vector<std::string> missing;  ///< listed connections with a port that does not exist (yet), as text
    std::size_t wanted{};              ///< listed connections whose ports both exist

    [[nodiscard]] bool complete() const noexcept { return connect.empty() && disconnect.empty() && missing.empty(); }
};

/// Keeps the listed connections. One per session: `once` remembers what was made.
class WantedGraph {
public:
    WantedGraph() = default;
    WantedGraph(std::vector<Connection> connections, Keep keep) : connections_{std::move(connections)}, keep_{keep} {}

    [[nodiscard]] PatchPlan plan(const GraphView& graph);

    /// Lists other connections from now on; what `once` has made stays made, and what somebody else made counts as
    /// such.
    /// @param graph  as it was when they were listed
    void relist(std::vector<Connection> connections, const GraphView& graph);

    /// The server went away, and with it everything that was made.
    void forget_made() noexcept { made_.clear(); }

    /// The listed connections of one client that are not made, as text; empty: its listed connections exist.
    /// @param client  plain name
    [[nodiscard]] std::vector<std::string> unmade_of(const GraphView& graph, const std::string& client) const;

    /// How far each of `clients` (plain names) is from the end of the signal path: 0 for those that feed nobody listed.
    /// Starting and patching go from 0 upward.
    [[nodiscard]] std::map<std::string, int> depths(const std::vector<std::string>& clients) const;

    [[nodiscard]] const std::vector<Connection>& connections() const noexcept { return connections_; }

private:
    /// All pairs of existing ports that one listed connection names; what lacks a port goes to `missing`.
    static std::vector<Link> expand(const Connection& connection, const GraphView& graph,
                                    std::vector<std::string>* missing);

    std::vector<Connection> connections_;
    Keep keep_{Keep::wanted};
    std::set<Link> made_;  ///< for `once`
};

}  // namespace crowdjack
