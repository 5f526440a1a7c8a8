// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/tempo_line.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// A line with the serial its sender gave it.
struct NumberedLine {
    std::int32_t serial{};
    TempoLine line;
};

/// Decides which `/tempo/line` reports count: newer serials (by signed difference) of the sender in charge, and those
/// of a new sender, which is then in charge. One that was displaced gets a word again with a newer line, or when the
/// one in charge was silent for 3 s.
class LineIntake {
public:
    enum class Verdict {
        known,  ///< repeated or older: nothing changes
        take,
        renumber,  ///< from a sender that may count beats its own way
    };

    /// @param now_s  any monotonic clock, to tell a sender that fell silent; no tempo hangs on it
    [[nodiscard]] Verdict hear(const std::string& sender, const NumberedLine& line, double now_s);

    /// The server's frames are void, and the lines with them.
    void forget();

    /// After a restart of this process: the sender in charge and its lines.
    void restore(const std::string& sender, std::vector<NumberedLine> lines);

    [[nodiscard]] const std::string& sender() const noexcept { return sender_; }
    /// The line in force and those to come, as heard; for a follower that asks where it stood.
    [[nodiscard]] const std::vector<NumberedLine>& lines() const noexcept { return lines_; }

private:
    void keep(const NumberedLine& line);

    std::string sender_;
    double last_heard_s_{0.0};
    std::map<std::string, std::int32_t> serials_;
    std::vector<NumberedLine> lines_;
};

}  // namespace crowdjack
