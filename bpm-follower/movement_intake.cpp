// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/movement_intake.hpp"

#include "common/log.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

using Kind = TraceEvent::Kind;

constexpr std::int64_t most_people = 1'000'000;

MovementSource source_of(const OscEndpoint& sender) { return {sender.address.sin_addr.s_addr, sender.port()}; }

Kind kind_of(MovementPart part) noexcept {
    switch (part) {
    case MovementPart::arms:
        return Kind::arms;
    case MovementPart::legs:
        return Kind::legs;
    case MovementPart::head:
        return Kind::head;
    case MovementPart::people:
        return Kind::people;
    case MovementPart::total:
        break;
    }
    return Kind::total;
}

/// The unit that `/tempo/unit` names; nothing: to be found out.
std::optional<MovementUnit> unit_argument(const OscArguments& arguments) {
    const auto word = arguments.text(0, "unit");
    if (word == "auto") {
        return {};
    }
    const auto most = arguments.optional_number(1, "max");
    if (word == "raw" && most && *most > 0.0) {
        return MovementUnit{MovementUnit::Kind::raw, *most};
    }
    if (const auto unit = MovementUnit::named(word)) {
        return unit;
    }
    throw OscError{OscErrorCode::bad_arguments,
                   word == "raw" ? "raw needs the value that means full movement: /tempo/unit raw 600"
                                 : "'" + std::string{word} +
                                       "' is no movement unit: use fraction, percent, raw with its maximum, or auto"};
}

}  // namespace

MovementIntake::MovementIntake(OscServer& osc, std::optional<MovementUnit> settled, MovementUnit above_one, Hooks hooks)
    : units_{settled, above_one}, hooks_{std::move(hooks)} {
    osc.handle("/tempo/unit", [this](const OscRequest& request) { unit(request); });
    osc.handle_unknown_reports(is_pose_address);
    osc.handle_reports_like([](std::string_view address) { return movement_address(address).has_value(); },
                            [this](const OscRequest& request) {
                                if (const auto address = movement_address(request.address)) {
                                    take(request, *address);
                                }
                            });
}

void MovementIntake::take(const OscRequest& request, MovementAddress address) {
    try {
        hear(request, address);
    } catch (const OscError&) {
        ++counters_.refused;
        throw;
    }
}

void MovementIntake::hear(const OscRequest& request, MovementAddress address) {
    const Kind kind = kind_of(address.part);
    request.arguments.expect(1, 1, kind == Kind::people ? "i:people" : "f:movement");
    if (ignoring_) {
        return;
    }
    if (kind == Kind::people) {
        const auto people = request.arguments.integer(0, "people", 0, most_people);
        hooks_.heard({0.0, kind, static_cast<double>(people), 0.0, std::string{address.zone}});
        return;
    }
    const double value = request.arguments.number(0, "movement");
    const auto [fraction, notice] = units_.read(source_of(request.sender()), value, hooks_.now_s());
    say(notice, request, value);
    if (!fraction) {
        throw OscError{OscErrorCode::bad_arguments, "movement can't be negative"};
    }
    if (notice == SourceUnits::Notice::unit_found) {
        hooks_.unit_changed();
    }
    ++counters_.reports;
    hooks_.heard({0.0, kind, *fraction, 0.0, std::string{address.zone}});
}

void MovementIntake::unit(const OscRequest& request) {
    const auto& arguments = request.arguments;
    arguments.expect(0, 2, "[s:fraction|percent|raw|auto] [d:max]");
    if (arguments.empty()) {
        const auto settled = units_.settled().value_or(MovementUnit{});
        const auto name = settled.name();
        request.reply_to.send(OscMessage{"/tempo/unit"}
                                  .text(name.substr(0, name.find(':')))
                                  .precise(settled.full)
                                  .text(units_.settled() ? "settled" : "auto")
                                  .text(units_.unit_in_use()));
        return;
    }
    units_.settle(unit_argument(arguments));
    asked_for_ = true;
    log_event(LogLevel::info, "unit of movement",
              {{"unit", units_.settled() ? units_.settled()->name() : "auto"}, {"by", request.sender().url()}});
    hooks_.unit_changed();
    request.reply_to.done();
}

SavedUnits MovementIntake::saved() const {
    const std::string settled = units_.settled() ? units_.settled()->name() : "auto";
    return {asked_for_ ? settled : std::string{}, units_.found()};
}

void MovementIntake::restore(const SavedUnits& saved) {
    if (!saved.asked_for.empty()) {
        asked_for_ = true;
        units_.settle(MovementUnit::named(saved.asked_for));
    }
    units_.restore(saved.found);
}

void MovementIntake::say(SourceUnits::Notice notice, const OscRequest& request, double value) const {
    const auto source = request.sender().url();
    switch (notice) {
    case SourceUnits::Notice::unit_found:
        log_event(LogLevel::warning,
                  units_.above_one().kind == MovementUnit::Kind::raw ? "movement comes in parts of movement_max_value"
                                                                     : "movement comes in percent",
                  {{"source", source},
                   {"because", "ten reports above 2 within twenty"},
                   {"latest", value},
                   {"unit", units_.above_one().name()},
                   {"settle_with", "/tempo/unit or --unit"}});
        break;
    case SourceUnits::Notice::above_full:
        log_event(LogLevel::warning, "movement above 100 percent counts as 100",
                  {{"source", source}, {"value", value}, {"if_right", "/tempo/unit raw MAX or --unit raw:MAX"}});
        break;
    case SourceUnits::Notice::below_nothing:
        log_event(LogLevel::warning, "negative movement is not counted", {{"source", source}, {"value", value}});
        break;
    case SourceUnits::Notice::none:
        break;
    }
}

}  // namespace crowdjack
