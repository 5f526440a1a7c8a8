// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/engine/deck_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>

namespace crowdjack {

/// Hands commands to the audio thread and its answers to whoever asked. What the queue between them does not hold waits
/// here, in order, until flush(). Control thread.
class CommandSender {
public:
    using Finished = std::function<void(JackFrame at)>;
    using Declined = std::function<void(Refused::Why why)>;

    explicit CommandSender(DeckEngine& engine) noexcept : engine_{&engine} {}

    /// For what needs no answer from the audio thread.
    /// @throws Failure when the audio thread has taken no commands for a long time
    template <typename Command>
    void send(const Command& command) {
        push(DeckCommand{0, command});
    }

    /// @param finished  called by take() with the frame the command was applied at or scheduled for
    template <typename Command>
    void send(const Command& command, Finished finished, Declined declined) {
        const Ticket ticket = ++last_ticket_ == 0 ? ++last_ticket_ : last_ticket_;
        push(DeckCommand{ticket, command});
        waiting_[ticket] = {std::move(finished), std::move(declined)};
    }

    /// Hands over what waits, as far as there is room.
    void flush();

    /// An answer, or room for what waits, is to come.
    [[nodiscard]] bool is_waiting() const noexcept { return !waiting_.empty() || !overflow_.empty(); }

    /// Commands sent so far; the engine's snapshot says how many of them it has taken.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    void take(const Done& report);
    void take(const Refused& report);

private:
    struct Waiting {
        Finished finished;
        Declined declined;
    };
    static constexpr std::size_t most_overflow = 8192;

    void push(const DeckCommand& command);

    DeckEngine* engine_;
    std::uint64_t sent_{0};
    Ticket last_ticket_{0};
    std::unordered_map<Ticket, Waiting> waiting_;
    std::deque<DeckCommand> overflow_;
};

}  // namespace crowdjack
