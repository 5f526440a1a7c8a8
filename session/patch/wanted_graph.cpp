// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/wanted_graph.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace crowdjack {

namespace {

/// deck-A for deck-A.nXYZW, "" for a name without an NSM suffix.
std::string without_nsm_suffix(const std::string& client) {
    const std::size_t dot = client.size() >= 6 ? client.size() - 6 : std::string::npos;
    if (dot == std::string::npos || client[dot] != '.' || client[dot + 1] != 'n') {
        return {};
    }
    const bool capitals = std::all_of(client.begin() + static_cast<std::ptrdiff_t>(dot) + 2, client.end(),
                                      [](unsigned char c) { return std::isupper(c) != 0; });
    return capitals ? client.substr(0, dot) : std::string{};
}

std::vector<std::string> names_of(const PortView& port) {
    std::vector<std::string> names{port.name};
    names.insert(names.end(), port.aliases.begin(), port.aliases.end());
    return names;
}

/// What the star of `pattern` stands for in any of the port's names.
std::optional<std::string> match_any(const PortPattern& pattern, const PortView& port) {
    for (const std::string& name : names_of(port)) {
        if (auto star = pattern.match(name)) {
            return star;
        }
    }
    return std::nullopt;
}

const PortView* find_named(const GraphView& graph, const std::string& name, bool output) {
    const auto found = std::find_if(graph.ports.begin(), graph.ports.end(), [&](const PortView& port) {
        if (port.output != output) {
            return false;
        }
        const auto names = names_of(port);
        return std::find(names.begin(), names.end(), name) != names.end();
    });
    return found == graph.ports.end() ? nullptr : &*found;
}

}  // namespace

std::string client_of(const std::string& port) { return port.substr(0, port.find(':')); }

const PortView* GraphView::port(const std::string& name) const {
    const auto found = std::find_if(ports.begin(), ports.end(), [&](const auto& one) { return one.name == name; });
    return found == ports.end() ? nullptr : &*found;
}

void name_ports(GraphView& graph, const std::map<std::string, std::string>& plain_names) {
    std::set<std::string> clients;
    for (const PortView& port : graph.ports) {
        clients.insert(client_of(port.name));
    }
    int playback = 0;
    int capture = 0;
    for (PortView& port : graph.ports) {
        const std::string client = client_of(port.name);
        const std::string short_name = port.name.substr(client.size());
        if (const auto plain = plain_names.find(client); plain != plain_names.end()) {
            port.aliases.push_back(plain->second + short_name);
        } else if (const std::string bare = without_nsm_suffix(client); !bare.empty() && !clients.contains(bare)) {
            port.aliases.push_back(bare + short_name);
        }
        if (port.physical && !port.midi) {
            port.aliases.push_back(port.output ? "system:capture_" + std::to_string(++capture)
                                               : "system:playback_" + std::to_string(++playback));
        }
    }
}

std::string listed_name(const PortView& port) { return port.aliases.empty() ? port.name : port.aliases.back(); }

std::vector<Link> WantedGraph::expand(const Connection& connection, const GraphView& graph,
                                      std::vector<std::string>* missing) {
    std::vector<Link> links;
    std::set<std::string> lacking;
    bool any = false;
    for (const PortView& port : graph.ports) {
        const PortPattern& here = port.output ? connection.source : connection.sink;
        const PortPattern& there = port.output ? connection.sink : connection.source;
        const auto star = match_any(here, port);
        if (!star) {
            continue;
        }
        any = true;
        const PortView* other = find_named(graph, there.with(*star), !port.output);
        if (other == nullptr || other->midi != port.midi) {
            // Said from the source's side only: a mixer input that nobody feeds is not a fault of a wildcard.
            if (port.output || !connection.source.has_star()) {
                lacking.insert(connection.source.with(*star) + " -> " + connection.sink.with(*star));
            }
        } else if (port.output) {
            links.push_back({port.name, other->name});
        }
    }
    if (!any || (links.empty() && lacking.empty())) {
        lacking.insert(connection.text());
    }
    if (missing != nullptr) {
        missing->insert(missing->end(), lacking.begin(), lacking.end());
    }
    return links;
}

void WantedGraph::relist(std::vector<Connection> connections, const GraphView& graph) {
    connections_ = std::move(connections);
    for (const Connection& connection : connections_) {
        for (Link& link : expand(connection, graph, nullptr)) {
            if (graph.links.contains(link)) {
                made_.insert(std::move(link));
            }
        }
    }
}

PatchPlan WantedGraph::plan(const GraphView& graph) {
    PatchPlan plan;
    std::set<Link> wanted;
    for (const Connection& connection : connections_) {
        for (Link& link : expand(connection, graph, &plan.missing)) {
            wanted.insert(std::move(link));
        }
    }
    plan.wanted = wanted.size();
    std::erase_if(made_, [&graph](const Link& link) {
        return graph.port(link.source) == nullptr || graph.port(link.sink) == nullptr;
    });
    for (const Link& link : wanted) {
        const bool is_made = graph.links.contains(link);
        if (is_made) {
            made_.insert(link);
        } else if (keep_ != Keep::once || !made_.contains(link)) {
            plan.connect.push_back(link);
        }
    }
    if (keep_ == Keep::exact) {
        for (const Link& link : graph.links) {
            const bool of_suite = graph.suite_clients.contains(client_of(link.source)) ||
                                  graph.suite_clients.contains(client_of(link.sink));
            if (of_suite && !wanted.contains(link)) {
                plan.disconnect.push_back(link);
            }
        }
    }
    std::vector<std::string> clients;
    const auto plain = [&graph](const std::string& port) { return client_of(listed_name(*graph.port(port))); };
    for (const Link& link : plan.connect) {
        clients.push_back(plain(link.source));
    }
    const auto depth = depths(clients);
    std::stable_sort(plan.connect.begin(), plan.connect.end(), [&](const Link& a, const Link& b) {
        return depth.at(plain(a.source)) < depth.at(plain(b.source));
    });
    return plan;
}

std::vector<std::string> WantedGraph::unmade_of(const GraphView& graph, const std::string& client) const {
    std::vector<std::string> unmade;
    for (const Connection& connection : connections_) {
        if (!connection.source.may_name(client) && !connection.sink.may_name(client)) {
            continue;
        }
        const auto concerns = [&client](const std::string& source, const std::string& sink) {
            return client_of(source) == client || client_of(sink) == client;
        };
        std::vector<std::string> missing;
        for (const Link& link : expand(connection, graph, &missing)) {
            const std::string source = listed_name(*graph.port(link.source));
            const std::string sink = listed_name(*graph.port(link.sink));
            if (concerns(source, sink) && !graph.links.contains(link)) {
                unmade.push_back(source + " -> " + sink);
            }
        }
        for (const std::string& text : missing) {
            std::string why;
            const auto lacking = parse_connection(text, why);
            if (lacking && (lacking->source.may_name(client) || lacking->sink.may_name(client))) {
                unmade.push_back(text);
            }
        }
    }
    return unmade;
}

std::map<std::string, int> WantedGraph::depths(const std::vector<std::string>& clients) const {
    std::map<std::string, int> depth;
    for (const std::string& client : clients) {
        depth[client] = 0;
    }
    for (const Connection& connection : connections_) {  // clients in between count, too
        for (const PortPattern* side : {&connection.source, &connection.sink}) {
            if (side->client().find('*') == std::string::npos) {
                depth.emplace(side->client(), 0);
            }
        }
    }
    // As many rounds as there are clients settle every path; a feedback loop stops there, too.
    const auto most = static_cast<int>(depth.size());
    for (int round = 0; round < most; ++round) {
        bool changed = false;
        for (const Connection& connection : connections_) {
            for (auto& [source, source_depth] : depth) {
                for (const auto& [sink, sink_depth] : depth) {
                    if (source != sink && source_depth <= sink_depth && sink_depth < most &&
                        connection.source.may_name(source) && connection.sink.may_name(sink)) {
                        source_depth = sink_depth + 1;
                        changed = true;
                    }
                }
            }
        }
        if (!changed) {
            break;
        }
    }
    return depth;
}

}  // namespace crowdjack
