// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording.hpp"

#include "common/error.hpp"

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

constexpr std::size_t buffer_frames = 8192;
constexpr auto nap = std::chrono::milliseconds{20};
constexpr auto valid_every = std::chrono::milliseconds{500};  ///< kill -9 loses this plus a nap
constexpr auto sync_every = std::chrono::seconds{2};          ///< a power cut loses this plus the time syncing takes
constexpr auto patience = std::chrono::milliseconds{1200};    ///< for finishing, when the program ends

}  // namespace

struct Recording::Shared {
    Shared(std::shared_ptr<Tap> source, Request wanted, Listener told)
        : tap{std::move(source)},
          request{std::move(wanted)},
          reader{tap, request.from, true},
          listener{std::move(told)},
          buffer(2 * buffer_frames) {}

    const std::shared_ptr<Tap> tap;
    const Request request;
    TapReader reader;  ///< worker only
    std::mutex mutex;
    std::condition_variable changed;
    Listener listener;                 ///< under mutex; emptied when nobody is there to listen
    std::optional<JackFrame> stop_at;  ///< under mutex
    Clock::time_point told_to_stop{};  ///< under mutex; when it was told to end at once
    Status status;                     ///< under mutex
    std::vector<float> buffer;         ///< worker only

    void run();
    void await_first_cycle();
    void record(RecordingFile& file);
    bool copy_some(RecordingFile& file, bool& busy);
    static bool write_silence(RecordingFile& file, std::int64_t frames);
    void rest(bool busy);
    void publish(const RecordingFile& file);
    void end(State state, const RecordingEvent& event);
    void tell(const RecordingEvent& event);
};

const char* name_of(Recording::State state) noexcept {
    constexpr std::array names{"opening", "waiting", "recording", "finished", "failed"};
    return names[static_cast<std::size_t>(state)];
}

Recording::Recording(std::shared_ptr<Tap> tap, Request request, Listener listener)
    : path_{request.path}, shared_{std::make_shared<Shared>(std::move(tap), std::move(request), std::move(listener))} {
    std::thread{[shared = shared_] { shared->run(); }}.detach();  // outlives us only on a frozen disk
}

Recording::~Recording() {
    stop();
    std::unique_lock lock{shared_->mutex};
    shared_->changed.wait_until(lock, shared_->told_to_stop + patience, [&] {
        return shared_->status.state == State::finished || shared_->status.state == State::failed;
    });
    shared_->listener = nullptr;
}

void Recording::stop(std::optional<JackFrame> frame) {
    const std::lock_guard lock{shared_->mutex};
    if (!shared_->stop_at || *shared_->stop_at > shared_->tap->now()) {
        shared_->told_to_stop = Clock::now();
    }
    shared_->stop_at = frame.value_or(shared_->tap->now());
    shared_->changed.notify_all();
}

Recording::Status Recording::status() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->status;
}

void Recording::Shared::run() {
    std::unique_ptr<RecordingFile> file;
    try {
        file = std::make_unique<RecordingFile>(request.open ? request.open() : create_file(request.path),
                                               request.format, static_cast<int>(std::lround(tap->rate())));
    } catch (const std::exception& error) {
        end(State::failed, {RecordingEvent::Kind::failed, error.what()});
        return;
    }
    await_first_cycle();
    publish(*file);
    tell({RecordingEvent::Kind::opened, ""});
    record(*file);
    file->cut_to(std::max<std::int64_t>(0, file->frames() - reader.read_too_much()));
    const std::string before = file->error();
    const bool whole = file->close();
    publish(*file);
    if (whole) {
        end(State::finished, {RecordingEvent::Kind::finished, ""});
        return;
    }
    const std::string why = before.empty() ? file->error() : before;
    end(State::failed, {RecordingEvent::Kind::failed,
                        "recording " + request.path.string() + " stopped after " + std::to_string(file->frames()) +
                            " frames (they are kept): " + why + ": make room and start another"});
}

/// Before it nobody knows which frame a recording "from the first on" begins with.
void Recording::Shared::await_first_cycle() {
    std::unique_lock lock{mutex};
    while (tap->written() == 0 && !stop_at) {
        changed.wait_for(lock, nap);
    }
    reader.attach();
}

void Recording::Shared::record(RecordingFile& file) {
    auto valid_at = Clock::now();
    auto synced_at = valid_at;
    bool stale = false;
    while (true) {
        {
            const std::lock_guard lock{mutex};
            if (stop_at) {
                reader.end_at(*stop_at);
            }
        }
        bool busy = false;
        if (!copy_some(file, busy)) {
            return;
        }
        stale = stale || busy;
        const auto now = Clock::now();
        if (stale && now - valid_at >= valid_every) {
            file.make_valid();
            valid_at = now;
            if (now - synced_at >= sync_every) {
                file.sync();
                synced_at = Clock::now();
                stale = false;
            }
        }
        publish(file);
        if (reader.at_end()) {
            return;
        }
        rest(busy);
    }
}

/// False when the medium takes no more.
bool Recording::Shared::copy_some(RecordingFile& file, bool& busy) {
    const TapReader::Part part = reader.read(buffer);
    busy = part.frames > 0;
    if (part.lost > 0 && !write_silence(file, part.lost)) {
        return false;
    }
    return part.frames == 0 || file.write(std::span{buffer}.first(2 * part.frames)) == part.frames;
}

bool Recording::Shared::write_silence(RecordingFile& file, std::int64_t frames) {
    const std::array<float, std::size_t{2} * 1024> silence{};
    while (frames > 0) {
        const auto run = static_cast<std::size_t>(std::min<std::int64_t>(frames, 1024));
        if (file.write(std::span{silence}.first(2 * run)) != run) {
            return false;
        }
        frames -= static_cast<std::int64_t>(run);
    }
    return true;
}

void Recording::Shared::rest(bool busy) {
    std::unique_lock lock{mutex};
    if (!busy) {
        changed.wait_for(lock, nap);
    } else if (reader.lag() < static_cast<std::int64_t>(buffer_frames / 8)) {
        changed.wait_for(lock, nap, [&] { return stop_at.has_value(); });
    }
}

void Recording::Shared::publish(const RecordingFile& file) {
    const std::lock_guard lock{mutex};
    status = {.state = reader.attached() ? State::recording : State::waiting,
              .from = reader.first_frame(),
              .frames = file.frames(),
              .lost = reader.lost(),
              .dropouts = reader.dropouts(),
              .lag = reader.lag()};
}

void Recording::Shared::end(State state, const RecordingEvent& event) {
    {
        const std::lock_guard lock{mutex};
        status.state = state;
        changed.notify_all();
    }
    tell(event);
}

void Recording::Shared::tell(const RecordingEvent& event) {
    Listener copy;
    {
        const std::lock_guard lock{mutex};
        copy = listener;
    }
    if (copy) {
        copy(event);
    }
}

}  // namespace crowdjack
