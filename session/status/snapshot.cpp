// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace crowdjack {

const ClientStatus* SuiteSnapshot::client(const std::string& name) const {
    const auto found = std::find_if(clients.begin(), clients.end(), [&](const auto& c) { return c.name == name; });
    return found == clients.end() ? nullptr : &*found;
}

PatchHealth read_session_state(const NamedValues& values) {
    constexpr std::string_view client = "client ";
    constexpr std::string_view starts = "starts ";
    PatchHealth patch;
    patch.running = named_text(values, "running") == "true";
    patch.rate = named_number(values, "rate").value_or(0.0);
    patch.period = named_number(values, "period").value_or(0.0);
    patch.complete = named_text(values, "patch") == "complete";
    patch.wanted = static_cast<int>(named_number(values, "wanted").value_or(0.0));
    patch.silent = named_text(values, "silent") == "true";
    patch.fallback = named_text(values, "fallback") == "true";
    patch.setlist = named_text(values, "setlist").value_or("");
    patch.made = static_cast<int>(named_number(values, "made").value_or(0.0));
    for (const auto& [name, value] : values) {
        if (name == "missing") {
            patch.missing.push_back(value);
        } else if (name == "failed") {
            patch.failed.push_back(value);
        } else if (name.starts_with(client)) {
            patch.phases[name.substr(client.size())] = value;
        } else if (name.starts_with(starts)) {
            patch.starts[name.substr(starts.size())] = std::atoi(value.c_str());
        }
    }
    return patch;
}

std::optional<double> health_number(const NamedValues& health, std::string_view beginning) {
    const auto found = std::find_if(health.begin(), health.end(),
                                    [beginning](const auto& value) { return value.first.starts_with(beginning); });
    return found == health.end() ? std::nullopt : named_number(health, found->first);
}

void read_load(const NamedValues& health, ClientStatus& client) {
    const auto budget = health_number(health, "budget");
    const auto mean = health_number(health, "mean");
    const auto worst = health_number(health, "worst");
    client.load.reset();
    client.worst_load.reset();
    if (budget && *budget > 0.0) {
        client.load = mean ? std::optional{*mean / *budget} : std::nullopt;
        client.worst_load = worst ? std::optional{*worst / *budget} : std::nullopt;
    }
}

std::string minutes_text(double seconds) {
    const auto whole = static_cast<long>(std::max(0.0, std::floor(seconds)));
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
    return text.data();
}

}  // namespace crowdjack
