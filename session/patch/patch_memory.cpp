// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/patch_memory.hpp"

#include "session/patch/patch_text.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

void PatchMemory::restore(std::vector<Connection> connections) {
    wanted_ = std::move(connections);
    seen_.clear();
    gone_since_.clear();
    foreign_ = looked_ ? last_links_ : std::set<Link>{};
}

void PatchMemory::forget_seen() noexcept {
    seen_.clear();
    gone_since_.clear();
}

bool PatchMemory::look(const GraphView& graph, Time now) {
    looked_ = true;
    last_links_ = graph.links;
    suite_.insert(graph.suite_clients.begin(), graph.suite_clients.end());
    std::erase_if(foreign_, [&graph](const Link& link) { return !graph.links.contains(link); });
    const bool dropped = drop_unpatched(graph, now);
    return add_new(graph) || dropped;
}

/// A client of the suite that died has no entry any more, even while the server still shows its ports.
bool PatchMemory::is_there(const GraphView& graph, const std::string& port) const {
    const std::string client = client_of(port);
    return graph.port(port) != nullptr && (!suite_.contains(client) || graph.suite_clients.contains(client));
}

bool PatchMemory::drop_unpatched(const GraphView& graph, Time now) {
    bool changed = false;
    for (auto link = seen_.begin(); link != seen_.end();) {
        const bool both_there = is_there(graph, link->source) && is_there(graph, link->sink);
        if (graph.links.contains(*link)) {
            gone_since_.erase(*link);
            ++link;
        } else if (!both_there) {
            gone_since_.erase(*link);
            link = seen_.erase(link);  // away: wanted as before
        } else if (now - gone_since_.try_emplace(*link, now).first->second < decision) {
            ++link;
        } else {
            gone_since_.erase(*link);
            // A line with a star stands for several: those that hold are listed by themselves from now on.
            for (auto line = wanted_.begin(); line != wanted_.end();) {
                const std::set<Link> meant = links_of(*line, graph);
                line = meant.contains(*link) ? wanted_.erase(line) : std::next(line);
            }
            changed = true;
            link = seen_.erase(link);
        }
    }
    return changed;
}

bool PatchMemory::add_new(const GraphView& graph) {
    std::set<Link> covered;
    for (const Connection& connection : wanted_) {
        const std::set<Link> links = links_of(connection, graph);
        covered.insert(links.begin(), links.end());
    }
    bool changed = false;
    for (const Link& link : graph.links) {
        if (covered.contains(link)) {
            foreign_.erase(link);
            seen_.insert(link);
            continue;
        }
        const PortView* const source = graph.port(link.source);
        const PortView* const sink = graph.port(link.sink);
        const bool ours =
            graph.suite_clients.contains(client_of(link.source)) || graph.suite_clients.contains(client_of(link.sink));
        std::string why;
        if (!ours || !is_there(graph, link.source) || !is_there(graph, link.sink) || foreign_.contains(link)) {
            continue;  // (what is left of a client that died has no plain name any more)
        }
        if (auto connection = parse_connection(saved_name(*source) + " -> " + saved_name(*sink), why)) {
            wanted_.push_back(std::move(*connection));
            seen_.insert(link);
            changed = true;
        }
    }
    return changed;
}

}  // namespace crowdjack
