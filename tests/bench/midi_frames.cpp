// SPDX-License-Identifier: GPL-3.0-or-later
// A controller sends thousands of notes and controllers, each on a frame that is known beforehand, to
// `crowdjack-session midi`. Each effect must be heard on its frame: a fader and a mute in the mixer's master, a start
// in the deck's sound.
//
// usage: midi_frames [EVENTS]   (10000 by default, a hundred a second)
#include "common/protocol/description.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/figures.hpp"

#include <jack/midiport.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

using namespace crowdjack::test;
using std::string;

namespace {

constexpr std::int64_t rate = 48000;
/// A knob takes 10 ms to its new place, then it must stand still until the next event of that channel is heard.
constexpr std::int64_t apart = 960;
constexpr std::int64_t ramp = 480;
/// What a map adds to each frame, so that the command is there in time also on a machine that is busy with tests.
constexpr int lead_ms = 100;
constexpr std::int64_t lead = rate * lead_ms / 1000;
constexpr std::uint8_t start_key = 60, mute_left = 61, mute_right = 62, fader_left = 1, fader_right = 2;

struct Event {
    std::int64_t frame{};
    std::array<std::uint8_t, 3> bytes{};
    std::size_t channel{};  ///< where its effect is heard: 0 and 1 the master, 2 the deck
    bool sent{false};       ///< by audio, before Controller::sent() counts it
};

/// On each side the fader goes down, the mute goes on and off, the fader goes up: every one of them is heard. Beside
/// them, now and then, a deck starts.
std::vector<Event> score(int count, std::int64_t from) {
    std::vector<Event> events;
    for (int i = 0; static_cast<int>(events.size()) < count; ++i) {
        const bool right = i % 2 == 1;
        const std::int64_t frame = from + i * apart / 2 + (i * 37) % 101;
        const std::uint8_t fader = right ? fader_right : fader_left;
        const std::uint8_t mute = right ? mute_right : mute_left;
        const std::array<std::array<std::uint8_t, 3>, 4> turns{
            {{0xB0, fader, 100}, {0x90, mute, 127}, {0x80, mute, 0}, {0xB0, fader, 127}}};
        events.push_back({frame, turns.at(static_cast<std::size_t>(i / 2 % 4)), right ? 1U : 0U});
        if (i % 25 == 24) {
            events.push_back({frame + 100, {0x90, start_key, 100}, 2});
        }
    }
    return events;
}

/// Plays the score, each event in its cycle at its frame. What lies in a cycle that the server skipped is left out.
class Controller {
public:
    explicit Controller(const string& server) : client_{open_client(server, "controller")} {
        port_ = jack_port_register(client_, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
        jack_set_process_callback(client_, &Controller::process, this);
        if (port_ == nullptr || jack_activate(client_) != 0) {
            throw std::runtime_error{"the controller can't be activated"};
        }
    }
    ~Controller() { close_client(client_); }
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    [[nodiscard]] bool join(const char* to) {
        return eventually([&] { return jack_connect(client_, jack_port_name(port_), to) == 0; });
    }
    void play(std::vector<Event>& events) {
        events_ = &events;
        ready_.store(true, std::memory_order_release);
    }
    /// The first frame of the latest cycle.
    [[nodiscard]] std::int64_t now() const { return now_.load(std::memory_order_acquire); }
    [[nodiscard]] bool done() const { return done_.load(std::memory_order_acquire); }

private:
    static int process(jack_nframes_t frames, void* self) {
        static_cast<Controller*>(self)->cycle(static_cast<std::int64_t>(frames));
        return 0;
    }
    void cycle(std::int64_t frames) {
        const std::int64_t first = jack_last_frame_time(client_);
        void* const buffer = jack_port_get_buffer(port_, static_cast<jack_nframes_t>(frames));
        jack_midi_clear_buffer(buffer);
        now_.store(first, std::memory_order_release);
        if (!ready_.load(std::memory_order_acquire)) {
            return;
        }
        for (; next_ < events_->size() && (*events_)[next_].frame < first + frames; ++next_) {
            Event& event = (*events_)[next_];
            event.sent =
                event.frame >= first && jack_midi_event_write(buffer, static_cast<jack_nframes_t>(event.frame - first),
                                                              event.bytes.data(), event.bytes.size()) == 0;
        }
        done_.store(next_ == events_->size(), std::memory_order_release);
    }

    jack_client_t* client_;
    jack_port_t* port_{nullptr};
    std::vector<Event>* events_{nullptr};
    std::size_t next_{0};                           ///< audio thread only
    std::atomic<std::int64_t> now_{0};              ///< written by audio (release)
    std::atomic<bool> ready_{false}, done_{false};  ///< by main (release) / by audio (release)
};

/// How many frames after its frame the mixer's effect begins; nothing when that was not recorded or did not come. What
/// leaves the master at F was made of what came in `mixer_latency` before.
std::optional<std::int64_t> mixer_delay(const Capture& capture, const Event& event) {
    const std::int64_t due = event.frame + lead + mixer_latency;
    const auto still = capture.sample(event.channel, due - 40);
    for (std::int64_t frame = due - 40; still && frame < due + ramp; ++frame) {
        const auto sample = capture.sample(event.channel, frame);
        if (!sample) {
            return std::nullopt;
        }
        if (*sample != *still) {
            return frame - due;
        }
    }
    return std::nullopt;
}

/// The same of a deck that starts: what it played until then ends, and once the blend of 5 ms is over it stands where
/// it would had it begun on that frame.
std::optional<std::int64_t> deck_delay(const Capture& capture, const Event& event) {
    const PositionCode code{24};
    const std::int64_t due = event.frame + lead;
    const auto place = [&](std::int64_t frame) -> std::optional<std::int64_t> {
        const auto position = code.frame_of(capture.sample(event.channel, frame).value_or(0.0F));
        return position ? std::optional{*position - frame} : std::nullopt;
    };
    constexpr std::int64_t blend = 240;
    if (place(due + blend + 1) != -due) {
        return std::nullopt;
    }
    const auto before = place(due - 40);
    for (std::int64_t frame = due - 40; frame <= due + blend; ++frame) {
        if (place(frame) != before) {
            return frame - due;
        }
    }
    return std::nullopt;
}

bool recorded(const Capture& capture, const Event& event) {
    for (std::int64_t frame = event.frame; frame < event.frame + lead + ramp; frame += 16) {
        if (!capture.sample(event.channel, frame)) {
            return false;
        }
    }
    return true;
}

struct Tally {
    int sent{0}, unheard{0}, skipped{0};
    std::map<std::int64_t, int> delays;

    void take(const Capture& capture, const Event& event) {
        // Where one was left out, the next of its round may change nothing that could be heard.
        int& unsure = unsure_.at(event.channel);
        unsure = event.sent ? std::max(unsure - 1, 0) : 4;
        if (unsure > 0 || !recorded(capture, event)) {
            ++skipped;  // the machine's cycles, not ours
            return;
        }
        ++sent;
        const auto delay = event.channel == 2 ? deck_delay(capture, event) : mixer_delay(capture, event);
        if (delay) {
            ++delays[*delay];
        } else {
            ++unheard;
        }
    }
    [[nodiscard]] int on_frame(std::int64_t most) const {
        int sum = 0;
        for (const auto& [delay, count] : delays) {
            sum += delay >= 0 && delay <= most ? count : 0;
        }
        return sum;
    }
    void print(const char* what) const {
        std::printf("  %s: %d sent, %d unheard, %d in cycles that the server skipped; frames late:", what, sent,
                    unheard, skipped);
        for (const auto& [delay, count] : delays) {
            std::printf(" %lld (%d)", static_cast<long long>(delay), count);
        }
        std::printf("\n");
    }

private:
    std::array<int, 3> unsure_{};  ///< events of each channel that tell nothing
};

const std::string map_text = [] {
    const auto control = [](const std::string& input, const std::string& address, const std::string& more = {}) {
        return "[[control]]\ninput = \"" + input + "\"\naddress = \"" + address + "\"\n" + more;
    };
    using crowdjack::protocol::filled;
    return "takeover = \"jump\"\n" + control("note 1 60", filled(at::deck_start, {"A"})) +
           control("note 1 61", filled(at::mixer_mute, {"C"}), "on = \"hold\"\n") +
           control("note 1 62", filled(at::mixer_mute, {"D"}), "on = \"hold\"\n") +
           control("cc 1 1", filled(at::mixer_gain, {"C"})) + control("cc 1 2", filled(at::mixer_gain, {"D"}));
}();

}  // namespace

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::atoi(argv[1]) : 10'000;
    SessionRoom room;
    const auto map = room.folder / "map.toml";
    std::ofstream{map} << "lead_ms = " << lead_ms << '\n' << map_text;
    const string track = room.coded_track("left.wav", CodedChannels::left_only);
    if (!room.wait_until_whole() || !room.ask(at::cue, {string{"A"}, track}) || !room.ask("/mixer/A/mute", {true})) {
        std::printf("the session did not come up:\n%s\n", room.session->output().c_str());
        return 1;
    }
    Process midi{{program_path("crowdjack-session"), "midi", "--server", "test", map.string()}};
    JackProbe steady{"test", "steady", 0, 2, [](const JackProbe::Cycle& cycle) {
                         for (float* const output : cycle.outputs) {
                             std::fill(output, output + cycle.frames, 0.25F);
                         }
                     }};
    steady.connect(steady.output(0), "mixer-bus:C_l");
    steady.connect(steady.output(1), "mixer-bus:D_r");
    Controller controller{"test"};
    const double seconds = static_cast<double>(count) * apart / 2.0 / rate;
    Capture capture{"test", {"capture", 3, seconds + 20.0}};
    capture.listen_to("mixer-bus:master_l", 0);
    capture.listen_to("mixer-bus:master_r", 1);
    capture.listen_to("deck-A:out_l", 2);
    if (!controller.join("midi-control:in") || !capture.wait_for_sound(0, capture.first_frame()) ||
        !eventually([&] { return controller.now() > 0; })) {
        std::printf("the controller did not come up:\n%s\n", midi.output().c_str());
        return 1;
    }
    auto events = score(count, controller.now() + rate);
    controller.play(events);
    const std::int64_t end = events.back().frame + lead + rate;
    (void)eventually([&] { return controller.done(); }, Deadline{static_cast<std::int64_t>(seconds * 1000.0) + 60'000});
    (void)capture.wait_until(end, Deadline{60'000});

    Tally mixer;
    Tally deck;
    for (const Event& event : events) {
        (event.channel == 2 ? deck : mixer).take(capture, event);
    }
    mixer.print("faders and mutes");
    deck.print("starts");
    if (midi.output().find("messages-lost") != string::npos || midi.output().find("refused") != string::npos) {
        std::printf("%s\n", midi.output().c_str());
    }
    // The first sample of a ramp or a blend may still be the old value.
    constexpr std::int64_t ramp_begins = 1;
    const int on_frame = mixer.on_frame(ramp_begins) + deck.on_frame(ramp_begins);
    const bool all = mixer.sent + deck.sent > count / 2 && on_frame == mixer.sent + deck.sent;
    print_figure("W8",
                 "MIDI: notes and controllers whose effect is heard on their frame (" + std::to_string(mixer.sent) +
                     " faders and mutes, " + std::to_string(deck.sent) + " starts, " +
                     std::to_string(mixer.skipped + deck.skipped) + " in skipped cycles)",
                 std::to_string(on_frame) + " of " + std::to_string(mixer.sent + deck.sent), "all", all);
    return all ? 0 : 1;
}
