// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording.hpp"

#include "mixer-bus/recording_worker.hpp"

#include <array>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto patience = std::chrono::milliseconds{1200};  ///< for finishing, when the program ends

}  // namespace

/// Outlives the Recording on a frozen disk only.
struct Recording::Shared : RecordingWorker {
    using RecordingWorker::RecordingWorker;
};

const char* name_of(Recording::State state) noexcept {
    constexpr std::array names{"opening", "waiting", "recording", "finished", "failed"};
    return names[static_cast<std::size_t>(state)];
}

Recording::Recording(std::shared_ptr<Tap> tap, Request request, Listener listener)
    : shared_{std::make_shared<Shared>(std::move(tap), std::move(request), std::move(listener))} {
    std::thread{[shared = shared_] { shared->run(); }}.detach();
}

Recording::~Recording() {
    stop();
    shared_->abandon_at(patience);
}

void Recording::stop(std::optional<JackFrame> frame) { shared_->stop(frame); }

void Recording::played(JackFrame frame, const Title& title) { shared_->played(frame, title); }

Recording::Status Recording::status() const { return shared_->status(); }

}  // namespace crowdjack
