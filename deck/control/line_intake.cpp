// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/line_intake.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr double silence_s = 3.0;
constexpr std::size_t most_senders = 64;
constexpr std::size_t most_lines = 18;

bool newer(std::int32_t serial, std::int32_t than) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(serial) - static_cast<std::uint32_t>(than)) > 0;
}

}  // namespace

LineIntake::Verdict LineIntake::hear(const std::string& sender, const NumberedLine& line, double now_s) {
    const auto known = serials_.find(sender);
    const bool fresh = known == serials_.end() || newer(line.serial, known->second);
    if (sender == sender_) {
        last_heard_s_ = now_s;
        if (!fresh) {
            return Verdict::known;
        }
        serials_[sender] = line.serial;
        keep(line);
        return Verdict::take;
    }
    if (!fresh && !sender_.empty() && now_s - last_heard_s_ < silence_s) {
        return Verdict::known;
    }
    if (serials_.size() >= most_senders) {
        serials_.clear();
    }
    const bool first = sender_.empty() && lines_.empty();
    sender_ = sender;
    last_heard_s_ = now_s;
    serials_[sender] = line.serial;
    keep(line);
    return first ? Verdict::take : Verdict::renumber;
}

void LineIntake::forget() {
    sender_.clear();
    serials_.clear();
    lines_.clear();
}

void LineIntake::restore(const std::string& sender, std::vector<NumberedLine> lines) {
    sender_ = sender;
    lines_ = std::move(lines);
    if (!lines_.empty()) {
        serials_[sender] = lines_.back().serial;
    }
}

void LineIntake::keep(const NumberedLine& line) {
    std::erase_if(lines_, [&](const NumberedLine& held) { return held.line.from() >= line.line.from(); });
    lines_.push_back(line);
    if (lines_.size() > most_lines) {
        lines_.erase(lines_.begin());
    }
}

}  // namespace crowdjack
