// SPDX-License-Identifier: GPL-3.0-or-later
// R5, R6, S3, S4: what recording and streaming survive, and what the isolator's response is.
//
// usage: mixer_outputs [SECONDS]   how long icecast stays away (60)
//        mixer_outputs eq          the isolator alone
#include "tests/bench/place_code.hpp"
#include "tests/deck/live_deck.hpp"
#include "tests/mixer-bus/icecast.hpp"
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/frozen_disk.hpp"
#include "tests/support/waves.hpp"

#include <chrono>
#include <complex>
#include <cstdio>
#include <cstdlib>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double rate = 48000.0;

double response(std::array<float, 3> gains, double hertz) {
    Signal impulse(1U << 15U);
    impulse[0] = 1.0F;
    Signal other(impulse.size());
    std::array<IsolatorState, 2> state{};
    const IsolatorJob job{.state = &state,
                          .samples = {impulse.data(), other.data()},
                          .steady = gains,
                          .moving = {},
                          .wet = nullptr,
                          .frames = impulse.size()};
    run_isolator(IsolatorCoefficients{200.0, 2000.0, rate}, {&job, 1});
    std::complex<double> sum{};
    for (std::size_t i = 0; i < impulse.size(); ++i) {
        sum += static_cast<double>(impulse[i]) *
               std::polar(1.0, -2.0 * std::numbers::pi * hertz * static_cast<double>(i) / rate);
    }
    return decibels(std::abs(sum));
}

void measure_eq() {
    double ripple = 0.0;
    for (double hertz = 20.0; hertz < 22000.0; hertz *= 1.1) {
        ripple = std::max(ripple, std::fabs(response({1.0F, 1.0F, 1.0F}, hertz)));
    }
    print_figure("S3", "EQ flatness, all bands at 50 %, isolator in, dB", shown(ripple), "≤ 0.05", ripple <= 0.05);
    for (const auto& [band, gains] :
         {std::pair{"eq low", std::array{0.0F, 1.0F, 1.0F}}, std::pair{"eq mid", std::array{1.0F, 0.0F, 1.0F}},
          std::pair{"eq high", std::array{1.0F, 1.0F, 0.0F}}}) {
        for (double hertz = 20.0; hertz <= 20000.0; hertz *= 1.07) {
            print_point(band, {{"hz", hertz}, {"db", response(gains, hertz)}});
        }
    }
    const double low_octave = response({0.0F, 1.0F, 1.0F}, 100.0);
    const double low_two = response({0.0F, 1.0F, 1.0F}, 50.0);
    const double high_octave = response({1.0F, 1.0F, 0.0F}, 4000.0);
    const double high_two = response({1.0F, 1.0F, 0.0F}, 8000.0);
    const double mid_octave = std::max(response({1.0F, 0.0F, 1.0F}, 400.0), response({1.0F, 0.0F, 1.0F}, 1000.0));
    const double one = std::max({low_octave, high_octave, mid_octave});
    const double two = std::max(low_two, high_two);
    print_figure("S3", "kill depth an octave inside: low, mid, high, dB",
                 shown(low_octave) + ", " + shown(mid_octave) + ", " + shown(high_octave), "≤ -48", one <= -48.0);
    print_figure("S3", "kill depth two octaves inside: low, high, dB", shown(low_two) + ", " + shown(high_two), "≤ -80",
                 two <= -80.0);
    const double neighbour =
        std::max({std::fabs(response({0.0F, 1.0F, 1.0F}, 400.0)), std::fabs(response({1.0F, 0.0F, 1.0F}, 100.0)),
                  std::fabs(response({1.0F, 0.0F, 1.0F}, 4000.0)), std::fabs(response({1.0F, 1.0F, 0.0F}, 1000.0))});
    print_figure("S3", "a kill's neighbour an octave outside, dB", shown(neighbour), "≤ 0.1", neighbour <= 0.1);
}

/// Steady tones through every kind of move: the worst step that is not the move's own, in dBFS.
void measure_clicks() {
    double worst = 0.0;
    for (const double hertz : {60.0, 200.0, 700.0, 1500.0}) {
        BenchMixer bench{1};
        bench.feed(0, sine_wave(hertz, 110000));
        std::int64_t at = 10000;
        for (const auto parameter : {StripParameter::low, StripParameter::mid, StripParameter::high,
                                     StripParameter::fader, StripParameter::mute}) {
            for (const double target : {0.0, 1.0}) {
                bench.move({0, parameter}, target, at, 480, FadeShape::smooth);
                at += 9000;
            }
        }
        worst = std::max(worst, roughness(bench.play(110000).master[0], 2000));
    }
    print_figure("S4", "EQ kill, EQ on and off, fader, mute on steady tones: worst step beyond the move, dBFS",
                 shown(decibels(worst / 10.0)), "≤ -80", worst <= click_at_80_db);
}

/// A source whose samples say their place (24 bits, exact in a float), for as long as it is asked.
class PlaceSource {
public:
    explicit PlaceSource(const std::string& server, const std::string& strip)
        : probe_{server, "source-" + strip, 0, 2, [this](const JackProbe::Cycle& cycle) {
                     const std::int64_t begin = begin_.load();
                     for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                         const std::int64_t place = cycle.frame + i - begin;
                         cycle.outputs[0][i] = cycle.outputs[1][i] =
                             begin >= 0 && place >= 0 ? PlaceCode::value(place) : 0.0F;
                     }
                 }} {
        probe_.connect(probe_.output(0), "mixer-bus:" + strip + "_l");
        probe_.connect(probe_.output(1), "mixer-bus:" + strip + "_r");
    }
    void begin_at(std::int64_t frame) { begin_ = frame; }

private:
    std::atomic<std::int64_t> begin_{-1};
    JackProbe probe_;
};

/// Follows a signal of places and counts where it does not go on.
class Follower {
public:
    /// @param level  what is added to each place
    explicit Follower(float level = 0.0F) : level_{level} {}

    void take(float sample) {
        if (place_ < 0 && sample == 0.0F) {
            return;
        }
        const auto came =
            static_cast<std::int64_t>(std::llround(static_cast<double>(sample - level_) * PlaceCode::scale)) - 1;
        breaks_ += place_ >= 0 && came != (place_ + 1) % PlaceCode::period ? 1 : 0;
        place_ = came;
        ++frames_;
    }
    [[nodiscard]] std::int64_t breaks() const { return breaks_; }
    [[nodiscard]] std::int64_t frames() const { return frames_; }

private:
    float level_;
    std::atomic<std::int64_t> place_{-1}, breaks_{0}, frames_{0};  // written by audio, read by main
};

/// A whole recording, followed.
void follow(const std::filesystem::path& path, Follower& follower) {
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    Signal buffer(2 * 8192);
    for (sf_count_t n = 0; file != nullptr && (n = sf_readf_float(file, buffer.data(), 8192)) > 0;) {
        for (sf_count_t i = 0; i < n; ++i) {
            follower.take(buffer[static_cast<std::size_t>(2 * i)]);
        }
    }
    if (file != nullptr) {
        sf_close(file);
    }
}

/// The master, followed.
class Listener {
public:
    explicit Listener(const std::string& server, float level = 0.0F)
        : heard{level}, probe_{server, "listener", 1, 0, [this](const JackProbe::Cycle& cycle) {
                                   for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                                       heard.take(cycle.inputs[0][i]);
                                   }
                               }} {
        probe_.connect("mixer-bus:master_l", probe_.input(0));
    }
    Follower heard;
    [[nodiscard]] std::uint64_t xruns() const { return probe_.xruns(); }

private:
    JackProbe probe_;
};

/// Four real decks on strips A to D, one saying its places and three holding a level, so that a frame that any of them
/// misses shows in the sum.
class FourDecks {
public:
    static constexpr float level = 3 * 0.125F;  ///< what the others add; the sum stays below 1, where it is exact

    FourDecks(const MixerRoom& room, double seconds) {
        const auto frames = static_cast<std::size_t>(seconds * rate);
        Signal places(2 * frames);
        for (std::size_t i = 0; i < places.size(); ++i) {
            places[i] = PlaceCode::value(static_cast<std::int64_t>(i / 2));
        }
        write_audio(room.folder / "places.wav", places, 2, 48'000);
        write_audio(room.folder / "level.wav", Signal(2 * frames, 0.125F), 2, 48'000);
        for (const std::string letter : {"A", "B", "C", "D"}) {
            const auto& deck = decks_.emplace_back(
                std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{}, letter));
            deck->ask(osc_, at::deck_cue, {(room.folder / (letter == "A" ? "places.wav" : "level.wav")).string()});
            room.server.connect(deck->port("out_l"), "mixer-bus:" + letter + "_l");
            room.server.connect(deck->port("out_r"), "mixer-bus:" + letter + "_r");
        }
    }
    void start_at(std::int64_t frame) {
        for (const auto& deck : decks_) {
            deck->ask(osc_, at::deck_start, {static_cast<std::int32_t>(static_cast<std::uint32_t>(frame))});
        }
    }

private:
    OscClient osc_;
    std::vector<std::unique_ptr<LiveDeck>> decks_;
};

void measure_outage(double seconds) {
    if (!Icecast::possible()) {
        std::printf("R6: icecast2 is not here\n");
        return;
    }
    constexpr double stall_s = 10.0;
    MixerRoom room;
    FrozenDisk disk{room.folder.path(), 256};
    if (!disk.possible()) {
        std::printf("R6: no disk that stands still: %s\n", disk.why_not().c_str());
    }
    const auto recording = (disk.possible() ? disk.path() : room.folder.path()) / "night.wav";
    Icecast icecast{room.folder.path(), 8710, "hackme"};
    icecast.start();
    FourDecks decks{room, seconds + 60.0};
    const Listener listener{room.server.name(), FourDecks::level};
    const auto wait_for = [&](std::int64_t frame) {
        while (!room.server.wait_for_frame(static_cast<std::uint32_t>(frame), Deadline{20'000})) {
            (void)room.obeys(at::subscribe);
        }
        (void)room.obeys(at::subscribe);
    };
    (void)room.obeys(at::mixer_record_start, {recording.string()});
    (void)room.obeys(at::mixer_stream_start, {icecast.url("set")});
    const std::int64_t begin = room.soon(0.3);
    decks.start_at(begin);
    wait_for(begin + 96000);
    icecast.kill_hard();
    const auto away = room.soon(seconds);
    if (disk.possible()) {
        disk.freeze();
        wait_for(room.soon(std::min(stall_s, seconds)));
        disk.thaw();
    }
    wait_for(away);
    const std::size_t mark = room.osc.count();
    icecast.start();
    const auto back = std::chrono::steady_clock::now();
    const bool connected = room.osc.wait_for(at::mixer_stream_connected, mark).has_value();
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - back).count();
    const auto skipped = room.osc.wait_for(at::mixer_stream_skipped, mark, Deadline{3000});
    wait_for(room.soon(1.0));
    const auto stopped = room.ask(at::mixer_record_stop);
    Follower recorded{FourDecks::level};
    follow(recording, recorded);
    const auto lost = room.mixer->wait_for_line("recorded path=").value_or("");
    print_figure("R6", "icecast gone " + shown(seconds) + " s: stream back after, s; frames of sound skipped",
                 shown(took) + "; " + (skipped ? shown(skipped->number(1), 8) : "0"), "≤ 5", connected && took <= 5.0);
    print_figure(
        "R6",
        "meanwhile 4 decks, and a disk that stands still for 10 s: frames lost by the recording; breaks in it; "
        "breaks in the mix; xruns of this machine; frames followed",
        lost.substr(lost.rfind("lost=")) + "; " + std::to_string(recorded.breaks()) + "; " +
            std::to_string(listener.heard.breaks()) + "; " + std::to_string(listener.xruns()) + "; " +
            std::to_string(recorded.frames()),
        "0; 0; 0",
        lost.ends_with("lost=0") && recorded.breaks() == 0 && listener.heard.breaks() == 0 &&
            stopped.is_reply_to(at::mixer_record_stop));
}

void measure_ten_minutes() {
    MixerRoom room{{}, 1024};
    PlaceSource source{room.server.name(), "A"};
    constexpr std::int64_t length = 600 * 48000;
    const Listener listener{room.server.name()};
    (void)room.obeys(at::mixer_record_start, {"long.wav"});
    room.server.freewheel(true);
    source.begin_at(room.soon(2.0));
    const bool done = eventually([&] { return listener.heard.frames() >= length; }, std::chrono::minutes{10});
    room.server.freewheel(false);
    (void)room.ask(at::mixer_record_stop);
    Follower recorded;
    follow(room.folder / "long.wav", recorded);
    print_figure("R5", "10 minutes (freewheeling): breaks in the mix, breaks in the recording, of",
                 std::to_string(listener.heard.breaks()) + ", " + std::to_string(recorded.breaks()) + ", " +
                     std::to_string(recorded.frames()),
                 "0, 0", done && listener.heard.breaks() == 0 && recorded.breaks() == 0 && recorded.frames() >= length);
}

void measure_kills() {
    double worst = 0.0;
    bool all_open = true;
    for (int i = 0; i < 10; ++i) {
        MixerRoom room;
        PlaceSource source{room.server.name(), "A"};
        source.begin_at(room.soon(0.05));
        const auto begun = room.ask(at::mixer_record_start, {"set.wav"});
        const auto start = static_cast<std::uint32_t>(static_cast<std::int64_t>(begun.number(2)));
        (void)room.server.wait_for_frame(start + 70000 + static_cast<std::uint32_t>(i) * 2400);
        const std::uint32_t killed = room.server.frame();
        room.mixer->kill_hard();
        SF_INFO info{};
        SNDFILE* const file = sf_open((room.folder / "set.wav").c_str(), SFM_READ, &info);
        all_open = all_open && file != nullptr;
        if (file != nullptr) {
            sf_close(file);
        }
        worst = std::max(worst, static_cast<double>(killed - start) / rate - static_cast<double>(info.frames) / rate);
    }
    print_figure("R5", "kill -9 while recording, 10 times: most that is missing, s", shown(worst), "≤ 1",
                 all_open && worst <= 1.0);
}

}  // namespace

int main(int count, char** arguments) {
    try {
        measure_eq();
        if (count > 1 && std::string{arguments[1]} == "eq") {
            return 0;
        }
        measure_clicks();
        measure_kills();
        measure_ten_minutes();
        measure_outage(count > 1 ? std::atof(arguments[1]) : 60.0);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "mixer_outputs: %s\n", failure.what());
        return 1;
    }
    return 0;
}
