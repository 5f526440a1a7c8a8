// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/deck_patch.hpp"

#include "common/deck_names.hpp"

#include <array>

namespace crowdjack {

namespace {

bool exists(JackClient& jack, const std::string& port) {
    return jack_port_by_name(jack.raw(), port.c_str()) != nullptr;
}

}  // namespace

std::vector<PortSpec> deck_ports(const std::string& client) {
    const std::string title = "Deck " + deck_short_name(client);
    return {{"out_l", PortDirection::output, PortKind::audio, title + " left"},
            {"out_r", PortDirection::output, PortKind::audio, title + " right"}};
}

void patch_deck(JackClient& jack, const std::string& client) {
    const std::string strip = "mixer-bus:" + deck_short_name(client);
    const std::array<std::string, 2> own{"out_l", "out_r"};
    if (exists(jack, strip + "_l") && exists(jack, strip + "_r")) {
        jack.connect(own[0], strip + "_l");
        jack.connect(own[1], strip + "_r");
        return;
    }
    const char** outputs =
        jack_get_ports(jack.raw(), nullptr, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput | JackPortIsPhysical);
    for (std::size_t i = 0; outputs != nullptr && i < own.size() && outputs[i] != nullptr; ++i) {
        jack.connect(own[i], outputs[i]);
    }
    jack_free(outputs);
}

}  // namespace crowdjack
