// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/mixer-bus/icecast.hpp"
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/frozen_disk.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/undisturbed.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// The left channel of a stream's dump, read to its end.
Signal decoded_left(const std::filesystem::path& path) {
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    Signal left;
    Signal buffer(2048);
    for (sf_count_t n = 0; file != nullptr && (n = sf_readf_float(file, buffer.data(), 1024)) > 0;) {
        for (sf_count_t i = 0; i < n; ++i) {
            left.push_back(buffer[static_cast<std::size_t>(2 * i)]);
        }
    }
    if (file != nullptr) {
        sf_close(file);
    }
    return left;
}

std::optional<std::size_t> onset(const Signal& signal, float threshold) {
    for (std::size_t i = 0; i < signal.size(); ++i) {
        if (std::fabs(signal[i]) > threshold) {
            return i;
        }
    }
    return {};
}

}  // namespace

TEST_CASE("a recording is what the master played, from the frame asked for, even ten seconds back") {
    undisturbed([] {
        MixerRoom room;
        const Stereo music{noise(480000, 1), noise(480000, 2)};
        const auto deck = room.player("A", music);
        const auto capture = room.capture();
        const std::int64_t start = room.soon();
        deck->start_at(start);
        REQUIRE(capture->wait_until(start + 96000));
        const auto begun =
            room.osc.request(room.url, at::mixer_record_start, {"set.wav", 1.0, frame_value(start + 72000)});
        REQUIRE(begun);
        REQUIRE(begun->is_reply_to(at::mixer_record_start));
        CHECK(begun->text(1) == (room.folder / "set.wav").string());
        CHECK(begun->number(2) == static_cast<double>(start + 24000));
        CHECK(room.error_code(at::mixer_record_start, {"other.wav"}) == 4);
        REQUIRE(room.obeys(at::mixer_record_stop, {frame_value(start + 144000)}));
        REQUIRE(room.mixer->wait_for_line("recorded path="));
        if (disturbed(*capture)) {
            return false;
        }
        const auto content = read_audio(room.folder / "set.wav");
        REQUIRE(content.frames() == 120000);
        const auto heard = capture->samples(0, start + 24000, start + 144000);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < 120000; ++i) {
            wrong += content.interleaved[2 * i] == heard[i] ? 0U : 1U;
        }
        CHECK(wrong == 0);
        CHECK(room.error_code(at::mixer_record_start, {"set.wav"}) == 4);
        return true;
    });
}

TEST_CASE("a recording stopped now is whole when the reply comes") {
    MixerRoom room;
    for (const char* name : {"now.wav", "now.flac", "now.ogg", "now.rf64"}) {
        REQUIRE(room.obeys(at::mixer_record_start, {name, 0.5}));
        const auto stopped = room.osc.request(room.url, at::mixer_record_stop);
        REQUIRE(stopped);
        REQUIRE(stopped->is_reply_to(at::mixer_record_stop));
        CHECK(read_audio(room.folder / name).frames() == static_cast<std::int64_t>(stopped->number(2)));
    }
}

TEST_CASE("kill -9 takes less than a second of a recording, the file opens, and --resume goes on in a new one") {
    for (const std::string name : {"set.wav", "set.flac", "set.ogg"}) {
        CAPTURE(name);
        MixerRoom room;
        const auto deck = room.player("A", {noise(480000, 1), noise(480000, 2)});
        deck->start_at(room.soon(0.1));
        const auto begun = room.osc.request(room.url, at::mixer_record_start, {name});
        REQUIRE(begun);
        const auto start = static_cast<std::uint32_t>(static_cast<std::int64_t>(begun->number(2)));
        REQUIRE(room.server.wait_for_frame(start + 84000));
        const std::uint32_t killed = room.server.frame();
        room.mixer->kill_hard();
        const Signal left = decoded_left(room.folder / name);
        CHECK(left.size() + 48000 >= killed - start);
        if (std::system("command -v sox >/dev/null") == 0) {
            CHECK(std::system(("sox '" + (room.folder / name).string() + "' -n stat 2>/dev/null").c_str()) == 0);
        }
        room.start({"--resume"});
        const std::string again = "set-2" + name.substr(3);
        REQUIRE(room.mixer->wait_for_line(again));
        REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(room.soon(0.2))));
        REQUIRE(room.obeys(at::mixer_record_stop));
        CHECK(decoded_left(room.folder / again).size() > 0);
        CHECK_FALSE(std::filesystem::exists(registry_of(room.server.name()) / "mixer-bus.running.state"));
    }
}

TEST_CASE("on a full disk there is one error, the file plays, and the mix goes on") {
    undisturbed([] {
        MixerRoom room;
        const auto small = room.folder / "small";
        std::filesystem::create_directory(small);
        if (mount("none", small.c_str(), "tmpfs", 0, "size=512k") != 0) {
            MESSAGE("skipped: this system refuses a small file system to fill");
            return true;
        }
        const Stereo music{noise(480000, 1), noise(480000, 2)};
        const auto deck = room.player("A", music);
        const auto capture = room.capture();
        const std::int64_t start = room.soon(0.1);
        deck->start_at(start);
        REQUIRE(room.obeys(at::subscribe));
        REQUIRE(room.obeys(at::mixer_record_start, {"small/set.wav"}));
        REQUIRE(room.osc.wait_for(at::mixer_record_failed));
        const std::int64_t after = room.soon(0.0);
        REQUIRE(capture->wait_until(after + 24000));
        CHECK(room.osc.received(at::mixer_record_failed).size() == 1);
        CHECK(read_audio(small / "set.wav").frames() > 60000);
        const auto heard = capture->samples(0, start + master_delay, after + 24000);
        CHECK(room.obeys(at::mixer_record_start, {"elsewhere.wav"}));
        CHECK(room.obeys(at::mixer_record_stop));
        umount2(small.c_str(), MNT_DETACH);
        if (disturbed(*capture)) {
            return false;
        }
        CHECK(std::equal(heard.begin(), heard.end(), music[0].begin()));
        return true;
    });
}

TEST_CASE("a disk that stands still for ten seconds costs the recording no frame and the mix no sample") {
    MixerRoom room;
    FrozenDisk disk{room.folder.path()};
    if (!disk.possible()) {
        MESSAGE("skipped: ", disk.why_not());
        return;
    }
    undisturbed([&, take = 0]() mutable {
        const std::string path = (disk.path() / ("set" + std::to_string(++take) + ".wav")).string();
        const Stereo music{noise(48000 * 14, 1), noise(48000 * 14, 2)};
        const auto deck = room.player("A", music);
        const auto capture = room.capture();
        REQUIRE(room.obeys(at::mixer_record_start, {path}));
        const std::int64_t start = room.soon(0.2);
        deck->start_at(start);
        REQUIRE(capture->wait_until(start + 48000));
        disk.freeze();
        const bool ten_seconds = capture->wait_until(start + 48000 * 11);
        disk.thaw();
        REQUIRE(ten_seconds);
        REQUIRE(capture->wait_until(start + 48000 * 12 + 4800));
        REQUIRE(room.obeys(at::mixer_record_stop));
        const auto said = room.mixer->wait_for_line("recorded path=" + path);
        REQUIRE(said);
        CHECK(said->find("lost=0") != std::string::npos);
        if (disturbed(*capture)) {
            return false;
        }
        const auto content = read_audio(path);
        std::size_t first = 0;
        while (content.interleaved[2 * first] == 0.0F) {
            ++first;
        }
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < 48000 * 12; ++i) {
            const auto heard = capture->sample(0, start + master_delay + static_cast<std::int64_t>(i));
            wrong += heard == music[0][i] && content.interleaved[2 * (first + i)] == music[0][i] ? 0U : 1U;
        }
        CHECK(wrong == 0);
        return true;
    });
}

TEST_CASE("--record records from the very first frame and SIGTERM leaves a whole file behind a fade of 20 ms") {
    undisturbed([] {
        MixerRoom room{{"--record", "night.wav"}};
        REQUIRE(room.mixer->wait_for_line("recording path="));
        const auto deck = room.player("A", {Signal(480000, 0.5F), Signal(480000, 0.5F)});
        const auto capture = room.capture();
        const std::int64_t start = room.soon(0.1);
        deck->start_at(start);
        REQUIRE(capture->wait_until(start + 24000));
        const double mixed = room.ask(at::mixer_health).named("frames");
        REQUIRE(mixed > 24000.0);
        CHECK(room.mixer->terminate() == 0);
        if (disturbed(*capture)) {
            return false;
        }
        const auto content = read_audio(room.folder / "night.wav");
        CHECK(static_cast<double>(content.frames()) >= mixed);
        Signal left;
        for (std::int64_t i = 0; i < content.frames(); ++i) {
            left.push_back(content.interleaved[static_cast<std::size_t>(2 * i)]);
        }
        const auto loud = std::find(left.rbegin(), left.rend(), 0.5F).base();  // the first sample of the fade
        REQUIRE(loud != left.begin());
        const auto silent = std::find(loud, left.end(), 0.0F);
        REQUIRE(silent != left.end());
        CHECK(std::all_of(silent, left.end(), [](float x) { return x == 0.0F; }));
        CHECK(std::is_sorted(loud, silent, std::greater<>{}));
        // 960 frames of half a cosine, of which the flat ends round to the levels themselves
        CHECK(silent - loud > 900);
        CHECK(silent - loud <= 960);
        return true;
    });
}

TEST_CASE("the recording goes on across a death of the JACK server") {
    undisturbed([] {
        MixerRoom room;
        REQUIRE(room.obeys(at::mixer_record_start, {"set.wav"}));
        room.server.kill_hard();
        room.server.restart();
        REQUIRE(room.server.wait_for_port("mixer-bus:master_r"));
        room.url = wait_for_client(room.server.name(), "mixer-bus");
        const auto deck = room.player("A", {Signal(48000, 0.5F), Signal(48000, 0.5F)});
        const auto capture = room.capture();
        const std::int64_t start = room.soon();
        deck->start_at(start);
        REQUIRE(capture->wait_until(start + master_delay + 48000));
        if (disturbed(*capture)) {
            return false;
        }
        REQUIRE(room.obeys(at::mixer_record_stop));
        const auto content = read_audio(room.folder / "set.wav");
        const auto heard = capture->samples(0, start + master_delay, start + master_delay + 48000);
        std::int64_t loud = 0;
        for (std::int64_t i = 0; i < content.frames(); ++i) {
            loud += content.interleaved[static_cast<std::size_t>(2 * i)] == 0.5F ? 1 : 0;
        }
        // What the master's listener heard tells whether it was lost before the mixer's output or behind it.
        CHECK_MESSAGE(loud == 48000, "recorded ", loud, ", heard ", std::count(heard.begin(), heard.end(), 0.5F));
        return true;
    });
}

TEST_CASE("as fast as it goes, two minutes in are two minutes out and two minutes recorded") {
    MixerRoom room{{}, 1024};
    constexpr std::int64_t length = 120 * 48000;
    // Each sample says its own place: 24 bits are exact in a float.
    std::atomic<std::int64_t> first{-1};
    JackProbe source{room.server.name(), "source", 0, 2, [&](const JackProbe::Cycle& cycle) {
                         std::int64_t begin = first.load();
                         for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                             const std::int64_t place = begin < 0 ? -1 : cycle.frame + i - begin;
                             const bool sounds = place >= 0 && place < length;
                             cycle.outputs[0][i] = sounds ? static_cast<float>(place + 1) / 16777216.0F : 0.0F;
                             cycle.outputs[1][i] = -cycle.outputs[0][i];
                         }
                     }};
    source.connect(source.output(0), "mixer-bus:A_l");
    source.connect(source.output(1), "mixer-bus:A_r");
    std::atomic<std::int64_t> next{1};
    std::atomic<std::int64_t> wrong{0};
    JackProbe listener{room.server.name(), "listener", 2, 0, [&](const JackProbe::Cycle& cycle) {
                           for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                               if (cycle.inputs[0][i] != 0.0F) {
                                   const float expected = static_cast<float>(next++) / 16777216.0F;
                                   wrong += cycle.inputs[0][i] != expected || cycle.inputs[1][i] != -expected ? 1 : 0;
                               }
                           }
                       }};
    listener.connect("mixer-bus:master_l", listener.input(0));
    listener.connect("mixer-bus:master_r", listener.input(1));
    REQUIRE(room.obeys(at::mixer_record_start, {"long.wav"}));
    room.server.freewheel(true);
    first = room.soon(1.0);
    REQUIRE(eventually([&] { return next.load() > length; }, std::chrono::minutes{2}));
    room.server.freewheel(false);
    const auto stopped = room.ask(at::mixer_record_stop);
    REQUIRE(stopped.is_reply_to(at::mixer_record_stop));
    CHECK(room.mixer->wait_for_line("lost=0"));
    CHECK(wrong.load() == 0);
    CHECK(next.load() == length + 1);
    const auto content = read_audio(room.folder / "long.wav");
    const auto& samples = content.interleaved;
    std::int64_t place = 0;
    std::int64_t recorded_wrong = 0;
    for (std::int64_t i = 0; i < content.frames(); ++i) {
        if (const float sample = samples[static_cast<std::size_t>(2 * i)]; sample != 0.0F) {
            recorded_wrong += sample == static_cast<float>(++place) / 16777216.0F ? 0 : 1;
        }
    }
    CHECK(place == length);
    CHECK(recorded_wrong == 0);
}

TEST_CASE("record and stream told in one burst with the first start hold the set's first sample") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    MixerRoom room;
    Icecast icecast{room.folder.path(), 8701, "hackme"};
    icecast.start();
    const std::map<std::string, std::string> mounts{{"vorbis", "set"}, {"opus", "second"}, {"mp3", "third"}};
    for (const auto& [format, mount] : mounts) {
        CAPTURE(format);
        const auto deck = room.player("A", {sine_wave(440.0, 48000), sine_wave(440.0, 48000)});
        const std::int64_t start = room.soon(0.05);
        const std::size_t mark = room.osc.count();
        room.osc.send(room.url, at::mixer_record_start, {format + ".wav"});
        room.osc.send(room.url, at::mixer_stream_start, {icecast.url(mount), format});
        deck->start_at(start);
        REQUIRE(room.osc.wait_for([](const auto& m) { return m.is_reply_to(at::mixer_record_start); }, mark));
        REQUIRE(room.osc.wait_for([](const auto& m) { return m.is_reply_to(at::mixer_stream_start); }, mark));
        REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(start + 60000)));
        REQUIRE(room.obeys(at::mixer_record_stop));
        REQUIRE(room.obeys(at::mixer_stream_stop));
        const auto recorded = read_audio(room.folder / (format + ".wav"));
        Signal left;
        for (std::int64_t i = 0; i < recorded.frames(); ++i) {
            left.push_back(recorded.interleaved[static_cast<std::size_t>(2 * i)]);
        }
        const auto in_recording = onset(left, 0.0F);
        REQUIRE(in_recording);
        CHECK(left[*in_recording] == sine_wave(440.0, 2)[1]);
        REQUIRE(eventually([&] { return decoded_left(icecast.dump(mount, 1)).size() > 40000; }));
        const auto in_stream = onset(decoded_left(icecast.dump(mount, 1)), 0.02F);
        REQUIRE(in_stream);
        // The encoders' own delay: MP3's is over a thousand frames, Opus and Vorbis declare theirs.
        CHECK(std::llabs(static_cast<std::int64_t>(*in_stream) - static_cast<std::int64_t>(*in_recording)) < 3000);
    }
}

TEST_CASE("an icecast that dies is reconnected within five seconds of its return; mix and recording lose nothing") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    undisturbed([] {
        MixerRoom room;
        Icecast icecast{room.folder.path(), 8702, "hackme"};
        icecast.start();
        const Stereo music{noise(960000, 1), noise(960000, 2)};
        const auto deck = room.player("A", music);
        const auto capture = room.capture();
        REQUIRE(room.obeys(at::subscribe));
        REQUIRE(room.obeys(at::mixer_record_start, {"set.wav"}));
        REQUIRE(room.obeys(at::mixer_stream_start, {icecast.url("set")}));
        const std::int64_t start = room.soon(0.1);
        deck->start_at(start);
        REQUIRE(capture->wait_until(start + 48000));
        icecast.kill_hard();
        REQUIRE(room.osc.wait_for(at::mixer_stream_lost));
        REQUIRE(capture->wait_until(start + 144000));
        const std::size_t mark = room.osc.count();
        icecast.start();
        const auto back = std::chrono::steady_clock::now();
        REQUIRE(room.osc.wait_for(at::mixer_stream_connected, mark));
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - back).count();
        MESSAGE("the stream was back ", seconds, " s after the server");
        CHECK(seconds < 5.0);
        const std::int64_t end = room.soon(0.5);
        REQUIRE(capture->wait_until(end));
        REQUIRE(room.obeys(at::mixer_record_stop));
        REQUIRE(room.obeys(at::mixer_stream_stop));
        if (disturbed(*capture)) {
            return false;
        }
        CHECK(decoded_left(icecast.dump("set", 2)).size() > 48000);
        const auto heard = capture->samples(0, start + master_delay, end);
        CHECK(std::equal(heard.begin(), heard.end(), music[0].begin()));
        const auto recorded = read_audio(room.folder / "set.wav");
        std::size_t first = 0;
        while (recorded.interleaved[2 * first] == 0.0F) {
            ++first;
        }
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < heard.size(); ++i) {
            wrong += recorded.interleaved[2 * (first + i)] == music[0][i] ? 0U : 1U;
        }
        CHECK(wrong == 0);
        return true;
    });
}

TEST_CASE("wrong password, taken mount, no server: clear errors, and the password is nowhere to be seen") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    MixerRoom room;
    REQUIRE(room.obeys(at::subscribe));
    Icecast icecast{room.folder.path(), 8703, "s3cretGOOD"};
    CHECK(room.error_code(at::mixer_stream_start, {icecast.url("set")}) == 5);  // nobody there: keeps trying
    icecast.start();
    REQUIRE(room.osc.wait_for(at::mixer_stream_connected));
    // Another source on the same mount.
    std::vector<std::string> command{program_path("crowdjack-mixer-bus"), "--server", room.server.name(),
                                     "--client-name", "second"};
    Process second{command};
    const std::string second_url = wait_for_client(room.server.name(), "second");
    const auto taken = room.osc.request(second_url, at::mixer_stream_start, {icecast.url("set")});
    REQUIRE(taken);
    CHECK(taken->is_error_of(at::mixer_stream_start));
    MESSAGE("a taken mount: ", taken->shown());
    const auto stopped = room.osc.request(second_url, at::mixer_stream_stop);
    REQUIRE(stopped);
    const auto refused = room.osc.request(second_url, at::mixer_stream_start, {icecast.url("second", "s3cretWRONG")});
    REQUIRE(refused);
    CHECK(refused->is_error_of(at::mixer_stream_start));
    CHECK(refused->number(1) == 4.0);
    MESSAGE("a wrong password: ", refused->shown());
    std::string everything = room.mixer->output() + second.output() +
                             text_of("/proc/" + std::to_string(room.mixer->pid()) + "/cmdline") +
                             text_of(registry_of(room.server.name()) / "mixer-bus.state") +
                             room.ask(at::mixer_state).shown() + room.ask(at::mixer_tap).shown();
    for (const auto& message : room.osc.received()) {
        everything += message.shown();
    }
    CHECK(everything.find("s3cret") == std::string::npos);
    const auto note = registry_of(room.server.name()) / "mixer-bus.running.state";
    CHECK((std::filesystem::status(note).permissions() & std::filesystem::perms::all) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("--stream-url-file streams from the start without a password on the command line") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    const TemporaryFolder folder;
    Icecast icecast{folder.path(), 8704, "hackme"};
    icecast.start();
    std::ofstream{folder / "url"} << icecast.url("set") << " opus\n";
    MixerRoom room{{"--stream-url-file", (folder / "url").string()}};
    REQUIRE(room.mixer->wait_for_line("streaming to="));
    REQUIRE(eventually([&] { return room.ask(at::mixer_tap).text(7) == "streaming"; }));
    CHECK(room.mixer->terminate() == 0);
}
