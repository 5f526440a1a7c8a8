// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/song.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <string_view>

namespace crowdjack::test {

namespace {

constexpr double tau = 2.0 * std::numbers::pi;
constexpr int steps = 16;  ///< of a bar of four; a bar of three has twelve

using Pattern = std::string_view;  ///< one character a sixteenth: '.' nothing, 'x' a hit, 'o' a soft one, '?' sometimes

struct Groove {
    Pattern kick, snare, hat, open_hat, bass;
    double swing{0.0};  ///< by how much of a sixteenth the off sixteenths come late
    double hat_gain{0.18}, open_gain{0.2}, kick_gain{0.8};
    double low_bpm{}, high_bpm{};
};

const Groove& groove_of(Style style) {
    static const std::array<Groove, all_styles.size()> grooves{{
        {"x...x...x...x...", "....x.......x...", "..............?.", "..x...x...x...x.", "..x...x...x..?x.", 0.0, 0.15,
         0.22, 0.8, 116.0, 130.0},
        {"x...x...x...x...", "................", "o.o.o.o.o.o.o.o.", "..x...x...x...x.", "................", 0.0, 0.2,
         0.6, 0.55, 120.0, 132.0},
        {"x...x...x...x...", "............?...", "..x...x...x...x.", "................", ".oox.oox.oox.oox", 0.0, 0.25,
         0.2, 0.9, 125.0, 145.0},
        {"x...x...x...x...", "....x.......x...", "o.o.o.o.o.o.o.o.", "..x...x...x...x.", "..xx..xx..xx..xx", 0.0, 0.12,
         0.25, 0.8, 132.0, 145.0},
        {"x.....x...x.....", "....x..o.o..x..o", "x.x.x.x.x.x.x.x.", "................", "x.....x...x.....", 0.0, 0.18,
         0.2, 0.8, 110.0, 140.0},
        {"x.........x.....", "....x..o.o..x...", "x.x.x.x.x.x.x.x.", "................", "x.........x.....", 0.0, 0.18,
         0.2, 0.8, 160.0, 175.0},
        {"x......?.xx.....", "....x.......x...", "x.x.x.x.x.x.x.x.", "................", "x......x..x.....", 0.22, 0.15,
         0.2, 0.8, 85.0, 100.0},
        {"x..........x....", "........x.......", "x.x.x.x.x.x.x.x.", "................", "x..........x....", 0.0, 0.2,
         0.2, 0.8, 130.0, 150.0},
        {"x.........x.....", "....x.......x...", "..x...x...x.?.x.", "................", "x.....x...x..x..", 0.3, 0.22,
         0.2, 0.8, 126.0, 136.0},
        {"x.......x.?.....", "....x.......x...", "x.x.x.x.x.x.x.x.", "................", "x.x.x.x.x.x.x.x.", 0.0, 0.2,
         0.2, 0.8, 96.0, 150.0},
        {"x...........", "....o...o...", "x...x...x...", "............", "x...........", 0.0, 0.15, 0.2, 0.8, 90.0,
         160.0},
        {"x...x...x...x...", "....x.......x...", "..x...x...x...x.", "................", "..x...x...x...x.", 0.0, 0.2,
         0.2, 0.8, 115.0, 130.0},
    }};
    return grooves[static_cast<std::size_t>(style)];
}

/// Degrees of the chords of four bars, in semitones above the tonic, and whether each is minor.
struct Progression {
    std::array<int, 4> roots;
    std::array<bool, 4> minor;
};
Progression progression_of(bool minor_key, std::uint32_t which) {
    static constexpr std::array<Progression, 2> major{
        {{{0, 7, 9, 5}, {false, false, true, false}}, {{0, 5, 7, 0}, {false, false, false, false}}}};
    static constexpr std::array<Progression, 2> minor{
        {{{0, 8, 3, 10}, {true, false, false, false}}, {{0, 5, 7, 0}, {true, true, true, true}}}};
    return minor_key ? minor[which % 2] : major[which % 2];
}

class Band {
public:
    explicit Band(const SongSpec& spec)
        : spec_{spec},
          groove_{groove_of(spec.style)},
          random_{spec.seed},
          per_bar_{spec.style == Style::waltz ? 3 : 4},
          beat_s_{60.0 / spec.bpm} {
        const double length = spec.lead_in_s + spec.bars * per_bar_ * beat_s_ + 1.0;
        mono_.resize(static_cast<std::size_t>(length * spec.rate));
    }

    Song play() {
        kick_from_ = draw(110.0, 180.0);
        kick_to_ = draw(42.0, 58.0);
        kick_decay_ = draw(0.10, 0.22);
        for (int bar = 0; bar < spec_.bars; ++bar) {
            play_bar(bar);
        }
        return finished();
    }

private:
    double draw(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random_); }

    [[nodiscard]] double time_of(int bar, int step) const {
        const double late = step % 2 == 1 ? groove_.swing : 0.0;
        return spec_.lead_in_s + (bar * per_bar_ + (step + late) / 4.0) * beat_s_;
    }

    /// Which voices sound in this bar: most styles build up, break down and come back.
    struct Scene {
        bool kick{true}, snare{true}, hats{true}, bass{true}, chords{true}, fill{false};
    };
    [[nodiscard]] Scene scene_of(int bar) const {
        Scene scene;
        const int from_end = spec_.bars - bar;
        if (spec_.style == Style::slow_intro && bar < 16) {
            return {false, false, false, false, true, false};
        }
        if (spec_.style == Style::trance && bar >= spec_.bars / 2 && bar < spec_.bars / 2 + 8) {
            return {false, false, false, false, true, false};
        }
        if (spec_.bars >= 32 && (bar < 8 || from_end <= 8)) {
            scene.bass = scene.chords = false;
        }
        if (spec_.style == Style::house && spec_.bars >= 32 && bar < 8) {
            scene.snare = false;
        }
        scene.fill = bar % 8 == 7 || (spec_.style == Style::rock && bar % 4 == 3);
        return scene;
    }

    [[nodiscard]] bool hits(Pattern pattern, int step, double& gain) {
        const char c = pattern[static_cast<std::size_t>(step)];
        gain = c == 'o' ? 0.4 : 1.0;
        return c == 'x' || c == 'o' || (c == '?' && draw(0.0, 1.0) < 0.4);
    }

    void play_bar(int bar) {
        const Scene scene = scene_of(bar);
        double gain = 1.0;
        for (int step = 0; step < per_bar_ * 4; ++step) {
            const double at = time_of(bar, step);
            const bool filling = scene.fill && scene.snare && step >= per_bar_ * 4 - 4;
            if (scene.kick && hits(groove_.kick, step, gain)) {
                kick(at, groove_.kick_gain * gain);
            }
            if (scene.snare && (hits(groove_.snare, step, gain) || (filling && draw(0.0, 1.0) < 0.7))) {
                snare(at, 0.4 * gain);
            }
            if (scene.hats && hits(groove_.hat, step, gain)) {
                noise(at, groove_.hat_gain * gain, 0.02);
            }
            if (scene.hats && hits(groove_.open_hat, step, gain)) {
                noise(at, groove_.open_gain * gain, 0.08);
            }
            if (!spec_.drums_only && scene.bass && hits(groove_.bass, step, gain)) {
                bass(at, bar, 0.3 * gain);
            }
        }
        if (!spec_.drums_only && scene.chords) {
            chord(bar);
        }
    }

    template <typename Sound>
    void add(double at, double length, const Sound& sound) {
        const auto first = static_cast<std::int64_t>(std::llround(at * spec_.rate));
        const auto count = static_cast<std::int64_t>(length * spec_.rate);
        for (std::int64_t i = 0; i < count; ++i) {
            const auto frame = static_cast<std::size_t>(first + i);
            if (frame < mono_.size()) {
                mono_[frame] += static_cast<float>(sound(static_cast<double>(i) / spec_.rate));
            }
        }
    }

    void kick(double at, double gain) {
        double phase = 0.0;
        add(at, kick_decay_ * 3.0, [&](double t) {
            phase += tau * (kick_to_ + (kick_from_ - kick_to_) * std::exp(-t / 0.02)) / spec_.rate;
            return gain * std::exp(-t / kick_decay_) * std::sin(phase);
        });
    }

    void snare(double at, double gain) {
        add(at, 0.25, [&](double t) {
            const double body = 0.5 * std::sin(tau * 190.0 * t) * std::exp(-t / 0.05);
            return gain * (body + draw(-1.0, 1.0) * std::exp(-t / 0.07));
        });
    }

    /// Noise without lows: the difference of neighbours.
    void noise(double at, double gain, double decay) {
        double before = 0.0;
        add(at, decay * 5.0, [&](double t) {
            const double now = draw(-1.0, 1.0);
            const double high = now - before;
            before = now;
            return gain * high * std::exp(-t / decay);
        });
    }

    [[nodiscard]] double tonic() const { return 60.0 + spec_.key % 12; }
    [[nodiscard]] static double hertz(double note) { return 440.0 * std::exp2((note - 69.0) / 12.0); }

    void bass(double at, int bar, double gain) {
        const Progression chords = progression_of(spec_.key >= 12, spec_.seed);
        const double note = tonic() + chords.roots[static_cast<std::size_t>(bar % 4)] - 24.0;
        const double frequency = hertz(note > 43.0 ? note - 12.0 : note);
        add(at, beat_s_ * 0.3, [&](double t) {
            const double swell = std::min(t / 0.004, 1.0) * std::exp(-t / 0.15);
            return gain * swell * (std::sin(tau * frequency * t) + 0.4 * std::sin(2.0 * tau * frequency * t));
        });
    }

    void chord(int bar) {
        const Progression chords = progression_of(spec_.key >= 12, spec_.seed);
        const auto which = static_cast<std::size_t>(bar % 4);
        const double length = per_bar_ * beat_s_;
        const double third = chords.minor[which] ? 3.0 : 4.0;
        const bool still = spec_.style == Style::techno;
        for (const double step : {0.0, third, 7.0}) {
            const double root = still ? 0.0 : chords.roots[which];
            const double frequency =
                hertz(tonic() + root + (still && step == third ? (spec_.key >= 12 ? 3.0 : 4.0) : step));
            add(time_of(bar, 0), length, [&](double t) {
                const double shape = std::min({t / 0.02, (length - t) / 0.02, 1.0});
                double sum = 0.0;
                for (int harmonic = 1; harmonic <= 4; ++harmonic) {
                    sum += std::sin(tau * frequency * harmonic * t) / harmonic;
                }
                return 0.07 * shape * sum;
            });
        }
    }

    Song finished() {
        Song song;
        song.bpm = spec_.bpm;
        song.first_beat_s = spec_.lead_in_s;
        song.beats_per_bar = per_bar_;
        song.key = spec_.drums_only ? -1 : spec_.key;
        float peak = 0.001F;
        for (const float sample : mono_) {
            peak = std::max(peak, std::abs(sample));
        }
        song.stereo.reserve(mono_.size() * 2);
        for (const float sample : mono_) {
            song.stereo.push_back(0.8F * sample / peak);
            song.stereo.push_back(0.8F * sample / peak);
        }
        return song;
    }

    const SongSpec& spec_;
    const Groove& groove_;
    std::mt19937 random_;
    const int per_bar_;
    const double beat_s_;
    double kick_from_{}, kick_to_{}, kick_decay_{};
    std::vector<float> mono_;
};

}  // namespace

const char* style_name(Style style) noexcept {
    static constexpr std::array names{"house",   "loud hats", "techno",   "trance", "breaks", "jungle",
                                      "hip hop", "half-time", "two-step", "rock",   "waltz",  "slow intro"};
    return names[static_cast<std::size_t>(style)];
}

Song make_song(const SongSpec& spec) { return Band{spec}.play(); }

SongSpec random_spec(Style style, std::uint32_t seed) {
    std::mt19937 random{seed * 7919U + static_cast<std::uint32_t>(style)};
    const auto draw = [&random](double low, double high) {
        return std::uniform_real_distribution<double>{low, high}(random);
    };
    SongSpec spec;
    spec.style = style;
    spec.bpm = std::round(draw(groove_of(style).low_bpm, groove_of(style).high_bpm) * 100.0) / 100.0;
    spec.rate = random() % 2 == 0 ? 44100 : 48000;
    spec.lead_in_s = random() % 3 == 0 ? 0.0 : draw(0.0, 1.5);
    spec.key = static_cast<int>(random() % 24);
    spec.seed = static_cast<std::uint32_t>(random());
    return spec;
}

}  // namespace crowdjack::test
