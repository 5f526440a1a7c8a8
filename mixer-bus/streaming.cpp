// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/streaming.hpp"

#include "mixer-bus/icecast_connection.hpp"
#include "mixer-bus/stream_encoder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t buffer_frames = 1024;
constexpr Milliseconds nap{20};
constexpr Milliseconds handshake_patience{5000};
constexpr Milliseconds first_pause{250}, longest_pause{2000};
constexpr Milliseconds farewell{500};
constexpr std::ptrdiff_t full_queue = 64 * 1024;  ///< bytes; beyond, sound waits in the tap, where it is accounted for

}  // namespace

struct Streaming::Shared {
    Shared(std::shared_ptr<Tap> source, Request wanted, Listener told)
        : tap{std::move(source)},
          request{std::move(wanted)},
          reader{tap, request.from},
          listener{std::move(told)},
          buffer(2 * buffer_frames) {}

    const std::shared_ptr<Tap> tap;
    const Request request;
    TapReader reader;  ///< worker only
    std::mutex mutex;
    std::condition_variable changed;
    Listener listener;                 ///< under mutex; emptied when nobody is there to listen
    bool stopping{false};              ///< under mutex
    Clock::time_point told_to_stop{};  ///< under mutex
    Status status;                     ///< under mutex
    std::vector<float> buffer;         ///< worker only
    std::int64_t sent{0};              ///< worker only

    void run();
    void stream();
    IcecastConnection::Progress shake_hands(IcecastConnection& connection);
    bool feed(IcecastConnection& connection, StreamEncoder& encoder);
    bool send_some(IcecastConnection& connection, StreamEncoder& encoder);
    void say_goodbye(IcecastConnection& connection, StreamEncoder& encoder);
    bool wait(Milliseconds time);  ///< false when it is time to stop
    void publish(State state);
    void tell(StreamEvent::Kind kind, const std::string& text = "", std::int64_t frames = 0);
};

const char* name_of(Streaming::State state) noexcept {
    constexpr std::array names{"connecting", "streaming", "waiting", "finished", "failed"};
    return names[static_cast<std::size_t>(state)];
}

Streaming::Streaming(std::shared_ptr<Tap> tap, Request request, Listener listener)
    : shared_{std::make_shared<Shared>(std::move(tap), std::move(request), std::move(listener))} {
    std::thread{[shared = shared_] { shared->run(); }}.detach();  // outlives us only while a name server hangs
}

Streaming::~Streaming() {
    stop();
    std::unique_lock lock{shared_->mutex};
    shared_->changed.wait_until(lock, shared_->told_to_stop + 2 * farewell, [&] {
        return shared_->status.state == State::finished || shared_->status.state == State::failed;
    });
    shared_->listener = nullptr;
}

void Streaming::stop() {
    const std::lock_guard lock{shared_->mutex};
    if (!std::exchange(shared_->stopping, true)) {
        shared_->told_to_stop = Clock::now();
    }
    shared_->changed.notify_all();
}

Streaming::Status Streaming::status() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->status;
}

const StreamTarget& Streaming::target() const noexcept { return shared_->request.target; }
StreamFormat Streaming::format() const noexcept { return shared_->request.format; }

void Streaming::Shared::run() {
    try {
        stream();
        publish(State::finished);
        tell(StreamEvent::Kind::finished);
    } catch (const std::exception& error) {
        publish(State::failed);
        tell(StreamEvent::Kind::failed, error.what());
    }
    const std::lock_guard lock{mutex};
    changed.notify_all();
}

void Streaming::Shared::stream() {
    Milliseconds pause = first_pause;
    bool said_unreachable = false;
    bool accepted = request.again;
    do {
        publish(State::connecting);
        // Each connection begins a new Ogg or MP3 stream, as its listeners need it.
        StreamEncoder encoder{request.format, static_cast<int>(std::lround(tap->rate()))};
        IcecastConnection connection{request.target, request.format};
        if (shake_hands(connection) == IcecastConnection::Progress::connected) {
            {
                const std::lock_guard lock{mutex};
                ++status.connections;
            }
            tell(StreamEvent::Kind::connected, request.target.shown());
            pause = first_pause;
            said_unreachable = false;
            accepted = true;
            if (feed(connection, encoder)) {
                return;
            }
            tell(StreamEvent::Kind::lost, connection.why());
        } else if (!wait(Milliseconds{0})) {
            return;
        } else if (connection.refused() && !accepted) {
            publish(State::failed);
            throw std::runtime_error{connection.why()};
        } else if (!std::exchange(said_unreachable, true)) {
            tell(StreamEvent::Kind::unreachable, connection.why());
        }
        publish(State::waiting);
    } while (wait(std::exchange(pause, std::min(2 * pause, longest_pause))));
}

IcecastConnection::Progress Streaming::Shared::shake_hands(IcecastConnection& connection) {
    const auto until = Clock::now() + handshake_patience;
    auto progress = connection.proceed();
    while (progress == IcecastConnection::Progress::connecting && Clock::now() < until && wait(Milliseconds{5})) {
        progress = connection.proceed();
    }
    return progress;
}

/// Sends until told to stop (true) or until the connection breaks (false).
bool Streaming::Shared::feed(IcecastConnection& connection, StreamEncoder& encoder) {
    auto moving = Clock::now();
    while (true) {
        publish(State::streaming);
        const bool clogged = connection.waiting_bytes() > full_queue;
        if (!clogged) {
            moving = Clock::now();
        } else if (Clock::now() - moving > handshake_patience) {
            return false;  // the server takes nothing: as good as gone
        }
        const bool behind = !clogged && reader.lag() >= static_cast<std::int64_t>(buffer_frames);
        if (behind ? !send_some(connection, encoder) : !connection.send({})) {
            return false;
        }
        if (!behind && !wait(nap)) {
            say_goodbye(connection, encoder);
            return true;
        }
    }
}

bool Streaming::Shared::send_some(IcecastConnection& connection, StreamEncoder& encoder) {
    const TapReader::Part part = reader.read(buffer);
    if (part.lost > 0) {
        tell(StreamEvent::Kind::skipped, request.target.shown(), part.lost);
    }
    encoder.write(std::span{buffer}.first(2 * part.frames));
    sent += static_cast<std::int64_t>(part.frames);
    const std::vector<std::byte> bytes = encoder.take();
    return connection.send(bytes);
}

void Streaming::Shared::say_goodbye(IcecastConnection& connection, StreamEncoder& encoder) {
    while (reader.lag() > 0) {
        const TapReader::Part part = reader.read(buffer);
        if (part.frames == 0) {
            break;
        }
        encoder.write(std::span{buffer}.first(2 * part.frames));
        sent += static_cast<std::int64_t>(part.frames);
        if (reader.lag() < static_cast<std::int64_t>(buffer_frames)) {
            break;  // the mix goes on; what came before the command is out
        }
    }
    encoder.finish();
    bool fine = connection.send(encoder.take());
    const auto until = Clock::now() + farewell;
    while (fine && connection.waiting_bytes() > 0 && Clock::now() < until) {
        std::this_thread::sleep_for(Milliseconds{5});
        fine = connection.send({});
    }
}

bool Streaming::Shared::wait(Milliseconds time) {
    std::unique_lock lock{mutex};
    return !changed.wait_for(lock, time, [&] { return stopping; });
}

void Streaming::Shared::publish(State state) {
    const std::lock_guard lock{mutex};
    status.state = state;
    status.frames = sent;
    status.lost = reader.lost();
    status.dropouts = reader.dropouts();
    status.lag = reader.lag();
}

void Streaming::Shared::tell(StreamEvent::Kind kind, const std::string& text, std::int64_t frames) {
    Listener copy;
    {
        const std::lock_guard lock{mutex};
        copy = listener;
    }
    if (copy) {
        copy({kind, text, frames});
    }
}

}  // namespace crowdjack
