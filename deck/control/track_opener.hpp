// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "deck/control/grid_lookup.hpp"
#include "deck/control/stream_book.hpp"
#include "deck/track/decoded_memory.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace crowdjack {

/// Opens tracks for one place (the deck's track, a stem's slot), one at a time: of what is asked meanwhile the newest
/// is opened next, and the others are told that they were overtaken. So a burst of requests costs two openings. One
/// that hangs in its storage is left behind when something newer waits. Control thread.
class TrackOpener {
public:
    struct Result {
        StreamBook::Owned stream;
        std::optional<std::string> failure;  ///< none: it is ready at its start
        std::optional<FoundGrid> grid;
    };
    struct Wish {
        std::filesystem::path file;
        double start_s{};
        GridLookup lookup;  ///< may be empty
        std::function<void(const Result&)> opened;
        std::function<void()> overtaken;
    };

    /// @param memory  what decoded tracks may take, shared by all openers of a deck
    TrackOpener(ControlLoop& loop, std::shared_ptr<const AudioEpoch> epoch, std::shared_ptr<DecodedMemory> memory)
        : loop_{loop}, epoch_{std::move(epoch)}, memory_{std::move(memory)} {}

    void open(Wish wish);
    /// Nobody wants any of it any more; whoever waits is told that it was overtaken.
    void cancel();
    [[nodiscard]] bool busy() const noexcept { return current_ != nullptr; }

private:
    struct Attempt {
        Wish wish;
        Result result;
        bool wanted{true};
    };

    void begin(Wish wish);
    void finished(const std::shared_ptr<Attempt>& attempt);
    void leave_behind(const std::shared_ptr<Attempt>& attempt);
    static void overtake(Attempt& attempt);

    ControlLoop& loop_;
    std::shared_ptr<const AudioEpoch> epoch_;
    std::shared_ptr<DecodedMemory> memory_;
    std::shared_ptr<Attempt> current_;
    std::optional<Wish> next_;
    std::shared_ptr<std::atomic<int>> inside_{std::make_shared<std::atomic<int>>(0)};  ///< workers that open something
};

}  // namespace crowdjack
