// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/jack_server.hpp"

#include <jack/jack.h>
#include <jack/midiport.h>
#include <jack/transport.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace crowdjack::test {

/// A JACK client that hears MIDI, message by message with its frame, and looks at the transport in every cycle.
class Ear {
public:
    struct Heard {
        std::uint32_t frame;
        std::array<std::uint8_t, 3> bytes;
    };
    struct Look {
        std::uint32_t frame;  ///< of the cycle
        jack_transport_state_t state;
        jack_position_t position;
    };

    explicit Ear(const std::string& server, const std::string& name = "ear")
        : heard_(100'000), looks_(100'000), client_{open_client(server, name)} {
        port_ = jack_port_register(client_, "in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
        jack_set_process_callback(client_, &Ear::process, this);
        jack_set_xrun_callback(client_, &Ear::xrun, this);
        if (port_ == nullptr || jack_activate(client_) != 0) {
            throw std::runtime_error{"the ear can't be activated"};
        }
    }
    ~Ear() { close_client(client_); }
    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;

    [[nodiscard]] jack_client_t* client() const noexcept { return client_; }
    [[nodiscard]] std::size_t heard_count() const noexcept { return heard_count_.load(std::memory_order_acquire); }
    [[nodiscard]] std::size_t look_count() const noexcept { return look_count_.load(std::memory_order_acquire); }
    [[nodiscard]] const Heard& heard(std::size_t i) const { return heard_.at(i); }
    [[nodiscard]] const Look& look(std::size_t i) const { return looks_.at(i); }
    /// Cycles that somebody on this machine missed.
    [[nodiscard]] std::size_t xruns() const noexcept { return xruns_.load(std::memory_order_relaxed); }
    /// How many messages with that status byte came since message `from`.
    [[nodiscard]] std::size_t count_of(std::uint8_t status, std::size_t from = 0) const {
        std::size_t count = 0;
        for (std::size_t i = from; i < heard_count(); ++i) {
            count += heard_[i].bytes[0] == status ? 1U : 0U;
        }
        return count;
    }

private:
    static int process(jack_nframes_t frames, void* self) {
        static_cast<Ear*>(self)->listen(frames);
        return 0;
    }

    static int xrun(void* self) {
        static_cast<Ear*>(self)->xruns_.fetch_add(1, std::memory_order_relaxed);
        return 0;
    }

    void listen(jack_nframes_t frames) {
        const auto now = jack_last_frame_time(client_);
        void* const buffer = jack_port_get_buffer(port_, frames);
        for (std::uint32_t i = 0; i < jack_midi_get_event_count(buffer); ++i) {
            jack_midi_event_t event;
            const auto count = heard_count_.load(std::memory_order_relaxed);
            if (jack_midi_event_get(&event, buffer, i) != 0 || count == heard_.size()) {
                continue;
            }
            auto& heard = heard_[count];
            heard = {now + event.time, {}};
            for (std::size_t byte = 0; byte < event.size && byte < heard.bytes.size(); ++byte) {
                heard.bytes[byte] = event.buffer[byte];
            }
            heard_count_.store(count + 1, std::memory_order_release);
        }
        const auto looked = look_count_.load(std::memory_order_relaxed);
        if (looked < looks_.size()) {
            looks_[looked].frame = now;
            looks_[looked].state = jack_transport_query(client_, &looks_[looked].position);
            look_count_.store(looked + 1, std::memory_order_release);
        }
    }

    std::vector<Heard> heard_;
    std::vector<Look> looks_;
    std::atomic<std::size_t> heard_count_{0}, look_count_{0};  ///< by audio (release), read by tests (acquire)
    std::atomic<std::size_t> xruns_{0};                        ///< by JACK's notification thread (relaxed)
    jack_client_t* client_;
    jack_port_t* port_{nullptr};
};

}  // namespace crowdjack::test
