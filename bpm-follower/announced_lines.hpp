// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/tempo_line.hpp"

#include <cstdint>
#include <vector>

namespace crowdjack {

/// A line as it was announced: serials compare by signed difference, the later word counts.
struct AnnouncedLine {
    std::int32_t serial{};
    TempoLine line;
};

/// The serial after `serial`; wraps.
[[nodiscard]] constexpr std::int32_t next_serial(std::int32_t serial) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(serial) + 1U);
}

/// Of what several decks say they play, the latest word: the lines of whoever has the latest serial, in order of their
/// frames. Nothing when nobody said anything.
[[nodiscard]] std::vector<AnnouncedLine> latest_word(const std::vector<std::vector<AnnouncedLine>>& said);

/// The lines that were announced and still matter (the one in force and those to come), and the tempo they make
/// together.
class AnnouncedLines {
public:
    /// Forgets everything; the next serial still follows the last one.
    void clear() noexcept;

    /// Takes over lines that somebody else announced, in the order of their frames; serials go on from the latest of
    /// them.
    void adopt(const std::vector<AnnouncedLine>& lines);

    /// Announces lines that follow each other and replace whatever was to begin at or after the first of them.
    void announce(const std::vector<TempoLine>& lines);

    /// Forgets what is over at `now`.
    void forget_before(JackFrame now);

    [[nodiscard]] bool empty() const noexcept { return map_.empty(); }
    [[nodiscard]] const TempoMap& tempo() const noexcept { return map_; }
    /// In force first, then those to come.
    [[nodiscard]] const std::vector<AnnouncedLine>& lines() const noexcept { return lines_; }
    [[nodiscard]] std::int32_t serial() const noexcept { return serial_; }
    void continue_serials_after(std::int32_t serial) noexcept { serial_ = serial; }

private:
    void take(const AnnouncedLine& line);

    std::vector<AnnouncedLine> lines_;
    TempoMap map_;
    std::int32_t serial_{0};
};

}  // namespace crowdjack
