// SPDX-License-Identifier: GPL-3.0-or-later
// A controller as JACK has it, a session, and what is heard.
#include "tests/bpm-follower/ear.hpp"
#include "tests/session/session_room.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <jack/midiport.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <memory>
#include <sstream>

using namespace crowdjack::test;
using std::string;

namespace {

/// A controller: sends one message at a time, at the next cycle, and says at which frame it was.
class Keys {
public:
    explicit Keys(const string& server) : client_{open_client(server, "keys")} {
        port_ = jack_port_register(client_, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
        jack_set_process_callback(client_, &Keys::process, this);
        if (port_ == nullptr || jack_activate(client_) != 0) {
            throw std::runtime_error{"the keys can't be activated"};
        }
    }
    ~Keys() { close_client(client_); }
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;

    [[nodiscard]] jack_client_t* client() const noexcept { return client_; }

    /// Joins two ports as soon as both are there and alive: a port is seen before its client is activated. Then waits
    /// for some cycles: the server takes a new connection into its graph between two of them.
    [[nodiscard]] bool join(const char* from, const char* to) {
        const bool joined = eventually([&] {
            const int result = jack_connect(client_, from, to);
            return result == 0 || result == EEXIST;
        });
        const std::uint64_t then = cycles_.load(std::memory_order_relaxed) + 4;
        return joined && eventually([&] { return cycles_.load(std::memory_order_relaxed) >= then; });
    }

    /// @returns the frame at which the message stands
    std::uint32_t send(std::array<std::uint8_t, 3> bytes, std::uint32_t offset) {
        const std::uint64_t before = sent_.load();
        bytes_ = bytes;
        offset_ = offset;
        wanted_.store(before + 1, std::memory_order_release);
        REQUIRE(eventually([&] { return sent_.load(std::memory_order_acquire) == before + 1; }));
        return frame_;
    }

private:
    static int process(jack_nframes_t frames, void* self) {
        auto& keys = *static_cast<Keys*>(self);
        keys.cycles_.fetch_add(1, std::memory_order_relaxed);
        void* const buffer = jack_port_get_buffer(keys.port_, frames);
        jack_midi_clear_buffer(buffer);
        if (keys.wanted_.load(std::memory_order_acquire) == keys.sent_.load(std::memory_order_relaxed)) {
            return 0;
        }
        keys.frame_ = jack_last_frame_time(keys.client_) + keys.offset_ % frames;
        (void)jack_midi_event_write(buffer, keys.offset_ % frames, keys.bytes_.data(), keys.bytes_.size());
        keys.sent_.store(keys.wanted_.load(), std::memory_order_release);
        return 0;
    }

    jack_client_t* client_;
    jack_port_t* port_{nullptr};
    std::array<std::uint8_t, 3> bytes_{};
    std::uint32_t offset_{}, frame_{};
    std::atomic<std::uint64_t> wanted_{0}, sent_{0};
    std::atomic<std::uint64_t> cycles_{0};  ///< by audio (relaxed)
};

std::vector<string> midi_command(const std::vector<string>& more) {
    std::vector<string> command{program_path("crowdjack-session"), "midi", "--server", "test"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

double fader_of(SessionRoom& room, const string& strip) {
    const auto state = room.osc.request(registry_entry("test", "mixer-bus")->at("url"), at::mixer_gain, {strip});
    return state ? state->number(1) : NAN;
}

constexpr const char* map_text = R"(
takeover = "jump"
[[control]]
input = "note 1 60"
address = '/deck/A/start'
[[control]]
input = "cc14 1 0 32"
address = "/mixer/B/gain"
[[control]]
input = "note 1 61"
output = "note 1 61"
address = "/mixer/B/mute"
)";

}  // namespace

TEST_CASE("a controller's key starts a deck on its own frame, faders move in 14 bits, lamps follow others' hands") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const std::filesystem::path map = room.folder / "map.toml";
    std::ofstream{map} << map_text;
    Process midi{midi_command({map.string()})};
    Keys keys{"test"};
    Ear lamps{"test", "lamps"};
    REQUIRE(keys.join("keys:out", "midi-control:in"));
    REQUIRE(keys.join("midi-control:out", "lamps:in"));

    Capture capture{"test", Capture::Settings{"capture", 2, 60.0}};
    capture.listen_to("mixer-bus:master_l", 0);
    const string track = room.coded_track("left.wav", CodedChannels::left_only);
    REQUIRE(room.ask(at::cue, {string{"A"}, track})->is_reply_to(at::cue));
    const auto from = capture.end_frame().value_or(0);
    for (int i = 0; i < 3; ++i) {
        CAPTURE(i);
        const std::int64_t frame = keys.send({0x90, 60, 100}, static_cast<std::uint32_t>(17 + 61 * i));
        // Whenever its message got there: the track stands where it would had it begun on that frame.
        REQUIRE(eventually([&] { return in_phase_from(capture, 0, std::max(from, frame), -frame).has_value(); }));
        const auto since = in_phase_from(capture, 0, std::max(from, frame), -frame);
        REQUIRE(since);
        MESSAGE("heard " << *since - frame << " frames after its key");
    }

    (void)keys.send({0xB0, 0, 64}, 0);
    (void)keys.send({0xB0, 32, 1}, 0);
    CHECK(eventually([&] { return std::abs(fader_of(room, "B") - 8193.0 / 16383.0) < 1e-6; }));

    REQUIRE(eventually([&] { return lamps.count_of(0x90) > 0; }));  // as it is: not muted
    const std::size_t before = lamps.heard_count();
    REQUIRE(jack_disconnect(keys.client(), "midi-control:out", "lamps:in") == 0);
    REQUIRE(keys.join("midi-control:out", "lamps:in"));
    REQUIRE(
        eventually([&] { return lamps.count_of(0x90, before) > 0; }));  // a controller that is patched anew sees all
    REQUIRE_FALSE(
        eventually([&, count = lamps.heard_count()] { return lamps.heard_count() > count + 3; }, Deadline{600}));
    const std::size_t mark = lamps.heard_count();
    room.osc.send(registry_entry("test", "mixer-bus")->at("url"), at::mixer_mute, {string{"B"}, true});
    REQUIRE(eventually([&] { return lamps.count_of(0x90, mark) > 0; }));
    CHECK(lamps.heard(mark).bytes == std::array<std::uint8_t, 3>{0x90, 61, 127});
    CHECK(midi.terminate() == 0);
}

TEST_CASE("a map is learnt by moving controls and naming addresses, and works at once") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string pipe = (room.folder / "typed").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const std::filesystem::path map = room.folder / "learnt.toml";
    Process learning{{"sh", "-c",
                      "exec '" + program_path("crowdjack-session") + "' midi --server test '" + map.string() +
                          "' --learn < '" + pipe + "'"}};
    const int typed = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(typed >= 0);
    const auto type = [typed](const string& line) {
        REQUIRE(::write(typed, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    };
    Keys keys{"test"};
    REQUIRE(keys.join("keys:out", "midi-control:in"));
    (void)keys.send({0xB2, 21, 10}, 0);
    REQUIRE(learning.wait_for_line("cc 3 21 was moved"));
    type("/mixer/A/gian\n");
    REQUIRE(learning.wait_for_line("did you mean"));
    type("/mixer/A/gain\n");
    REQUIRE(learning.wait_for_line("Written: cc 3 21 moves /mixer/A/gain"));
    (void)keys.send({0xB2, 21, 90}, 0);
    REQUIRE(learning.wait_for_line("cc 3 21 already moves /mixer/A/gain"));
    type("\n");
    REQUIRE(learning.wait_for_line("Left out"));
    (void)::close(typed);
    CHECK(learning.terminate() == 0);

    Process midi{midi_command({map.string()})};
    REQUIRE(keys.join("keys:out", "midi-control:in"));
    // It stands at 1: the fader takes it over at the top, and not before.
    CHECK(eventually([&] {
        (void)keys.send({0xB2, 21, 127}, 0);
        (void)keys.send({0xB2, 21, 64}, 0);
        return std::abs(fader_of(room, "A") - 64.0 / 127.0) < 1e-6;
    }));
    CHECK(midi.terminate() == 0);
}
