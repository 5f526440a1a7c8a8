// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/tempo_fitter.hpp"

#include "struct-export/fitters.hpp"

#include <rubberband/rubberband-c.h>
#include <soundtouch/SoundTouch.h>
#include <soxr.h>

#include <array>

namespace crowdjack {

namespace {

/// For a track that has the tempo already.
class UnchangedTempo : public TempoFitter {
public:
    void process(std::span<const float> block, bool /*last*/, std::vector<float>& output) override {
        output.insert(output.end(), block.begin(), block.end());
    }
};

}  // namespace

const char* to_text(FitMethod method) noexcept {
    constexpr std::array names{"rubberband", "wsola", "rate"};
    return names[static_cast<std::size_t>(method)];
}

FitMargin fit_margin(FitMethod method, double rate) noexcept {
    const auto frames = [rate](double seconds) { return to_frames(Seconds{seconds}, rate); };
    switch (method) {
    case FitMethod::wsola:
        return {frames(0.005), frames(0.25)};  // what it puts out unchanged at first; what it holds back
    case FitMethod::rate:
        return {frames(0.05), frames(0.05)};  // the filter reaches a few ms
    case FitMethod::rubberband:
        break;
    }
    return {frames(0.5), frames(0.5)};  // its longest window is 8192 frames at 48 kHz
}

std::unique_ptr<TempoFitter> make_tempo_fitter(const FitSettings& settings) {
    if (settings.speed == 1.0 && settings.anchors.empty()) {
        return std::make_unique<UnchangedTempo>();
    }
    switch (settings.method) {
    case FitMethod::wsola:
        return make_soundtouch_fitter(settings);
    case FitMethod::rate:
        return make_soxr_fitter(settings);
    case FitMethod::rubberband:
        break;
    }
    return make_rubberband_fitter(settings);
}

const char* library_version(FitMethod method) noexcept {
    switch (method) {
    case FitMethod::wsola:
        return "SoundTouch " SOUNDTOUCH_VERSION;
    case FitMethod::rate:
        return soxr_version();
    case FitMethod::rubberband:
        break;
    }
    return "Rubber Band " RUBBERBAND_VERSION;
}

}  // namespace crowdjack
