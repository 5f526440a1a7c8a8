// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/reserve_policy.hpp"
#include "deck/stretch/stretch_take.hpp"
#include "deck/stretch/stretch_voice.hpp"
#include "deck/stretch/take_player.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace crowdjack {

/// The thread behind a StretchVoice: turns plans into takes, keeps each take's reserve filled, hands them to the
/// player.
///
/// At most three takes are alive but for moments: the one that plays, the one that fades out, the one being primed.
class StretchWorker {
public:
    explicit StretchWorker(const StretchVoice::Settings& settings);
    ~StretchWorker();
    StretchWorker(const StretchWorker&) = delete;
    StretchWorker& operator=(const StretchWorker&) = delete;

    /// Control thread: from `from` on play `plan`; nothing when it is empty.
    void schedule(JackFrame from, std::optional<StretchPlan> plan);

    /// Audio thread; see StretchVoice::read().
    CROWDJACK_REALTIME std::uint32_t read(JackFrame frame, std::span<float> left, std::span<float> right,
                                          bool freewheeling) noexcept;

    /// Audio thread; see StretchVoice::heard().
    [[nodiscard]] CROWDJACK_REALTIME StretchHeard heard() const noexcept { return player_.heard(); }

    /// Audio thread; see StretchVoice::at_rest().
    [[nodiscard]] CROWDJACK_REALTIME bool at_rest() const noexcept { return at_rest_.load(std::memory_order_acquire); }

    /// Any thread but audio.
    [[nodiscard]] StretchHealth health() const;

private:
    struct Entry {
        JackFrame from;
        std::optional<StretchPlan> plan;
    };

    void run();
    void take_orders();
    void drop_overtaken();
    void settle();
    bool settle_first();
    void settle_stop(JackFrame at);
    bool settle_plan(const StretchPlan& plan);
    void make_take(const StretchPlan& plan, JackFrame begin);
    [[nodiscard]] JackFrame earliest(JackFrame from) const noexcept;
    void cancel_coming();
    void renew(std::vector<StretchPlan> plans);
    void refresh_if_worn();
    void give_up();
    [[nodiscard]] StretchTake* take_for(JackFrame from) const noexcept;

    void collect();
    void promote();
    bool restart_if_lost();
    bool work();
    [[nodiscard]] StretchTake* most_urgent();
    void advance(StretchTake& take);
    void offer_coming();
    [[nodiscard]] std::int64_t reserve_of(const StretchTake& take) const noexcept;
    [[nodiscard]] bool wants_more(const StretchTake& take) const noexcept;
    [[nodiscard]] std::int64_t covered() const noexcept;
    [[nodiscard]] std::chrono::microseconds idle_time() const noexcept;
    void rest();
    void let_others() const noexcept;
    void wait_for_worker(std::int64_t wanted) noexcept;
    void publish() noexcept;

    double rate_;
    std::atomic<bool> realtime_{false};  ///< written at set-up (relaxed)
    TakePlayer player_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable made_;
    std::deque<Entry> inbox_;  ///< guarded by mutex_
    bool quit_{false};         ///< guarded by mutex_
    std::int64_t covered_{};   ///< frame up to which all is settled and made; guarded by mutex_

    std::atomic<std::int64_t> played_;       ///< one past the last frame read; written by audio (release)
    std::atomic<std::int64_t> wanted_;       ///< freewheeling: one past the last frame asked for; written by audio
    std::atomic<std::uint32_t> cycle_;       ///< frames of the latest cycle; written by audio (relaxed)
    std::atomic<bool> freewheeling_{false};  ///< written by audio (relaxed)
    std::atomic<bool> at_rest_{true};        ///< written by control and worker under mutex_ (release), read by audio

    // The worker's own.
    ReservePolicy policy_;
    std::deque<Entry> orders_;  ///< not yet turned into takes, by frame
    std::vector<std::unique_ptr<StretchTake>> takes_;
    StretchTake* serving_{nullptr};  ///< begun last
    StretchTake* coming_{nullptr};   ///< to begin
    bool filling_{false};            ///< in the middle of filling reserves
    bool offered_{false};            ///< coming_ was handed to the player
    std::int64_t rested_at_{};       ///< played_ when it last rested

    // Written by the worker (relaxed), read by health().
    std::atomic<bool> playing_{false};
    std::atomic<ReserveMode> mode_{ReserveMode::normal};
    std::atomic<std::uint32_t> reserve_frames_{0}, target_frames_{0};
    std::atomic<std::uint64_t> restarts_{0};
    std::atomic<double> cost_{0.0};

    std::thread thread_;
};

}  // namespace crowdjack
