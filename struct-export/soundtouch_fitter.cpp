// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/fitters.hpp"

#include <soundtouch/SoundTouch.h>

#include <algorithm>
#include <cstdint>

namespace crowdjack {

namespace {

/// SoundTouch (WSOLA).
///
/// Sequence, seek window and overlap were chosen on clicks over a bass note at 0.87…1.25: of these, 2 % of the beats
/// were lost (the library's automatic settings lose up to a third at 1.25), and beats fall on average 7 ms early at
/// 0.8, 0.5 ms late at 1.02 and 4 ms late at 1.25. A sequence of at least twice the overlap plus half the window keeps
/// that average near 0 at small changes. The anti-alias filter serves pitch changes only but runs always: off, the
/// whole is twice as fast and the treble stays. The quick seek places beats as well as the full one.
///
/// The first 20 ms come out as they went in, so a section that is fed from shortly before its first beat keeps it in
/// place.
class SoundTouchFitter : public TempoFitter {
public:
    explicit SoundTouchFitter(const FitSettings& settings) : settings_{settings} {
        engine_.setSampleRate(static_cast<unsigned>(settings.rate));
        engine_.setChannels(static_cast<unsigned>(settings.channels));
        engine_.setTempo(settings.speed);
        engine_.setSetting(SETTING_SEQUENCE_MS, 40);
        engine_.setSetting(SETTING_SEEKWINDOW_MS, 30);
        engine_.setSetting(SETTING_OVERLAP_MS, 10);
        engine_.setSetting(SETTING_USE_QUICKSEEK, 1);
        engine_.setSetting(SETTING_USE_AA_FILTER, 0);
    }

    void process(std::span<const float> block, bool /*last*/, std::vector<float>& output) override {
        const auto channels = static_cast<std::size_t>(settings_.channels);
        const auto frames = static_cast<std::int64_t>(block.size() / channels);
        for (std::int64_t at = 0; at < frames;) {
            const std::int64_t count = std::min(frames - at, frames_to_next_anchor());
            engine_.putSamples(block.data() + static_cast<std::size_t>(at) * channels, static_cast<unsigned>(count));
            at += count;
            seen_ += count;
            take(output);
        }
    }

    /// The frames before the section come out unchanged: as many as went in, not as many as the tempo would have.
    [[nodiscard]] Seconds offset() const noexcept override {
        const Frames before = fit_margin(FitMethod::wsola, settings_.rate).before;
        return {to_seconds(before, settings_.rate).value * (1.0 - 1.0 / settings_.speed)};
    }

private:
    void take(std::vector<float>& output) {
        const auto channels = static_cast<std::size_t>(settings_.channels);
        while (const unsigned available = engine_.numSamples()) {
            const std::size_t old = output.size();
            output.resize(old + available * channels);
            engine_.receiveSamples(output.data() + old, available);
        }
    }

    /// How much may go in before the tempo changes; sets the tempo that leads to the next anchor. What the engine holds
    /// back (some 80 ms) comes out in the new tempo already: every beat is off by the same small part of that, and
    /// nothing adds up.
    std::int64_t frames_to_next_anchor() {
        const auto& anchors = settings_.anchors;
        while (next_ < anchors.size() && seen_ >= anchors[next_].source.value) {
            ++next_;
            if (next_ < anchors.size()) {
                const double source = static_cast<double>((anchors[next_].source - anchors[next_ - 1].source).value);
                const double fitted = static_cast<double>((anchors[next_].fitted - anchors[next_ - 1].fitted).value);
                engine_.setTempo(source / fitted);
            }
        }
        return next_ < anchors.size() ? anchors[next_].source.value - seen_ : INT64_MAX;
    }

    FitSettings settings_;
    soundtouch::SoundTouch engine_;
    std::int64_t seen_{0};  ///< frames that went in
    std::size_t next_{0};   ///< the anchor that is led to
};

}  // namespace

std::unique_ptr<TempoFitter> make_soundtouch_fitter(const FitSettings& settings) {
    return std::make_unique<SoundTouchFitter>(settings);
}

}  // namespace crowdjack
