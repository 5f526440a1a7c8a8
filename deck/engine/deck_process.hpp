// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"
#include "common/log.hpp"
#include "deck/engine/deck_engine.hpp"

namespace crowdjack {

/// The deck's engine as JACK runs it: ports out_l and out_r.
class DeckProcess final : public AudioProcess {
public:
    DeckProcess() {
        if (!engine.make_resident()) {
            log_event(LogLevel::debug, "engine-not-locked", {{"why", "memory lock limit"}, {"do", "raise ulimit -l"}});
        }
    }

    void prepare(const ServerFormat& format) override { engine.prepare(format.rate); }

    CROWDJACK_EVERY_CYCLE void process(const AudioCycle& cycle) noexcept override {
        engine.process(cycle.frame, cycle.audio(0), cycle.audio(1), cycle.freewheeling);
    }

    DeckEngine engine;
};

}  // namespace crowdjack
