// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"

namespace crowdjack {

/// A JACK client without ports: there for the server's clock alone.
class IdleAudio final : public AudioProcess {
public:
    void prepare(const ServerFormat&) override {}
    CROWDJACK_REALTIME void process(const AudioCycle&) noexcept override {}
    [[nodiscard]] bool wants_cycles() const noexcept override { return false; }
};

}  // namespace crowdjack
