// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/announced_lines.hpp"

#include <algorithm>
#include <cstddef>

namespace crowdjack {

namespace {

bool later(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b)) > 0;
}

}  // namespace

std::vector<AnnouncedLine> latest_word(const std::vector<std::vector<AnnouncedLine>>& said) {
    std::vector<AnnouncedLine> best;
    std::int32_t best_serial = 0;
    for (const auto& lines : said) {
        const auto last = std::max_element(lines.begin(), lines.end(),
                                           [](const auto& a, const auto& b) { return later(b.serial, a.serial); });
        if (last != lines.end() && (best.empty() || later(last->serial, best_serial))) {
            best_serial = last->serial;
            best = lines;
        }
    }
    std::stable_sort(best.begin(), best.end(),
                     [](const auto& a, const auto& b) { return a.line.from() < b.line.from(); });
    return best;
}

void AnnouncedLines::clear() noexcept {
    lines_.clear();
    map_.clear();
}

void AnnouncedLines::take(const AnnouncedLine& line) {
    std::erase_if(lines_, [&](const AnnouncedLine& each) { return each.line.from() >= line.line.from(); });
    lines_.push_back(line);
    map_.add(line.line);
}

void AnnouncedLines::adopt(const std::vector<AnnouncedLine>& lines) {
    clear();
    for (const auto& line : lines) {
        take(line);
        serial_ = lines_.size() == 1 || later(line.serial, serial_) ? line.serial : serial_;
    }
}

void AnnouncedLines::announce(const std::vector<TempoLine>& lines) {
    for (const auto& line : lines) {
        serial_ = next_serial(serial_);
        take({serial_, line});
    }
}

void AnnouncedLines::forget_before(JackFrame now) {
    std::size_t in_force = 0;
    while (in_force + 1 < lines_.size() && lines_[in_force + 1].line.from() <= now) {
        ++in_force;
    }
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(in_force));
    map_.forget_before(now);
}

}  // namespace crowdjack
