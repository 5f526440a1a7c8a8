// SPDX-License-Identifier: GPL-3.0-or-later
// C7: two decks of each tempo method in real time under a tempo that never rests: what they lost, how deep their
// reserve was.
//
// usage: deck_endurance [SECONDS [PERIOD [METHOD…]]]   (300 s each, at 128 frames, all methods)
#include "tests/deck/live_deck.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

using namespace crowdjack::test;

namespace {

constexpr double rate = 48'000.0;
constexpr double track_bpm = 120.0;
constexpr std::array tempi{105.0, 118.0, 130.0, 121.0};  ///< visited in turn, 4 s each way
constexpr double segment_s = 4.0;

/// A tempo line after the other, told half a second before each begins, as a follower does.
class Tempo {
public:
    explicit Tempo(std::int64_t start) : from_{start} {}

    [[nodiscard]] std::int64_t begins() const noexcept { return from_; }
    void tell_next(OscClient& osc, const std::vector<std::unique_ptr<LiveDeck>>& decks) {
        const double to_bpm = tempi.at(static_cast<std::size_t>(serial_) % tempi.size());
        const auto to = from_ + static_cast<std::int64_t>(segment_s * rate);
        for (const auto& deck : decks) {
            osc.send(deck->url(), at::tempo_line,
                     {serial_, static_cast<std::int32_t>(from_), beat_, bpm_, static_cast<std::int32_t>(to), to_bpm});
        }
        beat_ += 0.5 * (bpm_ + to_bpm) / 60.0 * segment_s;
        bpm_ = to_bpm;
        from_ = to;
        ++serial_;
    }

private:
    std::int64_t from_;
    std::int32_t serial_{1};
    double beat_{0.0}, bpm_{tempi.front()};
};

void measure(const std::string& method, double seconds, std::uint32_t period) {
    const TemporaryFolder music;
    const auto track = (music / "clicks.wav").string();
    write_audio(track, as_channels(click_track(track_bpm, seconds * 1.2 + 10.0, 48'000), 2), 2, 48'000);
    JackServer server{{.period = period}};
    OscClient osc;
    std::vector<std::unique_ptr<LiveDeck>> decks;
    for (const std::string letter : {"A", "B"}) {
        decks.push_back(
            std::make_unique<LiveDeck>(server, music.path(), std::vector<std::string>{"--stretch", method}, letter));
        decks.back()->ask(osc, at::deck_cue, {track, 0.0, track_bpm});
    }
    const auto now = [&] { return static_cast<std::int64_t>(server.frame()); };
    const std::int64_t start = now() + static_cast<std::int64_t>(rate);
    Tempo tempo{start};
    tempo.tell_next(osc, decks);
    for (const auto& deck : decks) {
        deck->ask(osc, at::deck_start, {static_cast<std::int32_t>(start)});
    }
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * rate);
    while (tempo.begins() < end) {
        const auto told_at = static_cast<std::uint32_t>(tempo.begins() - static_cast<std::int64_t>(rate / 2.0));
        if (!server.wait_for_frame(told_at)) {
            throw std::runtime_error{"the server's clock stands still"};
        }
        tempo.tell_next(osc, decks);
    }
    double starved = 0.0;
    double underruns = 0.0;
    double reserve_ms = 0.0;
    double load = 0.0;
    std::string mode;
    for (const auto& deck : decks) {
        const auto health = deck->ask(osc, at::deck_health);
        starved += health.named("starved_frames");
        underruns += health.named("stretch_underruns");
        reserve_ms = std::max(reserve_ms, health.named("stretch_target_frames") / rate * 1000.0);
        load = std::max(load, health.named("worst_us") / health.named("budget_us"));
        for (std::size_t i = 0; i + 1 < health.arguments.size(); i += 2) {
            mode = health.text(i) == "stretch_mode" ? health.text(i + 1) : mode;
        }
    }
    print_figure("C4",
                 "2 decks " + method + ", " + shown(seconds) + " s at " + std::to_string(period) +
                     " frames: starved frames; stretch underruns; reserve, ms, and its mode; worst callback",
                 shown(starved) + "; " + shown(underruns) + "; " + shown(reserve_ms) + " " + mode + "; " +
                     shown(100.0 * load) + " % of the period",
                 "0; 0; ≤ 60", starved == 0.0 && underruns == 0.0 && reserve_ms <= 60.0);
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 300.0;
    const auto period = static_cast<std::uint32_t>(count > 2 ? std::atoi(arguments[2]) : 128);
    std::vector<std::string> methods{arguments + std::min(count, 3), arguments + count};
    if (methods.empty()) {
        methods = {"rate", "rubberband", "rubberband:fast", "wsola"};
    }
    try {
        for (const auto& method : methods) {
            measure(method, seconds, period);
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "deck_endurance: %s\n", failure.what());
        return 1;
    }
    return 0;
}
