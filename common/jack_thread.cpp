// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_thread.hpp"

#include "common/log.hpp"

#include <jack/jack.h>

namespace crowdjack {

void route_jack_messages() {
    // Built only when wanted: libjack complains on its audio thread, too.
    jack_set_error_function([](const char* text) {
        if (log_wants(LogLevel::debug)) {
            on_jack_thread([text] { log_event(LogLevel::debug, "jack-error", {{"text", text}}); });
        }
    });
    jack_set_info_function([](const char* text) {
        if (log_wants(LogLevel::debug)) {
            on_jack_thread([text] { log_event(LogLevel::debug, "jack-info", {{"text", text}}); });
        }
    });
}

}  // namespace crowdjack
