// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_closing.hpp"

#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto calm = std::chrono::milliseconds{20};
constexpr auto longest_wait = std::chrono::seconds{1};

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

void JackClosing::watch(jack_client_t* client) {
    last_change_ns_.store(now_ns(), std::memory_order_relaxed);
    jack_set_client_registration_callback(
        client,
        [](const char*, int, void* self) {
            static_cast<JackClosing*>(self)->last_change_ns_.store(now_ns(), std::memory_order_relaxed);
        },
        this);
}

void JackClosing::watch_ports(jack_client_t* client) {
    jack_set_port_registration_callback(
        client, [](jack_port_id_t, int, void* self) { static_cast<JackClosing*>(self)->notice_change(); }, this);
}

void JackClosing::watch_connections(jack_client_t* client) {
    jack_set_port_connect_callback(
        client,
        [](jack_port_id_t, jack_port_id_t, int, void* self) { static_cast<JackClosing*>(self)->notice_change(); },
        this);
}

void JackClosing::notice_change() noexcept { last_change_ns_.store(now_ns(), std::memory_order_relaxed); }

bool JackClosing::close(jack_client_t* client, std::chrono::milliseconds deadline) const {
    const auto calm_ns = std::chrono::nanoseconds{calm}.count();
    for (const auto begin = Clock::now(); Clock::now() - begin < longest_wait;) {
        const std::int64_t left = last_change_ns_.load(std::memory_order_relaxed) + calm_ns - now_ns();
        if (left <= 0) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::nanoseconds{left});
    }
    std::promise<void> closed;
    const auto done = closed.get_future();
    std::thread{[client, closed = std::move(closed)]() mutable {
        jack_client_close(client);
        closed.set_value();
    }}.detach();
    return done.wait_for(deadline) == std::future_status::ready;
}

}  // namespace crowdjack
