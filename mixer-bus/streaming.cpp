// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/streaming.hpp"

#include "mixer-bus/icecast_connection.hpp"
#include "mixer-bus/stream_encoder.hpp"
#include "mixer-bus/stream_side_channel.hpp"

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

constexpr std::size_t stream_frames = 1024;
constexpr Milliseconds stream_nap{20};
constexpr Milliseconds handshake_patience{5000};  ///< for an attempt, and for a server that takes nothing more
constexpr Milliseconds standstill{1000};          ///< of the tap; then silence is sent
constexpr Milliseconds first_pause{250}, longest_pause{2000};
constexpr Milliseconds farewell{500};
constexpr std::size_t full_queue = 64 * 1024;  ///< bytes; beyond, sound waits in the tap, where it is accounted for

}  // namespace

struct Streaming::Shared {
    Shared(std::shared_ptr<Tap> source, Request wanted, Listener told)
        : tap{std::move(source)},
          request{std::move(wanted)},
          reader{tap, request.from},
          listener{std::move(told)},
          buffer(2 * stream_frames),
          title{request.playing} {}

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

    Title title;                             ///< under mutex
    std::int64_t title_serial{1};            ///< under mutex
    std::int64_t encoder_serial{0};          ///< worker only: of the title in the encoder's comments
    std::int64_t told_serial{0};             ///< worker only: of the title that the server was told beside the stream
    std::unique_ptr<StreamEncoder> encoder;  ///< worker only: of this connection
    std::unique_ptr<StreamSideChannel> side_channel;  ///< worker only: likewise
    Clock::time_point last_sound{};                   ///< worker only

    void run();
    void stream();
    [[nodiscard]] std::unique_ptr<StreamEncoder> new_encoder();
    [[nodiscard]] std::int64_t first_to_tell();
    bool pass_on_title(IcecastConnection& connection);
    bool fill_standstill(IcecastConnection& connection);
    IcecastConnection::Progress shake_hands(IcecastConnection& connection);
    bool feed(IcecastConnection& connection);
    bool send_some(IcecastConnection& connection);
    void say_goodbye(IcecastConnection& connection);
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

void Streaming::played(const Title& title) {
    const std::lock_guard lock{shared_->mutex};
    if (shared_->title != title) {
        shared_->title = title;
        ++shared_->title_serial;
    }
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
        encoder = new_encoder();
        side_channel = std::make_unique<StreamSideChannel>(request.target);
        told_serial = first_to_tell();
        IcecastConnection connection{request.target, request.format, request.station,
                                     static_cast<int>(std::lround(tap->rate()))};
        if (shake_hands(connection) == IcecastConnection::Progress::connected) {
            {
                const std::lock_guard lock{mutex};
                ++status.connections;
            }
            tell(StreamEvent::Kind::connected, request.target.shown());
            pause = first_pause;
            said_unreachable = false;
            accepted = true;
            if (feed(connection)) {
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

/// With the title of now in its comments.
std::unique_ptr<StreamEncoder> Streaming::Shared::new_encoder() {
    StreamEncoder::Settings settings{.format = request.format,
                                     .rate = static_cast<int>(std::lround(tap->rate())),
                                     .bitrate = request.station.bitrate,
                                     .title = {},
                                     .station = request.station.name};
    const std::lock_guard lock{mutex};
    settings.title = title;
    encoder_serial = title_serial;
    return std::make_unique<StreamEncoder>(settings);
}

/// A new connection is told what plays, unless nothing does.
std::int64_t Streaming::Shared::first_to_tell() {
    const std::lock_guard lock{mutex};
    return title.empty() ? title_serial : 0;
}

/// Vorbis and Opus begin a new chain link with the new comments (RFC 3533); of MP3 the server is told beside the
/// stream. Icecast 2.4 shows the comments of Vorbis, and passes on those of Opus to the players without showing them.
bool Streaming::Shared::pass_on_title(IcecastConnection& connection) {
    Title now;
    bool new_link = false;
    bool new_words = false;
    {
        const std::lock_guard lock{mutex};
        now = title;
        new_link = request.format != StreamFormat::mp3 && encoder_serial != title_serial;
        new_words = request.format == StreamFormat::mp3 && told_serial != title_serial;
        told_serial = title_serial;
    }
    if (new_words) {
        side_channel->tell(now);
    }
    if (!new_link) {
        return true;
    }
    encoder->finish();
    const bool fine = connection.send(encoder->take());
    encoder = new_encoder();
    return fine;
}

/// While JACK is away nothing comes out of the tap: silence keeps the connection, in time.
bool Streaming::Shared::fill_standstill(IcecastConnection& connection) {
    const auto now = Clock::now();
    if (now - last_sound < standstill) {
        return connection.send({});
    }
    const double seconds = std::chrono::duration<double>(stream_nap).count();
    std::fill(buffer.begin(), buffer.end(), 0.0F);
    const auto frames = std::min(stream_frames, static_cast<std::size_t>(seconds * tap->rate()));
    encoder->write(std::span{buffer}.first(2 * frames));
    return connection.send(encoder->take());
}

/// Sends until told to stop (true) or until the connection breaks (false).
bool Streaming::Shared::feed(IcecastConnection& connection) {
    auto moving = Clock::now();
    last_sound = moving;
    while (true) {
        publish(State::streaming);
        side_channel->proceed();
        if (side_channel->take_told()) {
            tell(StreamEvent::Kind::titled, request.target.shown());
        }
        const bool clogged = connection.waiting_bytes() > full_queue;
        if (!clogged) {
            moving = Clock::now();
        } else if (Clock::now() - moving > handshake_patience) {
            return false;  // the server takes nothing: as good as gone
        }
        const bool behind = !clogged && reader.lag() >= static_cast<std::int64_t>(stream_frames);
        if (behind ? !send_some(connection)
                   : !(clogged ? connection.send({}) : pass_on_title(connection) && fill_standstill(connection))) {
            return false;
        }
        if (!behind && !wait(stream_nap)) {
            say_goodbye(connection);
            return true;
        }
    }
}

bool Streaming::Shared::send_some(IcecastConnection& connection) {
    const TapReader::Part part = reader.read(buffer);
    if (part.lost > 0) {
        tell(StreamEvent::Kind::skipped, request.target.shown(), part.lost);
    }
    last_sound = Clock::now();
    encoder->write(std::span{buffer}.first(2 * part.frames));
    sent += static_cast<std::int64_t>(part.frames);
    const std::vector<std::byte> bytes = encoder->take();
    return connection.send(bytes);
}

void Streaming::Shared::say_goodbye(IcecastConnection& connection) {
    while (reader.lag() > 0) {
        const TapReader::Part part = reader.read(buffer);
        if (part.frames == 0) {
            break;
        }
        encoder->write(std::span{buffer}.first(2 * part.frames));
        sent += static_cast<std::int64_t>(part.frames);
        if (reader.lag() < static_cast<std::int64_t>(stream_frames)) {
            break;  // the mix goes on; what came before the command is out
        }
    }
    encoder->finish();
    bool fine = connection.send(encoder->take());
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
    status.listeners = state == State::streaming && side_channel ? side_channel->listeners() : std::nullopt;
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
