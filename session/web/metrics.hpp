// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/status/snapshot.hpp"
#include "session/web/health.hpp"
#include "session/web/http_server.hpp"

#include <cstdint>
#include <string>

namespace crowdjack::web {

/// The suite in Prometheus' text format (version 0.0.4): names by its conventions, units in them, labels escaped.
[[nodiscard]] std::string metrics_text(const SuiteSnapshot& snapshot, const Disk& disk,
                                       const HttpServer::Counters& server, std::uint64_t wrong_tokens);

}  // namespace crowdjack::web
