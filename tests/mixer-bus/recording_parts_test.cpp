// SPDX-License-Identifier: GPL-3.0-or-later
// Recordings that are split, named by the clock, kept for a while, and say what was played.
#include "common/error.hpp"
#include "mixer-bus/recording.hpp"
#include "mixer-bus/tap.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>

using namespace crowdjack;
using namespace crowdjack::test;

namespace fs = std::filesystem;

namespace {

std::time_t local_time(int year, int month, int day, int hour, int minute) {
    std::tm time{};
    time.tm_year = year - 1900;
    time.tm_mon = month - 1;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    time.tm_isdst = -1;
    return std::mktime(&time);
}

void write(Tap& tap, std::int64_t frame, const Signal& left, const Signal& right) {
    for (std::size_t at = 0; at < left.size(); at += 1024) {
        const std::size_t run = std::min<std::size_t>(1024, left.size() - at);
        tap.write(JackFrame{frame + static_cast<std::int64_t>(at)}, std::span{left}.subspan(at, run),
                  std::span{right}.subspan(at, run));
    }
}

/// A file that says that this suite recorded it, written `age` ago.
void make_recording(const fs::path& path, std::size_t bytes, std::chrono::hours age = {}) {
    std::string content = "recorded by crowdjack";
    content.resize(bytes);
    std::ofstream{path, std::ios::binary} << content;
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

}  // namespace

TEST_CASE("a split recording's files hold every frame once, one after the other") {
    const Signal left = noise(120000, 1, 0.5F);
    const Signal right = noise(120000, 2, 0.5F);
    for (const std::string extension : {".wav", ".rf64", ".flac"}) {
        for (const auto width : {SampleWidth::f32, SampleWidth::s24, SampleWidth::s16}) {
            CAPTURE(extension);
            const TemporaryFolder folder;
            const auto tap = std::make_shared<Tap>(48000.0);
            write(*tap, 1000, left, right);
            const RecordingName name{folder / ("set" + extension)};
            std::atomic<int> opened{0};
            std::atomic<int> closed{0};
            Recording::Request request{
                .path = name.asked(), .format = *recording_format(name.asked()), .from = JackFrame{1000}};
            request.width = width;
            request.split = Frames{50000};
            request.next_path = [name] { return name.free_name(0); };
            Recording recording{tap, std::move(request), [&](const RecordingEvent& event) {
                                    opened += event.kind == RecordingEvent::Kind::opened ? 1 : 0;
                                    closed += event.kind == RecordingEvent::Kind::closed ? 1 : 0;
                                }};
            recording.stop(JackFrame{1000 + 120000});
            REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
            CHECK(opened.load() == 3);
            CHECK(closed.load() == 2);
            Signal all;
            std::vector<std::int64_t> lengths;
            for (const char* part : {"set", "set-2", "set-3"}) {
                const auto content = read_audio(folder / (part + extension));
                lengths.push_back(content.frames());
                all.insert(all.end(), content.interleaved.begin(), content.interleaved.end());
            }
            CHECK(lengths == std::vector<std::int64_t>{50000, 50000, 20000});
            REQUIRE(all.size() == 240000);
            // A float is exact; whole numbers are off by half a step, and by one where clipping rounds.
            const float step = sample_width(*recording_format(name.asked()), width) == SampleWidth::f32   ? 0.0F
                               : sample_width(*recording_format(name.asked()), width) == SampleWidth::s24 ? 1.2e-7F
                                                                                                          : 3.1e-5F;
            for (std::size_t i = 0; i < 120000; ++i) {
                REQUIRE(std::fabs(all[2 * i] - left[i]) <= step);
                REQUIRE(std::fabs(all[2 * i + 1] - right[i]) <= step);
            }
        }
    }
}

TEST_CASE("an end that comes as the next file has just begun leaves no file without a frame") {
    const TemporaryFolder folder;
    const auto tap = std::make_shared<Tap>(48000.0);
    const Signal music = noise(50000, 1, 0.5F);
    write(*tap, 1000, music, music);
    const RecordingName name{folder / "set.wav"};
    Recording::Request request{
        .path = name.asked(), .format = *recording_format(name.asked()), .from = JackFrame{1000}};
    request.split = Frames{50000};
    request.next_path = [name] { return name.free_name(0); };
    std::atomic<int> opened{0};
    fs::path removed;
    fs::path finished;
    std::int64_t frames = 0;
    Recording recording{tap, std::move(request), [&](const RecordingEvent& event) {
                            opened += event.kind == RecordingEvent::Kind::opened ? 1 : 0;
                            removed = event.kind == RecordingEvent::Kind::removed ? event.path : removed;
                            if (event.kind == RecordingEvent::Kind::finished) {
                                finished = event.path;
                                frames = event.frames;
                            }
                        }};
    REQUIRE(eventually([&] { return opened.load() == 2; }));
    recording.stop(JackFrame{1000 + 50000});
    REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
    CHECK(recording.status().path == folder / "set.wav");
    CHECK(recording.status().frames == 50000);
    CHECK(removed == folder / "set-2.wav");
    CHECK_FALSE(fs::exists(folder / "set-2.wav"));
    CHECK(finished == folder / "set.wav");
    CHECK(frames == 50000);
    CHECK(read_audio(folder / "set.wav").frames() == 50000);
}

TEST_CASE("split files of an encoded recording are as long together as what was played, and play on in phase") {
    const Signal tone = sine_wave(441.0, 120000);
    for (const std::string extension : {".ogg", ".opus", ".mp3"}) {
        CAPTURE(extension);
        const TemporaryFolder folder;
        const auto tap = std::make_shared<Tap>(48000.0);
        write(*tap, 1000, tone, tone);
        const RecordingName name{folder / ("set" + extension)};
        Recording::Request request{
            .path = name.asked(), .format = *recording_format(name.asked()), .from = JackFrame{1000}};
        request.split = Frames{48000};
        request.next_path = [name] { return name.free_name(0); };
        Recording recording{tap, std::move(request), {}};
        recording.stop(JackFrame{1000 + 120000});
        REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
        Signal all;
        for (const char* part : {"set", "set-2", "set-3"}) {
            const auto content = read_audio(folder / (part + extension));
            for (std::int64_t i = 0; i < content.frames(); ++i) {
                all.push_back(content.interleaved[static_cast<std::size_t>(2 * i)]);
            }
        }
        REQUIRE(all.size() == tone.size());
        // The middle of each second, away from where a file begins: lossy, but not shifted by a frame (a frame of
        // shift is 0.03 here).
        for (const std::size_t begin : {12000U, 60000U, 100000U}) {
            double error = 0.0;
            for (std::size_t i = begin; i < begin + 12000; ++i) {
                error += static_cast<double>((all[i] - tone[i]) * (all[i] - tone[i]));
            }
            CHECK(std::sqrt(error / 12000.0) < 0.01);
        }
    }
}

TEST_CASE("a name's fields are the time a file begins, and a name that is taken gets a number") {
    const TemporaryFolder folder;
    const RecordingName name{folder / "set-%Y%m%d-%H%M.flac"};
    const auto when = local_time(2031, 7, 4, 23, 59);
    CHECK(name.has_fields());
    CHECK(name.at(when).filename() == "set-20310704-2359.flac");
    std::ofstream{folder / "set-20310704-2359.flac"} << "x";
    CHECK(name.free_name(when).filename() == "set-20310704-2359-2.flac");
    std::ofstream{folder / "set-20310704-2359-7.flac"} << "x";
    fs::remove(folder / "set-20310704-2359.flac");
    CHECK(name.free_name(when).filename() == "set-20310704-2359-8.flac");
    CHECK(RecordingName{"100% live.wav"}.at(when) == "100% live.wav");
    CHECK(RecordingName{"50%%.wav"}.at(when) == "50%.wav");
    for (const char* bad : {"set-%D.wav", "%c.wav", "%x.wav", "%n.wav", "%r.wav"}) {
        CHECK_THROWS_AS(RecordingName{bad}, Failure);
    }
}

TEST_CASE("only what a name could have made belongs to it") {
    const RecordingName timed{"/music/set-%Y%m%d-%H%M.flac"};
    CHECK(timed.matches("set-20310704-2359.flac"));
    CHECK(timed.matches("set-20310704-2359-12.flac"));
    for (const char* other : {"set-best-of-2031.flac", "set-20310704-2359.wav", "my-set-20310704-2359.flac",
                              "set-20310704-2359-old.flac", "set-2031070-2359.flac"}) {
        CHECK_FALSE(timed.matches(other));
    }
    const RecordingName fixed{"/music/se[t]*.wav"};
    CHECK(fixed.matches("se[t]*.wav"));
    CHECK(fixed.matches("se[t]*-3.wav"));
    CHECK_FALSE(fixed.matches("set.wav"));
}

TEST_CASE("kept is what is young and little enough; nothing else's file is ever removed") {
    const TemporaryFolder folder;
    const RecordingName name{folder / "set-%Y%m%d.wav"};
    const auto path = [&](const char* file) { return folder / file; };
    make_recording(path("set-20300101.wav"), 1000000, std::chrono::hours{24 * 20});
    std::ofstream{path("set-20300101.cue")}
        << "REM COMMENT \"recorded by crowdjack\"\nFILE \"set-20300101.wav\" WAVE\n";
    make_recording(path("set-20300110.wav"), 1000000, std::chrono::hours{24 * 10});
    make_recording(path("set-20300111.wav"), 1000000, std::chrono::hours{24 * 9});
    make_recording(path("set-20300112.wav"), 1000000);
    make_recording(path("other.wav"), 1000000, std::chrono::hours{24 * 100});
    std::ofstream{path("set-20200101.wav")} << "somebody's own";
    fs::last_write_time(path("set-20200101.wav"), fs::file_time_type::clock::now() - std::chrono::hours{24 * 500});
    KeepRule rule;
    rule.add("14d");
    CHECK(RecordingKeep{name, rule}.apply(path("set-20300112.wav")) == std::vector<fs::path>{path("set-20300101.wav")});
    CHECK_FALSE(fs::exists(path("set-20300101.cue")));
    rule.add("2M");
    // Somebody writes to the oldest still: the next is removed instead.
    const int busy = open(path("set-20300110.wav").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(flock(busy, LOCK_EX) == 0);
    const RecordingKeep keep{name, rule};
    CHECK(keep.apply(path("set-20300112.wav")) == std::vector<fs::path>{path("set-20300111.wav")});
    close(busy);
    CHECK(keep.remove_oldest(path("set-20300112.wav")) == path("set-20300110.wav"));
    CHECK_FALSE(keep.remove_oldest(path("set-20300112.wav")));
    CHECK(fs::exists(path("other.wav")));
    CHECK(text_of(path("set-20200101.wav")) == "somebody's own");
    CHECK(fs::exists(path("set-20300112.wav")));
}

TEST_CASE("what was recorded before the clock was set is not taken for half a century old") {
    const TemporaryFolder folder;
    const RecordingName name{folder / "set-%Y%m%d-%H%M.wav"};
    make_recording(folder / "set-20300101-1200.wav", 1000000, std::chrono::hours{24});
    make_recording(folder / "set-19700101-0003.wav", 1000000);
    fs::last_write_time(folder / "set-19700101-0003.wav",
                        std::chrono::file_clock::from_sys(
                            std::chrono::sys_time<fs::file_time_type::duration>{std::chrono::seconds{180}}));
    KeepRule rule;
    rule.add("14d");
    CHECK(RecordingKeep{name, rule}.apply(folder / "set-20300102-1200.wav").empty());
    CHECK(fs::exists(folder / "set-19700101-0003.wav"));
    // It is the younger of the two, too.
    rule.add("1M");
    const auto removed = RecordingKeep{name, rule}.apply(folder / "set-20300102-1200.wav");
    CHECK(removed == std::vector<fs::path>{folder / "set-20300101-1200.wav"});
    // From now on it ages.
    fs::last_write_time(folder / "set-19700101-0003.wav",
                        fs::file_time_type::clock::now() - std::chrono::hours{24 * 15});
    CHECK(RecordingKeep{name, rule}.apply(folder / "set-20300102-1200.wav").size() == 1);
}

TEST_CASE("without --record-keep nothing is removed, not even on a full disk") {
    const TemporaryFolder folder;
    make_recording(folder / "set.wav", 1000, std::chrono::hours{24 * 1000});
    const RecordingKeep keep{RecordingName{folder / "set.wav"}, {}};
    CHECK(keep.apply(folder / "set-2.wav").empty());
    CHECK_FALSE(keep.remove_oldest(folder / "set-2.wav"));
}

TEST_CASE("times and sizes that make no sense are refused and named") {
    for (const char* bad : {"", "m", "60", "0m", "-5m", "60x", "1.5h", "60 m", "99999999999999999999d"}) {
        CHECK_THROWS_WITH_AS((void)parse_duration(bad, "record-split"), doctest::Contains("--record-split"),
                             UsageError);
        KeepRule rule;
        CHECK_THROWS_WITH_AS(rule.add(bad), doctest::Contains("--record-keep"), UsageError);
    }
    CHECK(parse_duration("60m", "record-split") == std::chrono::hours{1});
}

TEST_CASE("beside a recording lies a cue sheet of what was played, a split one's begins with what plays then") {
    const TemporaryFolder folder;
    const auto tap = std::make_shared<Tap>(48000.0);
    const Signal silence(48000);
    write(*tap, 0, silence, silence);
    const RecordingName name{folder / "set.flac"};
    Recording::Request request{.path = name.asked(), .format = RecordingFormat::flac, .from = JackFrame{0}};
    request.split = Frames{96000};
    request.next_path = [name] { return name.free_name(0); };
    request.playing = {"One", "First"};
    Recording recording{tap, std::move(request), {}};
    REQUIRE(eventually([&] { return recording.status().frames == 48000; }));
    recording.played(JackFrame{72000}, {"Two \"2\"", "Second\n"});
    write(*tap, 48000, silence, silence);
    write(*tap, 96000, silence, silence);
    recording.stop();
    REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
    const std::string first = text_of(folder / "set.cue");
    CHECK(first.find("FILE \"set.flac\" WAVE") != std::string::npos);
    CHECK(first.find("TITLE \"First\"\n    PERFORMER \"One\"\n    INDEX 01 00:00:00") != std::string::npos);
    CHECK(first.find("TITLE \"Second \"\n    PERFORMER \"Two '2'\"\n    INDEX 01 00:01:37") != std::string::npos);
    const std::string second = text_of(folder / "set-2.cue");
    CHECK(second.find("TITLE \"Second \"\n    PERFORMER \"Two '2'\"\n    INDEX 01 00:00:00") != std::string::npos);
    CHECK(second.find("First") == std::string::npos);
}

TEST_CASE("a cue sheet never takes the place of another file") {
    const TemporaryFolder folder;
    std::ofstream{folder / "set.cue"} << "mine";
    CHECK(cue_path(folder / "set.wav") == folder / "set.wav.cue");
    CHECK(text_of(folder / "set.cue") == "mine");
    CHECK(cue_path(folder / "night.wav") == folder / "night.cue");
    REQUIRE(mkfifo((folder / "pipe.cue").c_str(), 0600) == 0);  // whose writer would be waited for
    CHECK(cue_path(folder / "pipe.wav") == folder / "pipe.wav.cue");
}

TEST_CASE("a recording says inside what it is and when it was made") {
    const TemporaryFolder folder;
    for (const std::string file : {"set.wav", "set.rf64", "set.flac", "set.ogg", "set.opus", "set.mp3"}) {
        CAPTURE(file);
        const auto tap = std::make_shared<Tap>(48000.0);
        const Signal tone = sine_wave(440.0, 48000);
        write(*tap, 0, tone, tone);
        Recording recording{tap, {.path = folder / file, .format = *recording_format(file), .from = JackFrame{0}}, {}};
        recording.stop(JackFrame{48000});
        REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
        SF_INFO info{};
        SNDFILE* const opened = sf_open((folder / file).c_str(), SFM_READ, &info);
        REQUIRE(opened != nullptr);
        const char* const title = sf_get_string(opened, SF_STR_TITLE);
        CHECK(std::string{title == nullptr ? "" : title} == "set");
        sf_close(opened);
        CHECK(text_of(folder / file).substr(0, 16384).find("crowdjack") != std::string::npos);
    }
}

TEST_CASE("a FLAC that is longer than a day says its true length at every second") {
    // 36 bits of length: with 32 it would wrap after 24.8 h. The encoder's own count comes at the end.
    struct Header final : ByteSink {
        std::int64_t write_at(std::int64_t offset, std::span<const std::byte> bytes) override {
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                if (const auto place = static_cast<std::size_t>(offset) + i; place < head.size()) {
                    head[place] = bytes[i];
                }
            }
            end = std::max(end, offset + static_cast<std::int64_t>(bytes.size()));
            return static_cast<std::int64_t>(bytes.size());
        }
        [[nodiscard]] std::int64_t size() const override { return end; }
        bool truncate(std::int64_t) override { return true; }
        bool sync() override { return true; }
        [[nodiscard]] int error() const override { return 0; }
        explicit Header(std::array<std::byte, 64>& where) : head{where} {}
        std::array<std::byte, 64>& head;
        std::int64_t end{0};
    };
    for (const auto width : {SampleWidth::s16, SampleWidth::s24}) {
        std::array<std::byte, 64> head{};
        RecordingFile file{std::make_unique<Header>(head),
                           {.format = RecordingFormat::flac, .width = width, .title = "", .date = ""}};
        const Signal silence(std::size_t{2} * 8192);
        REQUIRE(file.write(silence) == 8192);
        file.make_valid();
        const auto bits_before = std::to_integer<unsigned>(head[21]) >> 4U;
        CHECK(bits_before == ((width == SampleWidth::s16 ? 15U : 23U) & 15U));
        const auto stored = [&] {
            std::uint64_t length = std::to_integer<unsigned>(head[21]) & 15U;
            for (std::size_t i = 22; i < 26; ++i) {
                length = length << 8U | std::to_integer<unsigned>(head[i]);
            }
            return length;
        };
        CHECK(stored() == 4096);
    }
}
