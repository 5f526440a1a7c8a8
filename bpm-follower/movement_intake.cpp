// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/movement_intake.hpp"

#include "common/log.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

MovementSource source_of(const OscEndpoint& sender) { return {sender.address.sin_addr.s_addr, sender.port()}; }

/// Poses come thirty times a second for each dancer, for the visuals: they are no concern of the tempo.
bool is_keypoints(std::string_view address) {
    return address.ends_with("/keypoints") || address.starts_with("/dance/pose/") || address.starts_with("/pose/");
}

}  // namespace

MovementIntake::MovementIntake(OscServer& osc, std::optional<MovementUnit> settled, MovementUnit above_one,
                               std::function<void(const TraceEvent&)> heard, std::function<double()> now_s)
    : units_{settled, above_one}, heard_{std::move(heard)}, now_s_{std::move(now_s)} {
    using Kind = TraceEvent::Kind;
    listen(osc, "/dance/total_movement", Kind::total);
    const std::pair<Kind, std::vector<std::string>> limbs[] = {
        {Kind::arms, {"arm", "arms"}}, {Kind::legs, {"leg", "legs"}}, {Kind::head, {"head"}}};
    for (const auto& [kind, spellings] : limbs) {
        for (const auto& spelling : spellings) {
            listen(osc, "/dance/" + spelling, kind);
            listen(osc, "/dance/" + spelling + "_movement", kind);
        }
        listen(osc, "/movement/" + spellings.back(), kind);
        listen(osc, "/" + spellings.back(), kind);
    }
    listen(osc, "/dance/person_count", Kind::people);
    osc.handle_unknown_reports(is_keypoints);
}

void MovementIntake::listen(OscServer& osc, const std::string& address, TraceEvent::Kind kind) {
    osc.handle_report(address, [this, kind](const OscRequest& request) { take(request, kind); });
}

void MovementIntake::take(const OscRequest& request, TraceEvent::Kind kind) {
    request.arguments.expect(1, 1, kind == TraceEvent::Kind::people ? "i:people" : "f:movement");
    if (ignoring_) {
        return;
    }
    if (kind == TraceEvent::Kind::people) {
        const auto people = request.arguments.integer(0, "people", 0, 1'000'000);
        heard_({0.0, kind, static_cast<double>(people), 0.0});
        return;
    }
    const double value = request.arguments.number(0, "movement");
    const auto [fraction, notice] = units_.read(source_of(request.sender()), value, now_s_());
    say(notice, request, value);
    if (!fraction) {
        throw OscError{OscErrorCode::bad_arguments, "movement is out of range"};
    }
    heard_({0.0, kind, *fraction, 0.0});
}

void MovementIntake::say(SourceUnits::Notice notice, const OscRequest& request, double value) const {
    const auto source = request.sender().url();
    switch (notice) {
    case SourceUnits::Notice::percent_found:
        log_event(LogLevel::info, "movement comes in percent",
                  {{"source", source}, {"because_of", value}, {"settle_with", "--unit"}});
        break;
    case SourceUnits::Notice::raw_found:
        log_event(LogLevel::info, "movement comes in parts of movement_max_value",
                  {{"source", source}, {"because_of", value}, {"unit", units_.above_one().name()}});
        break;
    case SourceUnits::Notice::out_of_range:
        log_event(LogLevel::warning, "movement out of range is not counted",
                  {{"source", source}, {"value", value}, {"if_right", "say --unit raw:MAX"}});
        break;
    case SourceUnits::Notice::none:
        break;
    }
}

}  // namespace crowdjack
