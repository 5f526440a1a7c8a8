// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/link_bridge.hpp"

#ifdef CROWDJACK_LINK

#include <ableton/Link.hpp>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace crowdjack {

namespace {

constexpr double quantum = 4.0;              ///< beats of a bar, which Link keeps in phase
constexpr double phase_slack_beats = 0.002;  ///< 1 ms at 120 BPM: nearer than that the phase is left alone
constexpr double tempo_slack_bpm = 0.01;

}  // namespace

struct LinkBridge::Session {
    struct Word {
        double beat{}, bpm{};
        std::chrono::microseconds when{};
    };

    explicit Session(double bpm) : link{bpm} {
        link.enable(true);
        worker = std::thread{[this] { run(); }};
    }

    ~Session() {
        {
            const std::lock_guard lock{mutex};
            ending = true;
        }
        changed.notify_one();
        worker.join();
        link.enable(false);
    }

    void run() {
        std::unique_lock lock{mutex};
        while (true) {
            changed.wait(lock, [this] { return ending || word; });
            if (ending) {
                return;
            }
            const Word said = *word;
            word.reset();
            lock.unlock();
            impose(said);
            lock.lock();
        }
    }

    void impose(const Word& said) {
        auto state = link.captureAppSessionState();
        bool changes = false;
        if (std::abs(state.tempo() - said.bpm) > tempo_slack_bpm) {
            state.setTempo(said.bpm, said.when);
            changes = true;
        }
        const double off = std::remainder(state.beatAtTime(said.when, quantum) - said.beat, quantum);
        if (std::abs(off) > phase_slack_beats) {
            state.forceBeatAtTime(said.beat, said.when, quantum);
            changes = true;
        }
        if (changes) {
            link.commitAppSessionState(state);
        }
    }

    ableton::Link link;
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Word> word;  ///< the latest, not yet imposed
    bool ending{false};
    std::thread worker;
};

bool LinkBridge::available() noexcept { return true; }

LinkBridge::LinkBridge(Bpm bpm) : session_{std::make_unique<Session>(bpm.value)} {}

LinkBridge::~LinkBridge() = default;

void LinkBridge::lead(Beats beat, Bpm bpm) {
    const Session::Word word{beat.value, bpm.value, session_->link.clock().micros()};
    {
        const std::lock_guard lock{session_->mutex};
        session_->word = word;
    }
    session_->changed.notify_one();
}

std::optional<LinkBridge::Heard> LinkBridge::heard() const {
    if (session_->link.numPeers() == 0) {
        return {};
    }
    const auto state = session_->link.captureAppSessionState();
    return Heard{state.beatAtTime(session_->link.clock().micros(), quantum), state.tempo()};
}

std::size_t LinkBridge::peers() const { return session_->link.numPeers(); }

}  // namespace crowdjack

#else

#include "common/error.hpp"

namespace crowdjack {

struct LinkBridge::Session {};

bool LinkBridge::available() noexcept { return false; }

LinkBridge::LinkBridge(Bpm /*bpm*/) { throw Failure{"this build has no Ableton Link"}; }

LinkBridge::~LinkBridge() = default;

void LinkBridge::lead(Beats /*beat*/, Bpm /*bpm*/) {}

std::optional<LinkBridge::Heard> LinkBridge::heard() const { return {}; }

std::size_t LinkBridge::peers() const { return 0; }

}  // namespace crowdjack

#endif
