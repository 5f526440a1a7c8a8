// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/stretch_engine.hpp"

#include "common/error.hpp"
#include "deck/stretch/rubberband_engine.hpp"
#include "deck/stretch/wsola_engine.hpp"

namespace crowdjack {

std::unique_ptr<StretchEngine> make_stretch_engine(StretchMethod method, double rate, double ratio) {
    switch (method) {
    case StretchMethod::rubberband:
        return std::make_unique<RubberBandEngine>(RubberBandEngine::Engine::finer, rate, ratio);
    case StretchMethod::rubberband_fast:
        return std::make_unique<RubberBandEngine>(RubberBandEngine::Engine::faster, rate, ratio);
    case StretchMethod::wsola:
        return std::make_unique<WsolaEngine>(rate, ratio);
    case StretchMethod::rate:
        break;
    }
    throw Failure{"stretch method 'rate' has no engine: the deck's read head plays it"};
}

std::string stretch_library(StretchMethod method) {
    switch (method) {
    case StretchMethod::rubberband:
        return std::string{"Rubber Band "} + RUBBERBAND_VERSION + " R3";
    case StretchMethod::rubberband_fast:
        return std::string{"Rubber Band "} + RUBBERBAND_VERSION + " R2";
    case StretchMethod::wsola:
        return std::string{"SoundTouch "} + soundtouch::SoundTouch::getVersionString();
    case StretchMethod::rate:
        break;
    }
    return "crowdjack " CROWDJACK_VERSION;
}

}  // namespace crowdjack
