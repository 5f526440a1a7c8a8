// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

namespace crowdjack {

/// Commands of dated bundles, done at their date. What is still to come is forgotten with the calendar. Control thread
/// only.
class OscCalendar {
public:
    static constexpr double furthest_s = 10.0;
    static constexpr std::size_t most = 1024;

    explicit OscCalendar(ControlLoop& loop) : loop_{loop} {}
    ~OscCalendar() {
        for (const auto& [id, timer] : waiting_) {
            loop_.cancel(timer);
        }
    }
    OscCalendar(const OscCalendar&) = delete;
    OscCalendar& operator=(const OscCalendar&) = delete;

    [[nodiscard]] bool full() const noexcept { return waiting_.size() >= most; }

    void enter(double seconds, std::function<void()> action) {
        const std::uint64_t id = next_id_++;
        waiting_[id] = loop_.after(ControlLoop::Duration{static_cast<std::int64_t>(seconds * 1000.0)},
                                   [this, id, action = std::move(action)] {
                                       waiting_.erase(id);
                                       action();
                                   });
    }

private:
    ControlLoop& loop_;
    std::map<std::uint64_t, ControlLoop::TimerId> waiting_;
    std::uint64_t next_id_{0};
};

}  // namespace crowdjack
