// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/patch_text.hpp"

#include "common/error.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <set>

namespace crowdjack {

namespace {

/// As a TOML basic string.
std::string quoted(const std::string& text) {
    std::string result{"\""};
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + "\"";
}

/// Byte offset of a TOML position; columns count characters, not bytes.
std::size_t offset_of(const std::string& text, const toml::source_position& position) {
    std::size_t at = 0;
    for (toml::source_index line = 1; line < position.line; ++line) {
        at = text.find('\n', at) + 1;
    }
    for (toml::source_index column = 1; column < position.column; ++column) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
            ++at;
        }
    }
    return at;
}

std::string list_text(const std::vector<std::string>& connections) {
    std::string list{"["};
    for (const std::string& connection : connections) {
        list += "\n  " + quoted(connection) + ",";
    }
    return list + (connections.empty() ? "]" : "\n]");
}

/// A line that names cards by their place, as it is to be saved: with the cards' own names, so that one card away does
/// not patch another. A line with a star stays as it was written.
std::string with_own_names(const Connection& connection, const std::set<Link>& links, const GraphView& graph) {
    if (links.size() != 1 || connection.source.has_star()) {
        return connection.text();
    }
    const auto side = [&graph](const PortPattern& pattern, const std::string& port) {
        const PortView& view = *graph.port(port);
        return pattern.client() == "system" ? saved_name(view) : pattern.text();
    };
    return side(connection.source, links.begin()->source) + " -> " + side(connection.sink, links.begin()->sink);
}

}  // namespace

std::set<Link> links_of(const Connection& connection, const GraphView& graph) {
    GraphView unpatched = graph;
    unpatched.links.clear();
    const PatchPlan plan = WantedGraph{{connection}, Keep::wanted}.plan(unpatched);
    return {plan.connect.begin(), plan.connect.end()};
}

std::string saved_name(const PortView& port) {
    const std::string listed = listed_name(port);
    const bool own_name = port.physical && !port.midi && client_of(port.name) != "system";
    return own_name ? listed + " @ " + port.name : listed;
}

std::vector<std::string> present_patch(const std::vector<Connection>& listed, const GraphView& graph) {
    std::vector<std::string> lines;
    std::set<Link> covered;
    for (const Connection& connection : listed) {
        const std::set<Link> links = links_of(connection, graph);
        const bool holds =
            std::all_of(links.begin(), links.end(), [&graph](const Link& link) { return graph.links.contains(link); });
        if (holds) {
            lines.push_back(with_own_names(connection, links, graph));
            covered.insert(links.begin(), links.end());
        }
    }
    for (const Link& link : graph.links) {
        const PortView* source = graph.port(link.source);
        const PortView* sink = graph.port(link.sink);
        const bool ours =
            graph.suite_clients.contains(client_of(link.source)) || graph.suite_clients.contains(client_of(link.sink));
        if (ours && source != nullptr && sink != nullptr && !covered.contains(link)) {
            lines.push_back(saved_name(*source) + " -> " + saved_name(*sink));
        }
    }
    return lines;
}

std::string with_patch(const std::string& text, const std::vector<std::string>& connections) {
    toml::table root;
    try {
        root = toml::parse(text);
    } catch (const toml::parse_error& error) {
        throw UsageError{"line " + std::to_string(error.source().begin.line) +
                         ": this is no TOML: " + std::string{error.description()}};
    }
    const std::string list = list_text(connections);
    std::string result = text;
    const toml::table* patch = root["patch"].as_table();
    if (patch == nullptr) {
        const bool ends_line = text.empty() || text.back() == '\n';
        return result + (ends_line ? "" : "\n") + "\n[patch]\nconnect = " + list + "\n";
    }
    if (const toml::node* old = patch->get("connect")) {
        const std::size_t begin = offset_of(text, old->source().begin);
        const std::size_t end = offset_of(text, old->source().end);
        return result.replace(begin, end - begin, list);
    }
    if (patch->is_inline()) {
        const std::size_t brace = offset_of(text, patch->source().begin);
        return result.insert(brace + 1, " connect = " + list + (patch->empty() ? " " : ","));
    }
    // Right below its header (or below the first of its dotted keys).
    const std::size_t begin = offset_of(text, patch->source().begin);
    const std::size_t line_begin = text.rfind('\n', begin) + 1;
    const bool has_header = text.find_first_not_of(" \t", line_begin) == text.find('[', line_begin);
    const std::size_t line_end = std::min(text.find('\n', begin), text.size());
    return result.insert(line_end, std::string{has_header ? "\nconnect = " : "\npatch.connect = "} + list);
}

}  // namespace crowdjack
