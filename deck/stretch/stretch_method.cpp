// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/stretch_method.hpp"

#include "common/error.hpp"

#include <string>

namespace crowdjack {

std::string_view stretch_name(StretchMethod method) noexcept {
    switch (method) {
    case StretchMethod::rate:
        return "rate";
    case StretchMethod::rubberband:
        return "rubberband";
    case StretchMethod::rubberband_fast:
        return "rubberband:fast";
    case StretchMethod::wsola:
        return "wsola";
    }
    return "rate";
}

StretchMethod parse_stretch(std::string_view name) {
    for (const StretchMethod method : stretch_methods) {
        if (name == stretch_name(method)) {
            return method;
        }
    }
    throw UsageError{"unknown stretch method '" + std::string{name} +
                     "': use rate, rubberband, rubberband:fast or wsola"};
}

}  // namespace crowdjack
