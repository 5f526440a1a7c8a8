// SPDX-License-Identifier: GPL-3.0-or-later
// Listens to the mixer's master and prints a line whenever a channel falls silent or sounds again, with the time of the
// monotonic clock: `SECONDS LEFT RIGHT`, 1 for sound. It ends when the server does, or when nothing comes of it.
//
// usage: silence_witness SERVER
#include "common/message_queue.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/jack_server.hpp"

#include <jack/jack.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_now() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }

/// Longer than the machine's hiccups, shorter than what is worth an explanation.
constexpr double standstill = 0.25;

struct Change {
    double at;
    bool left, right;
};

struct Ears {
    std::array<jack_port_t*, 2> ports{};
    crowdjack::MessageQueue<Change, 1024> changes;  ///< pushed by audio
    Change last{};                                  ///< audio thread only
    std::atomic<double> cycle{0.0};                 ///< seconds; written by audio (relaxed), read by main (relaxed)
    std::atomic<bool> over{false};                  ///< the server is gone; written by JACK's threads (relaxed)
};

bool sounds(jack_port_t* port, jack_nframes_t frames) {
    const auto* samples = static_cast<const float*>(jack_port_get_buffer(port, frames));
    return std::any_of(samples, samples + frames, [](float sample) { return sample != 0.0F; });
}

int listen(jack_nframes_t frames, void* argument) {
    auto& ears = *static_cast<Ears*>(argument);
    const Change now{seconds_now(), sounds(ears.ports[0], frames), sounds(ears.ports[1], frames)};
    const double before = ears.cycle.load(std::memory_order_relaxed);
    if (ears.last.left != now.left || ears.last.right != now.right || now.at - before > standstill) {
        ears.last = now;
        (void)ears.changes.push(now);
    }
    ears.cycle.store(now.at, std::memory_order_relaxed);
    return 0;
}

void print(const Change& change) {
    std::printf("%.4f %d %d\n", change.at, change.left ? 1 : 0, change.right ? 1 : 0);
    std::fflush(stdout);
}

void stay_patched(jack_client_t* client, const Ears& ears) {
    const std::array<const char*, 2> masters{"mixer-bus:master_l", "mixer-bus:master_r"};
    for (std::size_t i = 0; i < masters.size(); ++i) {
        if (jack_port_by_name(client, masters[i]) != nullptr &&
            jack_port_connected_to(ears.ports[i], masters[i]) == 0) {
            (void)jack_connect(client, masters[i], jack_port_name(ears.ports[i]));
        }
    }
}

/// Until the server is gone or stands still for good.
void watch(jack_client_t* client, Ears& ears) {
    bool standing = false;
    const double begin = seconds_now();
    while (!ears.over.load(std::memory_order_relaxed)) {
        (void)crowdjack::test::eventually([&] { return ears.over.load(std::memory_order_relaxed); },
                                          crowdjack::test::Deadline{20});
        for (Change change{}; ears.changes.pop(change);) {
            print(change);
            standing = false;
        }
        const double cycle = std::max(begin, ears.cycle.load(std::memory_order_relaxed));
        const double still = seconds_now() - cycle;
        if (still > standstill && !standing) {
            print({cycle, false, false});
            standing = true;
        }
        if (still > 10.0) {
            return;
        }
        stay_patched(client, ears);
    }
    print({seconds_now(), false, false});
}

}  // namespace

int main(int argc, char** argv) {
    static Ears ears;
    try {
        jack_client_t* client = crowdjack::test::open_client(argc > 1 ? argv[1] : "default", "silence-witness");
        for (std::size_t i = 0; i < ears.ports.size(); ++i) {
            ears.ports[i] =
                jack_port_register(client, i == 0 ? "left" : "right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        }
        jack_on_shutdown(
            client, [](void* argument) { static_cast<Ears*>(argument)->over.store(true, std::memory_order_relaxed); },
            &ears);
        jack_set_process_callback(client, listen, &ears);
        if (jack_activate(client) != 0) {
            return 1;
        }
        watch(client, ears);
    } catch (const std::exception&) {
        return 1;  // no server: whoever started it tries again
    }
    ::_exit(0);  // the server is gone: there is nobody to take leave of
}
