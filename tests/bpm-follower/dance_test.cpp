// SPDX-License-Identifier: GPL-3.0-or-later
// What the crowd does to real decks, and what a storm of reports does to the follower.
#include "tests/bpm-follower/stand_in.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <lo/lo.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double ramp_scale = 1.0 / (1 << 23);  ///< a float holds every frame number below 2^24 exactly

/// A file whose samples grow with the frame, so that a read head between two frames still tells where it is.
void write_ramp(const std::filesystem::path& path, std::int64_t frames) {
    std::vector<float> samples;
    for (std::int64_t n = 0; n < frames; ++n) {
        const auto sample = static_cast<float>(static_cast<double>(n) * ramp_scale);
        samples.insert(samples.end(), {sample, sample});
    }
    write_audio(path, samples, 2, 48000);
}

/// Packets of every kind a detector, a phone and an enemy send.
std::vector<std::vector<char>> storm_packets() {
    std::vector<std::vector<char>> packets;
    std::mt19937 random{11};
    std::uniform_real_distribution<float> movement{0.0F, 0.9F};
    const auto add = [&](const char* address, float value) {
        const lo_message message = lo_message_new();
        lo_message_add_float(message, value);
        std::size_t size = 0;
        auto* const data = static_cast<char*>(lo_message_serialise(message, address, nullptr, &size));
        packets.emplace_back(data, data + size);
        std::free(data);  // NOLINT(cppcoreguidelines-no-malloc): liblo's own
        lo_message_free(message);
    };
    for (int i = 0; i < 200; ++i) {
        add(at::dance_total_movement, movement(random));
        add(i % 2 == 0 ? "/dance/arm_movement" : "/legs", movement(random));
        add(at::dance_total_movement, i % 3 == 0 ? std::nanf("") : -1.0F);
        add(i % 2 == 0 ? "/dance/*" : "/nobody/knows", 0.5F);
        auto broken = packets[packets.size() - 4];
        broken.resize(broken.size() - 1 - static_cast<std::size_t>(i % 20));
        packets.push_back(broken);
        for (auto& byte : broken) {
            byte = static_cast<char>(random());
        }
        packets.push_back(broken);
    }
    return packets;
}

/// Sends `per_second` packets a second for `seconds`. @returns how many went out
std::size_t storm(const std::string& url, double per_second, double seconds) {
    const auto packets = storm_packets();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1)));
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    std::size_t sent = 0;
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
        if (elapsed.count() > seconds) {
            break;
        }
        if (static_cast<double>(sent) > elapsed.count() * per_second) {
            ::usleep(200);  // paces the sender, waits for nothing
            continue;
        }
        const auto& packet = packets[sent % packets.size()];
        (void)::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        ++sent;
    }
    ::close(fd);
    return sent;
}

/// Every line that a listener heard, in the order of their words.
std::vector<WireLine> announced(const OscClient& listener) {
    std::vector<WireLine> lines;
    for (const auto& message : listener.received(at::tempo_line)) {
        const auto line = WireLine::of(message);
        if (lines.empty() || line.serial > lines.back().serial) {
            lines.push_back(line);
        }
    }
    return lines;
}

/// The beat at `frame` by the latest word that had begun by then.
double beat_of(const std::vector<WireLine>& lines, std::int64_t frame) {
    std::size_t i = lines.size() - 1;
    while (i > 0 && lines[i].f0 > frame) {
        --i;
    }
    return lines[i].line().beat_at(static_cast<double>(frame)).value;
}

/// A deck of the build tree with a cued file.
struct CuedDeck {
    CuedDeck(const JackServer& server, const std::string& letter, const std::filesystem::path& file)
        : process{{program_path("crowdjack-deck"), "--server", server.name(), "--name", letter, "--music-dir",
                   file.parent_path().string()},
                  armed()},
          name{"deck-" + letter},
          url{wait_for_client(server.name(), name)} {
        const auto cued = person.request(url, at::deck_cue, {file.string(), 0.0, 120.0});
        REQUIRE(cued.has_value());
        REQUIRE_MESSAGE(cued->is_reply_to(at::deck_cue), cued->shown());
    }
    Process process;
    std::string name, url;
    OscClient person;
};

}  // namespace

TEST_CASE("two decks stay sample-aligned, and where the line has them, through a replayed dance") {
    const JackServer server;
    const TemporaryFolder folder;
    write_ramp(folder / "ramp.wav", 48'000 * 40);
    {
        // Up, down, up within seconds: a dance at twenty times its speed.
        std::ofstream trace{folder / "dance.csv"};
        trace << "time,value\n";
        for (int second = 0; second < 200; ++second) {
            trace << second << "," << 0.35 + 0.3 * std::sin(second / 12.0) << "\n";
        }
        std::ofstream config{folder / "bpm_config.json"};
        config << R"({"movement_bpm": {"smoothing": {"transition_time_seconds": 2}}})";
    }
    CuedDeck a{server, "A", folder / "ramp.wav"};
    CuedDeck b{server, "B", folder / "ramp.wav"};
    Capture capture{server.name(), {"capture", 2, 30.0}};
    capture.listen_to(a.name + ":out_l", 0);
    capture.listen_to(b.name + ":out_l", 1);
    OscClient listener;
    Process follower{{program_path("crowdjack-bpm-follower"), "--server", server.name(), "--osc-port", "0", "--replay",
                      folder / "dance.csv", "--speed", "20", "--bpm-config", folder / "bpm_config.json", "--send-to",
                      listener.url()},
                     armed()};
    REQUIRE(follower.wait_for_line("target").has_value());

    const std::int64_t start = server.frame() + 12'000;
    for (auto* deck : {&a, &b}) {
        REQUIRE(deck->person.request(deck->url, at::deck_start, {static_cast<std::int32_t>(start)}).has_value());
    }
    REQUIRE(follower.wait_for_line("the trace is over").has_value());
    const std::int64_t end = *capture.end_frame() - 1024;

    // Frames that a starved machine let somebody miss are no word on alignment: both decks must be heard on them. Where
    // it ran a deck too late for a cycle, JACK hands on the cycle before.
    const auto repeats = [&](std::size_t channel, std::int64_t frame) {
        return capture.sample(channel, frame) == capture.sample(channel, frame - server.period());
    };
    // Frames: what a line may move a deck by without being called late, and two steps of the ramp's floats.
    constexpr double least_apart = 0.01 + 2.0 / 32.0;
    std::uint64_t repeated = 0;
    std::size_t apart = 0;
    std::size_t together = 0;
    double furthest = 0.0;
    std::int64_t last_apart = 0;
    for (std::int64_t frame = start; frame < end; ++frame) {
        const auto left = capture.sample(0, frame);
        const auto right = capture.sample(1, frame);
        if (left && right && *left != 0.0F && *right != 0.0F) {
            ++together;
            if (*left != *right && (repeats(0, frame) || repeats(1, frame))) {
                ++repeated;
            } else if (const double distance = std::abs(static_cast<double>(*left - *right)) / ramp_scale;
                       distance > least_apart) {
                ++apart;
                furthest = std::max(furthest, distance);
                last_apart = frame - start;
            }
        }
    }
    const auto lines = announced(listener);
    const double beat_at_start = beat_of(lines, start);
    double worst_frames = 0.0;
    for (std::int64_t frame = start + 4800; frame < end; frame += 480) {
        const auto left = capture.sample(0, frame);
        if (left && *left != 0.0F && !repeats(0, frame)) {
            const double meant = (beat_of(lines, frame) - beat_at_start) * 0.5 * 48'000.0;
            worst_frames = std::max(worst_frames, std::abs(static_cast<double>(*left) / ramp_scale - meant));
        }
    }
    CHECK(end - start > 48'000 * 6);
    CHECK(lines.size() > 10);
    CHECK(together > 48'000 * 5);
    double late_lines = 0.0;
    for (auto* deck : {&a, &b}) {
        const auto health = deck->person.request(deck->url, at::deck_health);
        REQUIRE(health.has_value());
        late_lines += health->named("late_lines");
    }
    // A deck that had no processor until a line had begun goes on by the old one for a cycle or two.
    CHECK((apart == 0 || late_lines > 0.0));
    CHECK(repeated <= server.period() * capture.xruns());
    // The ramp is read with a sinc whose gain is exact to 1e-6 or so: at frame 400,000 less than half a frame.
    CHECK(worst_frames < 0.5);
    MESSAGE("lines " << lines.size() << ", frames " << end - start << ", heard " << together << ", apart " << apart
                     << " (by up to " << furthest << " frames, the last at " << last_apart << "), repeated " << repeated
                     << ", late lines " << late_lines << ", worst against the line " << worst_frames << " frames");
}

TEST_CASE("ten seconds of messages as fast as they can be sent, half of them broken, lose no line and no memory") {
    const JackServer server;
    StandIn deck{server.name(), "deck-A", "deck"};
    Process follower{{program_path("crowdjack-bpm-follower"), "--server", server.name(), "--osc-port", "0"}, armed()};
    const auto url = wait_for_client(server.name(), "bpm-follower");
    // Once round the storm, so that every path has run and every buffer has its size.
    storm(url, 20'000, 0.5);
    OscClient person;
    // The last of a storm may still fill the socket, and a question behind it be lost: UDP's way.
    const auto answers = [&] { return person.request(url, at::tempo_state).has_value(); };
    REQUIRE(eventually(answers));
    const auto memory = follower.memory().anonymous;

    const Capture cycles{server.name(), {.name = "cycles", .channels = 1, .seconds = 30.0}};
    const auto sent = storm(url, 100'000, 10.0);
    const auto xruns = cycles.xruns();  // said, not judged: a shared machine has its own
    REQUIRE(eventually(answers));
    const auto answer = person.request(url, at::tempo_state);
    REQUIRE(answer.has_value());
    REQUIRE(person.request(url, at::tempo_hold, {true}).has_value());
    REQUIRE(person.request(url, at::tempo_hold, {false}).has_value());
    for (int i = 0; i < 5; ++i) {
        person.send(url, at::dance_total_movement, {0.375F});
    }
    REQUIRE(eventually([&] { return person.request(url, at::tempo_state)->number(1) == 124.0; }));
    const auto serial = static_cast<std::int32_t>(person.request(url, at::tempo_state)->number(5));
    REQUIRE(eventually([&] { return !deck.lines().empty() && deck.lines().back().serial >= serial; }));

    // Every serial reached the deck, each line before it began and continuous with the one before.
    TempoMap tempo;
    std::int32_t last = 0;
    std::size_t gaps = 0;
    double worst = 0.0;
    for (const auto& each : deck.lines()) {
        if (each.serial <= last) {
            continue;
        }
        gaps += each.serial == last + 1 ? 0U : 1U;
        if (last > 0) {
            worst = std::max(worst, std::abs(tempo.beat_at(static_cast<double>(each.f0)).value - each.b0));
        }
        tempo.add(each.line());
        tempo.forget_before(JackFrame{each.f0});
        last = each.serial;
    }
    CHECK(sent > 100'000);  // a storm, however busy the machine is
    CHECK(gaps == 0);
    CHECK(worst < 1e-9);
    const auto memory_after = follower.memory().anonymous;
    CHECK(memory_after < memory + (1U << 20U));
    CHECK(follower.terminate() == 0);
    MESSAGE(sent << " packets in 10 s, " << xruns << " xruns, " << last << " lines, memory " << memory
                 << " bytes before, " << memory_after << " after");
}
