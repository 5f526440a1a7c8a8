// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// When a set plays, by the clock on the wall: `18:00-02:00` (or `18:00:30`), or several with commas. A span that ends
/// before it begins ends on the next day. Without any it is always open.
///
/// Each span of each day is one stretch of real time, from the first moment its begin is on the clock to the first
/// moment its end is. So a night on which the clock is set back does not open twice, and one on which it is set forward
/// still closes. Nothing is remembered: a clock that leaps is followed at once.
class OpeningHours {
public:
    OpeningHours() = default;
    /// Nothing when it is not written so.
    [[nodiscard]] static std::optional<OpeningHours> parse(std::string_view text);

    /// In the time zone of this process.
    [[nodiscard]] bool open_at(std::time_t now) const;
    [[nodiscard]] bool always() const noexcept { return spans_.empty(); }
    /// As written.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    struct Span {
        int from{}, until{};  ///< seconds of the day; until may be beyond midnight
    };
    std::vector<Span> spans_;
    std::string text_;
};

}  // namespace crowdjack
