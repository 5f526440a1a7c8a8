// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/patch/wanted_graph.hpp"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// The patch of a session without a file (NSM): what the user has patched is wanted from then on, until the user
/// unpatches it. Clients that come and go change nothing. Pure: looks at snapshots.
class PatchMemory {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// A project was opened: this is wanted. What is patched and not listed, if something was seen before, belongs to
    /// another project.
    void restore(std::vector<Connection> connections);

    /// The server went away: what is not there when it is back was unpatched by nobody.
    void forget_seen() noexcept;

    /// @returns whether the user patched or unpatched something
    bool look(const GraphView& graph, Time now);

    /// Something was unpatched just now, or went away: look again in a moment to tell which.
    [[nodiscard]] bool undecided() const noexcept { return !gone_since_.empty(); }

    [[nodiscard]] const std::vector<Connection>& wanted() const noexcept { return wanted_; }

    /// What is missing for as long, while both its ports are there, was unpatched: a client that ends takes its ports
    /// with it sooner.
    static constexpr std::chrono::milliseconds decision{300};

private:
    bool add_new(const GraphView& graph);
    bool drop_unpatched(const GraphView& graph, Time now);
    [[nodiscard]] bool is_there(const GraphView& graph, const std::string& port) const;

    std::vector<Connection> wanted_;
    std::set<Link> seen_;          ///< made, of what is wanted
    std::set<Link> foreign_;       ///< of an earlier project: not wanted as long as they last
    std::set<std::string> suite_;  ///< JACK clients that ever were the suite's
    std::map<Link, Time> gone_since_;
    bool looked_{false};
    std::set<Link> last_links_;
};

}  // namespace crowdjack
