// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/spare_deck.hpp"

namespace crowdjack {

namespace {

bool is_busy(const std::string& state) { return state == "playing" || state == "waiting" || state == "cued"; }

}  // namespace

std::string strip_of_deck(const std::string& deck, const std::vector<Connection>& connections) {
    for (const Connection& connection : connections) {
        if (connection.source.client() != deck) {
            continue;
        }
        const std::string sink = connection.sink.text();
        const std::size_t colon = sink.find(':');
        const std::size_t end = sink.rfind('_');
        if (end != std::string::npos && end > colon) {
            return sink.substr(colon + 1, end - colon - 1);
        }
    }
    return deck.substr(deck.find('-') + 1);
}

std::string spare_deck(const std::map<std::string, std::string>& states) {
    const auto last = [&states](auto fits) {
        std::string found;
        for (const auto& [deck, state] : states) {
            found = fits(state) ? deck : found;
        }
        return found;
    };
    const std::string free = last([](const std::string& state) { return state == "empty" || state == "failed"; });
    return free.empty() ? last([](const std::string& state) { return !state.empty() && !is_busy(state); }) : free;
}

}  // namespace crowdjack
