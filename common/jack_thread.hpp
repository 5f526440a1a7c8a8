// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <pthread.h>

namespace crowdjack {

/// Runs `body` on a thread of libjack's: in every callback but those that only touch atomics.
///
/// libjack ends its threads by cancelling them asynchronously, at any instruction, which unwinds their stack. A frame
/// with anything to clean up can only be unwound from a call, anywhere else it is std::terminate; and a lock it holds
/// stays locked. So `body` is not to be cancelled until it is done, and the callback around this call must have
/// nothing to clean up: no guard objects, no captures with destructors. A cancellation that came meanwhile acts in the
/// second pthread_setcancelstate, which is a call.
template <typename Body>
void on_jack_thread(const Body& body) {
    struct Apart {
        // The process callback's lies on the way of every cycle.
        CROWDJACK_EVERY_CYCLE [[gnu::noinline]] static void run(const Body& wanted) noexcept { wanted(); }
    };
    int before{};
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    Apart::run(body);
    pthread_setcancelstate(before, nullptr);
}

/// Makes libjack's own messages events of our log, at level debug. Any thread, before the first client opens.
void route_jack_messages();

}  // namespace crowdjack
