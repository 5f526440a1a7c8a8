// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_door.hpp"

#include <doctest/doctest.h>

#include <future>
#include <optional>
#include <thread>

using namespace crowdjack;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST_CASE("whoever has its turn at JACK's door does not wait for itself, and lets the next in when it is through") {
    std::optional<JackDoor> turn{std::in_place, milliseconds{1000}};
    { const JackDoor again{hours{24}}; }
    std::promise<void> inside;
    auto other = std::async(std::launch::async, [&] {
        const JackDoor next{hours{24}};
        inside.set_value();
    });
    auto came = inside.get_future();
    CHECK(came.wait_for(milliseconds{50}) == std::future_status::timeout);  // the inner turn's end let nobody in
    turn.reset();
    came.wait();
}
