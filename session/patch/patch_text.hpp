// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/patch/wanted_graph.hpp"

#include <string>
#include <vector>

namespace crowdjack {

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
