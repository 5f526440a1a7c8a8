// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/control/command_sender.hpp"
#include "deck/track/track_stream.hpp"

#include <functional>
#include <memory>
#include <unordered_map>

namespace crowdjack {

/// Owns the streams that the audio thread may know, until it gave them back. Control thread.
class StreamBook {
public:
    using Owned = std::shared_ptr<TrackStream>;

    explicit StreamBook(CommandSender& sender) noexcept : sender_{&sender} {}

    TrackStream* add(Owned stream) {
        TrackStream* const key = stream.get();
        streams_.emplace(key, std::move(stream));
        return key;
    }
    [[nodiscard]] Owned find(TrackStream* stream) const {
        const auto found = streams_.find(stream);
        return found == streams_.end() ? nullptr : found->second;
    }

    /// Asks the audio thread to let go of it as soon as nothing plays it any more.
    void retire(TrackStream* stream) {
        if (stream != nullptr) {
            sender_->send(Retire{stream});
        }
    }
    void released(TrackStream* stream) { streams_.erase(stream); }

    template <typename Action>
    void each(Action&& action) const {
        for (const auto& [key, stream] : streams_) {
            action(*stream);
        }
    }

private:
    CommandSender* sender_;
    std::unordered_map<TrackStream*, Owned> streams_;
};

}  // namespace crowdjack
