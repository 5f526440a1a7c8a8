// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_refusals.hpp"

#include "common/log.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace crowdjack {

namespace {

constexpr ControlLoop::Duration one_second{1000};
constexpr int most_lines = 20;
constexpr std::size_t most_kinds = 256;
constexpr std::size_t most_hosts = 256;

/// Numbers differ from packet to packet; the reason stays the same.
std::string without_digits(std::string_view text) {
    std::string plain{text};
    std::erase_if(plain, [](unsigned char c) { return std::isdigit(c) != 0; });
    return plain;
}

}  // namespace

OscRefusals::~OscRefusals() {
    if (second_) {
        loop_.cancel(*second_);
    }
}

void OscRefusals::note(const OscEndpoint& sender, std::string_view address, std::string_view reason) {
    if (!second_) {
        lines_left_ = most_lines;
        second_ = loop_.after(one_second, [this] { say_rest(); });
    }
    const std::string url = sender.url();
    const std::string key = url + ' ' + std::string{address} + ' ' + without_digits(reason);
    const auto known = recent_.find(key);
    if (known != recent_.end()) {
        ++known->second.unsaid;
        return;
    }
    if (recent_.size() >= most_kinds || lines_left_ == 0) {
        ++unsaid_kinds_;
        return;
    }
    --lines_left_;
    const Kind kind{url, std::string{address}, std::string{reason}, 0};
    say(kind, 0);
    recent_.emplace(key, kind);
}

void OscRefusals::say(const Kind& kind, std::uint64_t more) {
    if (more == 0) {
        log_event(LogLevel::warning, "refused",
                  {{"sender", kind.sender}, {"address", kind.address}, {"why", kind.reason}});
    } else {
        log_event(LogLevel::warning, "refused",
                  {{"sender", kind.sender}, {"address", kind.address}, {"why", kind.reason}, {"more", more}});
    }
}

/// A second is over: what was only counted meanwhile is said, and goes on being counted.
void OscRefusals::say_rest() {
    second_.reset();
    std::erase_if(recent_, [](const auto& entry) { return entry.second.unsaid == 0; });
    for (auto& [key, kind] : recent_) {
        say(kind, std::exchange(kind.unsaid, 0));
    }
    if (unsaid_kinds_ > 0) {
        log_event(LogLevel::warning, "refused", {{"sender", "others"}, {"more", std::exchange(unsaid_kinds_, 0)}});
    }
    if (!recent_.empty()) {
        lines_left_ = most_lines;
        second_ = loop_.after(one_second, [this] { say_rest(); });
    }
}

void OscRefusals::note_clock(const OscEndpoint& sender, double seconds_ahead) {
    if (clocks_said_.size() < most_hosts && clocks_said_.insert(sender.address.sin_addr.s_addr).second) {
        log_event(LogLevel::warning, "clock-differs",
                  {{"sender", sender.url()},
                   {"seconds_ahead", seconds_ahead},
                   {"do", "set both clocks (NTP), or send bundles dated \"immediately\""}});
    }
}

}  // namespace crowdjack
