// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"
#include "deck/deck_engine.hpp"

namespace crowdjack {

/// The deck's engine as JACK runs it: ports out_l and out_r.
class DeckProcess final : public AudioProcess {
public:
    explicit DeckProcess(DeckEngine& engine) noexcept : engine_{&engine} {}

    void prepare(const ServerFormat& format) override { engine_->prepare(format.rate); }

    CROWDJACK_REALTIME void process(const AudioCycle& cycle) noexcept override {
        engine_->process(cycle.frame, cycle.audio(0), cycle.audio(1), cycle.freewheeling);
    }

private:
    DeckEngine* engine_;
};

}  // namespace crowdjack
