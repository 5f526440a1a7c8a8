// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_message.hpp"

#include <cstdint>
#include <string>

namespace crowdjack::protocol {

/// `/tempo/state`
struct TempoStateMessage {
    double bpm{}, target{}, beat{};
    double movement{};  ///< 0…1
    std::string mode;   ///< follow hold manual stale
    std::int32_t serial{};

    [[nodiscard]] OscMessage write() const;
    /// @throws OscError{bad_arguments}
    [[nodiscard]] static TempoStateMessage read(const OscArguments& arguments);
};

}  // namespace crowdjack::protocol
