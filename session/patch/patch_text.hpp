// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/patch/wanted_graph.hpp"

#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// All links that `connection` names among the ports that are there, made or not.
[[nodiscard]] std::set<Link> links_of(const Connection& connection, const GraphView& graph);

/// The name under which `port` is saved: as listed_name(), and for a card that has a name of its own
/// `system:playback_1 @ Built-in Audio:playback_FL`, so that another card in its place is not taken for it.
[[nodiscard]] std::string saved_name(const PortView& port);

/// What `[patch] connect` must say for the patch as it is now: listed lines that still hold (or whose ports are not
/// there) stay as they were written, what was unpatched by hand goes, what was patched by hand is added.
/// @param graph  with its ports named (name_ports); only links with a port of `graph.suite_clients` belong to the
/// session
[[nodiscard]] std::vector<std::string> present_patch(const std::vector<Connection>& listed, const GraphView& graph);

/// The session file's text with its `[patch] connect` list replaced, everything else untouched; the list, or the whole
/// section, is added at the end when missing.
/// @throws UsageError when `text` is no TOML
[[nodiscard]] std::string with_patch(const std::string& text, const std::vector<std::string>& connections);

}  // namespace crowdjack
