// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/stream_side_channel.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::chrono::milliseconds title_delay{200}, title_again{500};
constexpr std::chrono::seconds listeners_every{10}, listeners_first{2};
constexpr int most_attempts = 4;

}  // namespace

std::optional<int> listeners_in(std::string_view status_json, const std::string& mount) {
    const auto status = nlohmann::json::parse(status_json, nullptr, false);
    if (!status.is_object() || !status.contains("icestats") || !status["icestats"].is_object()) {
        return {};
    }
    const auto& stats = status["icestats"];
    const auto source = stats.find("source");
    if (source == stats.end()) {
        return {};
    }
    const auto all = source->is_array() ? *source : nlohmann::json::array({*source});
    for (const auto& one : all) {
        if (one.is_object() && one.contains("listenurl") && one["listenurl"].is_string() && one.contains("listeners") &&
            one["listeners"].is_number_integer() && one["listenurl"].get<std::string>().ends_with(mount)) {
            return static_cast<int>(std::clamp<std::int64_t>(one["listeners"].get<std::int64_t>(), 0, 1'000'000'000));
        }
    }
    return {};
}

StreamSideChannel::StreamSideChannel(StreamTarget target)
    : target_{std::move(target)}, listeners_at_{Clock::now() + listeners_first} {}

void StreamSideChannel::tell(const Title& title) {
    title_ = title;
    attempts_left_ = most_attempts;
    title_get_.reset();
    title_at_ = Clock::now() + title_delay;
}

bool StreamSideChannel::take_told() noexcept { return std::exchange(told_, false); }

void StreamSideChannel::proceed() {
    const auto now = Clock::now();
    proceed_title(now);
    proceed_listeners(now);
}

void StreamSideChannel::proceed_title(Clock::time_point now) {
    if (title_ && !title_get_ && now >= title_at_) {
        std::string path = "/admin/metadata?mode=updinfo&charset=UTF-8&mount=" + url_escaped(target_.mount);
        path += "&song=" + url_escaped(title_->shown());
        title_get_ = std::make_unique<HttpGet>(target_.host, target_.port, path,
                                               basic_authorization(target_.user, target_.password));
    }
    if (!title_get_) {
        return;
    }
    const auto state = title_get_->proceed();
    if (state == HttpGet::State::running) {
        return;
    }
    title_get_.reset();
    title_at_ = now + title_again;
    told_ = state == HttpGet::State::done;
    if (told_ || --attempts_left_ == 0) {
        title_.reset();
    }
}

void StreamSideChannel::proceed_listeners(Clock::time_point now) {
    if (!listeners_get_ && now >= listeners_at_) {
        listeners_get_ = std::make_unique<HttpGet>(target_.host, target_.port, "/status-json.xsl", "");
    }
    if (!listeners_get_) {
        return;
    }
    const auto state = listeners_get_->proceed();
    if (state == HttpGet::State::running) {
        return;
    }
    listeners_ = state == HttpGet::State::done ? listeners_in(listeners_get_->body(), target_.mount) : std::nullopt;
    listeners_get_.reset();
    listeners_at_ = now + listeners_every;
}

}  // namespace crowdjack
