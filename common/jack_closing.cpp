// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_closing.hpp"

#include "common/jack_door.hpp"

#include <csignal>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto calm = std::chrono::milliseconds{20};
constexpr auto longest_wait = std::chrono::seconds{1};
constexpr auto breath = std::chrono::microseconds{300};

std::atomic<bool> stuck{false};  ///< written by whoever closes, read by anybody (relaxed)

std::atomic<int> open_clients{0};         ///< of this process; written by whoever opens or closes (seq_cst)
std::atomic<bool> server_is_lost{false};  ///< until they are closed; written by JACK's threads and who closes (seq_cst)

void forget_client() noexcept {
    int before = open_clients.load();
    while (before > 0 && !open_clients.compare_exchange_weak(before, before - 1)) {
    }
    if (before <= 1) {
        server_is_lost.store(false);
    }
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

using Progress = std::atomic<int>;

/// On a thread that is left behind when it gets stuck: no step for as long as `patience`. @returns whether it was done
template <typename Action>
bool done_unless_stuck(std::chrono::milliseconds patience, Action action) {
    const auto steps = std::make_shared<Progress>(0);
    std::promise<void> promise;
    const auto done = promise.get_future();
    std::thread{[action, steps, promise = std::move(promise)]() mutable {
        sigset_t broken_pipe;  // of a server that is gone, whoever asks us to close
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        action(*steps);
        promise.set_value();
    }}.detach();
    int seen = -1;
    while (done.wait_for(patience) != std::future_status::ready) {
        if (const int now = steps->load(std::memory_order_relaxed); std::exchange(seen, now) == now) {
            return false;
        }
    }
    return true;
}

/// Of a client that is not active.
void hear_nothing(jack_client_t* client) {
    jack_set_client_registration_callback(client, nullptr, nullptr);
    jack_set_port_registration_callback(client, nullptr, nullptr);
    jack_set_port_connect_callback(client, nullptr, nullptr);
    jack_set_graph_order_callback(client, nullptr, nullptr);
    jack_set_xrun_callback(client, nullptr, nullptr);
    jack_set_latency_callback(client, nullptr, nullptr);
}

/// While the server is still listened to: what it tells of each port's names that go, it tells this client, too.
void give_ports_back(jack_client_t* client, Progress& steps) {
    if (jack_deactivate(client) != 0) {  // an active one keeps its callbacks
        return;                          // no server any more
    }
    hear_nothing(client);
    const char** const names = jack_get_ports(client, nullptr, nullptr, 0);
    for (const char** name = names; name != nullptr && *name != nullptr; ++name) {
        jack_port_t* const port = jack_port_by_name(client, *name);
        if (port != nullptr && jack_port_is_mine(client, port) != 0) {
            jack_port_unregister(client, port);
            std::this_thread::sleep_for(breath);  // for everybody who is told of it
            steps.fetch_add(1, std::memory_order_relaxed);
        }
    }
    jack_free(static_cast<void*>(names));
    std::this_thread::sleep_for(calm);
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
        client, [](jack_port_id_t, int, void* self) { static_cast<JackClosing*>(self)->notice_port(); }, this);
}

void JackClosing::notice_port() noexcept { last_change_ns_.store(now_ns(), std::memory_order_relaxed); }

void JackClosing::wait_for_calm() const {
    const auto calm_ns = std::chrono::nanoseconds{calm}.count();
    for (const auto begin = Clock::now(); Clock::now() - begin < longest_wait;) {
        const std::int64_t left = last_change_ns_.load(std::memory_order_relaxed) + calm_ns - now_ns();
        if (left <= 0) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::nanoseconds{left});
    }
}

void note_jack_client() noexcept {
    if (open_clients.fetch_add(1) == 0) {
        server_is_lost.store(false);
    }
}

void note_jack_server_lost() noexcept { server_is_lost.store(true); }

bool jack_clients_remain() noexcept { return server_is_lost.load() && open_clients.load() > 0; }

bool jack_is_stuck() noexcept { return stuck.load(std::memory_order_relaxed); }

bool JackClosing::close(jack_client_t* client, std::chrono::milliseconds deadline) const {
    const JackDoor turn{longest_wait};
    wait_for_calm();
    bool closed = done_unless_stuck(deadline, [client](Progress& steps) { give_ports_back(client, steps); });
    if (closed) {
        closed = done_unless_stuck(deadline, [client](Progress& /*steps*/) { jack_client_close(client); });
    }
    if (!closed) {
        stuck.store(true, std::memory_order_relaxed);
    }
    forget_client();
    return closed;
}

}  // namespace crowdjack
