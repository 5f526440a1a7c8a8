// SPDX-License-Identifier: GPL-3.0-or-later
// How tracks come from files into memory: every sample right, every bad file refused, nothing that ends the process.
#include "common/audio/mapped_file.hpp"
#include "common/audio/pcm_format.hpp"
#include "common/error.hpp"
#include "deck/control/line_intake.hpp"
#include "deck/control/saved_deck.hpp"
#include "deck/track/residency_plan.hpp"
#include "deck/track/sample_source.hpp"
#include "deck/track/track_stream.hpp"
#include "tests/deck/deck_rig.hpp"
#include "tests/support/sanitizer.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <sndfile.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

std::string refusal(const fs::path& path) {
    try {
        static_cast<void>(open_sample_source(path));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

/// All frames of a source, read in uneven runs.
std::vector<float> all_of(SampleSource& source, bool right = false) {
    std::vector<float> left(static_cast<std::size_t>(source.format().frames));
    std::vector<float> other(left.size());
    for (std::size_t at = 0, size = 1; at < left.size(); at += size, size = size % 1999 + 977) {
        size = std::min(size, left.size() - at);
        source.read(static_cast<std::int64_t>(at), {left.data() + at, size}, {other.data() + at, size});
    }
    return right ? other : left;
}

/// The same through libsndfile's own float conversion.
AudioContent reference(const fs::path& path) { return read_audio(path); }

void check_same(SampleSource& source, const AudioContent& wanted) {
    const auto left = all_of(source);
    const auto right = all_of(source, true);
    const auto channels = static_cast<std::size_t>(wanted.channels);
    REQUIRE(static_cast<std::int64_t>(left.size()) == wanted.frames());
    for (std::size_t i = 0; i < left.size(); ++i) {
        REQUIRE(left[i] == wanted.interleaved[i * channels]);
        REQUIRE(right[i] == wanted.interleaved[i * channels + (channels > 1 ? 1 : 0)]);
    }
}

void write_bytes(const fs::path& path, const std::string& bytes) { std::ofstream{path, std::ios::binary} << bytes; }

}  // namespace

TEST_CASE("every uncompressed container and depth reads as libsndfile reads it, bit for bit") {
    const TemporaryFolder folder;
    struct Kind {
        const char* name;
        int format;
    };
    const std::array kinds{Kind{"u8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8},
                           Kind{"16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                           Kind{"24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24},
                           Kind{"32.wavex", SF_FORMAT_WAVEX | SF_FORMAT_PCM_32},
                           Kind{"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
                           Kind{"double.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE},
                           Kind{"big.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24 | SF_ENDIAN_BIG},
                           Kind{"24.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_24},
                           Kind{"16.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16},
                           Kind{"s8.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_S8},
                           Kind{"24.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24},
                           Kind{"float.aiff", SF_FORMAT_AIFF | SF_FORMAT_FLOAT},
                           Kind{"sowt.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE},
                           Kind{"16.au", SF_FORMAT_AU | SF_FORMAT_PCM_16},
                           Kind{"double.au", SF_FORMAT_AU | SF_FORMAT_DOUBLE},
                           Kind{"24.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_24},
                           Kind{"float.caf", SF_FORMAT_CAF | SF_FORMAT_FLOAT}};
    for (const Kind& kind : kinds) {
        for (const int channels : {1, 2, 6}) {
            CAPTURE(kind.name);
            CAPTURE(channels);
            const fs::path path = folder / kind.name;
            SF_INFO info{};
            info.samplerate = 44100;
            info.channels = channels;
            info.format = kind.format;
            SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
            REQUIRE(file != nullptr);
            const auto sound = as_channels(sine(997.0, 0.2, 44100.0, 0.9), channels);
            sf_write_float(file, sound.data(), static_cast<sf_count_t>(sound.size()));
            sf_close(file);
            const auto source = open_sample_source(path);
            CHECK(source->memory() == 0);  // straight from the mapping
            check_same(*source, reference(path));
        }
    }
}

TEST_CASE("compressed tracks are decoded ahead, the same from wherever one begins") {
    const TemporaryFolder folder;
    for (const std::string name : {"a.flac", "a.ogg", "a.mp3"}) {
        CAPTURE(name);
        const fs::path path = folder / name;
        write_audio(path, as_channels(sine(440.0, 8.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
        const auto straight = open_sample_source(path);
        while (straight->work_ahead()) {
        }
        const auto whole = all_of(*straight);
        const auto jumping = open_sample_source(path);
        std::array<float, 4096> left{};
        std::array<float, 4096> right{};
        REQUIRE(jumping->read(200'000, left, right) == left.size());
        CHECK(jumping->memory() > 0);
        double worst = 0.0;
        for (std::size_t i = 0; i < left.size(); ++i) {
            worst = std::max(worst, std::abs(static_cast<double>(left[i]) - static_cast<double>(whole[200'000 + i])));
        }
        CHECK(worst < 1e-3);
        CHECK(whole.size() >= 8 * 48000);
    }
}

TEST_CASE("what is no track gets one clear error that names it") {
    const TemporaryFolder folder;
    const fs::path text = folder / "notes.txt";
    write_bytes(text, std::string(5000, 'x'));
    const fs::path empty = folder / "empty.wav";
    write_bytes(empty, "");
    const fs::path header_only = folder / "header.wav";
    write_audio(header_only, {}, 2, 48000);
    mkfifo((folder / "pipe.wav").c_str(), 0600);
    for (const fs::path& path :
         {text, empty, header_only, folder / "missing.wav", folder.path(), folder / "pipe.wav"}) {
        CAPTURE(path.string());
        const std::string why = refusal(path);
        CHECK(why.find(path.string()) != std::string::npos);
        CHECK(why.find('\n') == std::string::npos);
        CHECK(why.size() < 400);
    }
    const fs::path adpcm = folder / "adpcm.wav";
    SF_INFO info{};
    info.samplerate = 44100;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM;
    SNDFILE* const file = sf_open(adpcm.c_str(), SFM_WRITE, &info);
    const auto sound = sine(100.0, 1.0, 44100.0);
    sf_write_float(file, sound.data(), static_cast<sf_count_t>(sound.size()));
    sf_close(file);
    CHECK(refusal(adpcm).find("IMA ADPCM") != std::string::npos);
    CHECK(refusal(adpcm).find("not supported") != std::string::npos);
}

TEST_CASE("an Ogg file that was cut off plays to its last whole page") {
    const TemporaryFolder folder;
    for (const int encoding : {SF_FORMAT_VORBIS, SF_FORMAT_OPUS}) {
        CAPTURE(encoding);
        const fs::path whole = folder / "whole.ogg";
        SF_INFO info{};
        info.samplerate = 48000;
        info.channels = 2;
        info.format = SF_FORMAT_OGG | encoding;
        SNDFILE* const file = sf_open(whole.c_str(), SFM_WRITE, &info);
        REQUIRE(file != nullptr);
        const auto sound = as_channels(sine(440.0, 20.0, 48000.0, 0.5), 2);
        sf_write_float(file, sound.data(), static_cast<sf_count_t>(sound.size()));
        sf_close(file);
        const std::string bytes = text_of(whole);
        const fs::path cut = folder / "cut.ogg";
        write_bytes(cut, bytes.substr(0, bytes.size() / 2));
        const auto source = open_sample_source(cut);
        CHECK(source->format().frames > 6 * 48000);
        CHECK(source->format().frames < 12 * 48000);
        const auto heard = all_of(*source);
        CHECK(*std::max_element(heard.end() - 4800, heard.end()) > 0.4F);  // sound to the end, not silence
        write_bytes(cut, bytes.substr(0, 3000));
        CHECK(!refusal(cut).empty());
    }
}

TEST_CASE("an MP3 without a length plays as long as it is, whatever its bit rates and tags") {
    const TemporaryFolder folder;
    for (const int mode : {SF_BITRATE_MODE_CONSTANT, SF_BITRATE_MODE_VARIABLE}) {
        CAPTURE(mode);
        const fs::path whole = folder / "whole.mp3";
        SF_INFO info{};
        info.samplerate = 44100;
        info.channels = 2;
        info.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
        SNDFILE* const file = sf_open(whole.c_str(), SFM_WRITE, &info);
        REQUIRE(file != nullptr);
        int wanted = mode;
        sf_command(file, SFC_SET_BITRATE_MODE, &wanted, sizeof wanted);
        auto sound = as_channels(sine(440.0, 20.0, 44100.0, 0.5), 2);
        std::fill_n(sound.begin(), sound.size() / 4, 0.0F);  // so that a variable rate begins low
        sf_write_float(file, sound.data(), static_cast<sf_count_t>(sound.size()));
        sf_close(file);
        const std::string bytes = text_of(whole);
        const std::string stream = bytes.substr(bytes.find(bytes.substr(0, 2), 64));  // from the second frame on
        REQUIRE(stream.find("Xing") == std::string::npos);
        REQUIRE(stream.find("Info") == std::string::npos);
        std::string tag{"ID3\x04\0\0\0\x20\0\0", 10};
        tag += std::string(0x20 << 14, '\1');  // a picture of half a megabyte
        const fs::path bare = folder / "bare.mp3";
        for (const std::string& before : {std::string{}, tag, tag + tag}) {
            CAPTURE(before.size());
            write_bytes(bare, before + stream);
            const auto source = open_sample_source(bare);
            // The encoder's delay and padding, which only the missing frame told of, are a few frames of 1152.
            CHECK(source->format().frames >= 20 * 44100);
            CHECK(source->format().frames < 20 * 44100 + 4 * 1152);
            const auto heard = all_of(*source);
            CHECK(*std::max_element(heard.end() - 8820, heard.end() - 4410) > 0.4F);
        }
    }
}

TEST_CASE("an ID3 tag before a container loses no frame") {
    const TemporaryFolder folder;
    std::string tag{"ID3\x04\0\0\0\0\x02\x05", 10};
    tag += std::string(2 * 128 + 5, '\0');
    constexpr std::array containers{SF_FORMAT_WAV,  SF_FORMAT_RF64, SF_FORMAT_W64,
                                    SF_FORMAT_AIFF, SF_FORMAT_CAF,  SF_FORMAT_AU};
    for (const int container : containers) {
        CAPTURE(container);
        const fs::path plain = folder / "plain";
        SF_INFO info{};
        info.samplerate = 48000;
        info.channels = 2;
        info.format = container | SF_FORMAT_PCM_24;
        SNDFILE* const file = sf_open(plain.c_str(), SFM_WRITE, &info);
        REQUIRE(file != nullptr);
        const auto sound = as_channels(sine(440.0, 0.1, 48000.0, 0.5), 2);
        sf_write_float(file, sound.data(), static_cast<sf_count_t>(sound.size()));
        sf_close(file);
        const std::string bytes = text_of(plain);
        const fs::path tagged = folder / "tagged";
        write_bytes(tagged, tag + bytes);
        check_same(*open_sample_source(tagged), reference(plain));
    }
}

TEST_CASE("a WAV whose recorder ended before it wrote the lengths plays to the end of the file") {
    const TemporaryFolder folder;
    const fs::path path = folder / "killed.wav";
    for (const SampleFormat format : {SampleFormat::pcm16, SampleFormat::float32}) {
        write_audio(path, as_channels(sine(441.0, 1.0, 48000.0, 0.5), 2), 2, 48000, format);
        const auto whole = all_of(*open_sample_source(path));
        std::string bytes = text_of(path);
        const std::size_t data = bytes.find("data");
        REQUIRE(data != std::string::npos);
        bytes.replace(4, 4, 4, '\0');
        bytes.replace(data + 4, 4, 4, '\0');
        write_bytes(path, bytes);
        const auto source = open_sample_source(path);
        CHECK(source->format().frames == 48000);
        CHECK(all_of(*source) == whole);
        // An empty recording that other chunks follow stays what it is.
        write_bytes(path, bytes.substr(0, data + 8) + std::string{"LIST\4\0\0\0abcd", 12});
        CHECK_THROWS_WITH_AS(open_sample_source(path), doctest::Contains("no audio"), Failure);
    }
}

TEST_CASE("NaN, infinities and 1e38 are silence, and counted") {
    const TemporaryFolder folder;
    const fs::path path = folder / "wild.wav";
    std::vector<float> sound(2000, 0.5F);
    sound[100] = std::numeric_limits<float>::quiet_NaN();
    sound[101] = std::numeric_limits<float>::infinity();
    sound[102] = -1e38F;
    sound[103] = 3.0F;  // loud, but somebody may mean it
    write_audio(path, sound, 1, 48000);
    const auto source = open_sample_source(path);
    const auto read = all_of(*source);
    CHECK(read[99] == 0.5F);
    CHECK(read[100] == 0.0F);
    CHECK(read[101] == 0.0F);
    CHECK(read[102] == 0.0F);
    CHECK(read[103] == 3.0F);
    CHECK(source->cleaned() >= 3);
}

TEST_CASE("a file that shrinks under its mapping reads as far as it goes and kills nobody") {
    const TemporaryFolder folder;
    const fs::path path = folder / "shrinking.wav";
    write_position_coded(path, 500'000, 48000, SampleFormat::pcm16);
    const auto source = open_sample_source(path);
    fs::resize_file(path, 44 + 4 * 100'000);
    std::array<float, 1024> left{};
    std::array<float, 1024> right{};
    CHECK(source->read(50'000, left, right) == 1024);
    CHECK(source->read(99'500, left, right) < 1024);
    CHECK(source->read(400'000, left, right) == 0);
    CHECK(!source->intact());
    // The same without asking first: whoever touches the mapping meets zeros instead of a signal.
    const fs::path other = folder / "gone.wav";
    write_position_coded(other, 500'000, 48000, SampleFormat::pcm16);
    const MappedFile mapping{other};
    fs::resize_file(other, 4096);
    CHECK(mapping.bytes()[1'500'000] == std::byte{0});
    CHECK(mapping.intact_size() <= 4096);
}

TEST_CASE("an unlinked file plays on") {
    const TemporaryFolder folder;
    const fs::path path = folder / "unlinked.wav";
    write_position_coded(path, 200'000, 48000, SampleFormat::pcm16);
    const auto wanted = reference(path);
    const auto source = open_sample_source(path);
    fs::remove(path);
    check_same(*source, wanted);
    CHECK(source->intact());
}

TEST_CASE("every real-world file plays to its length or is refused with a reason") {
    const auto data = real_data();
    if (!data) {
        MESSAGE("skipped: no folder of real-world files beside this checkout");
        return;
    }
    std::size_t played_files = 0;
    for (const auto* folder : {"audio", "music"}) {
        for (const auto& entry : fs::directory_iterator{*data / folder}) {
            CAPTURE(entry.path().string());
            std::shared_ptr<SampleSource> source;
            try {
                source = open_sample_source(entry.path());
            } catch (const Failure& failure) {
                CHECK(std::string{failure.what()}.find(entry.path().filename().string()) != std::string::npos);
                continue;
            }
            const auto sound = all_of(*source);
            CHECK(static_cast<std::int64_t>(sound.size()) == source->format().frames);
            CHECK(std::all_of(sound.begin(), sound.end(), [](float x) { return std::isfinite(x); }));
            SF_INFO info{};
            SNDFILE* const file = sf_open(entry.path().c_str(), SFM_READ, &info);
            if (file == nullptr) {  // FLAC that lost its head: libsndfile gives up where frames can still be found
                CHECK(source->format().encoding.starts_with("FLAC"));
                continue;
            }
            std::vector<float> theirs(static_cast<std::size_t>(info.frames * info.channels));
            const auto came = sf_readf_float(file, theirs.data(), info.frames);
            sf_close(file);
            const auto channels = static_cast<std::size_t>(info.channels);
            bool same = true;
            for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) {
                // Beyond 64 is no sound, and is silenced.
                const float wanted = std::abs(theirs[i * channels]) <= 64.0F ? theirs[i * channels] : 0.0F;
                same = same && sound.at(i) == wanted;
            }
            CHECK(same);
            ++played_files;
        }
    }
    CHECK(played_files > 40);
}

TEST_CASE("a window takes the places around the playhead and around a loop's wrap") {
    ResidencyWants wants;
    wants.length = 48'000 * 100;
    wants.playhead = 48'000 * 50;
    const auto holds = [](const std::vector<std::int64_t>& pages, std::int64_t frame) {
        return std::find(pages.begin(), pages.end(), frame / TrackPage::frames) != pages.end();
    };
    auto pages = wanted_pages(wants);
    CHECK(holds(pages, 48'000 * 50));
    CHECK(holds(pages, 48'000 * 52));
    CHECK(holds(pages, 48'000 * 50 - 6000));
    CHECK(!holds(pages, 48'000 * 54));
    CHECK(pages.size() < 130);
    wants.loop = ResidencyWants::Loop{48'000 * 20, 48'000 * 51};
    pages = wanted_pages(wants);
    CHECK(holds(pages, 48'000 * 21));
    CHECK(!holds(pages, 48'000 * 52));
    wants.points = {48'000 * 80};
    CHECK(holds(wanted_pages(wants), 48'000 * 80 + 10'000));
    wants.playhead = 0;
    wants.length = 10;
    wants.loop.reset();
    wants.points = {};
    CHECK(wanted_pages(wants).size() == 1);
}

TEST_CASE("a page is not written again while a cycle may still read it") {
    const auto epoch = std::make_shared<AudioEpoch>();
    TrackWindows windows{100'000, epoch};
    epoch->enter();
    TrackPage* const page = windows.take_free();
    windows.insert(5, page);
    CHECK(windows.find(5) == page);
    windows.evict(5);
    CHECK(windows.find(5) == nullptr);
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(windows.take_free() != page);
    }
    epoch->leave();
    bool again = false;
    for (int i = 0; i < 6000 && !again; ++i) {
        TrackPage* const next = windows.take_free();
        again = next == page;
        if (next == nullptr) {
            break;
        }
    }
    CHECK(again);
}

TEST_CASE("a stream whose storage hangs lets its handle go at once") {
    auto track = std::make_shared<FunctionTrack>(index_sound(), 480'000, 48'000.0);
    {
        DeckRig rig;
        TrackStream* const stream = rig.open(track);
        track->freeze(true);
        stream->seek_ahead(300'000, [] {});
    }
    track->freeze(false);
}

/// Runs `body` in a child process of an ordinary user who may lock that many bytes. @returns its result
int as_user_with_lock_limit(rlim_t bytes, const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit limit{bytes, bytes};
        const bool ready = ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0 && (::geteuid() != 0 || ::setuid(65534) == 0);
        ::_exit(ready ? body() : 100);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST_CASE("windows lie in locked memory under a lock limit of 8 MB, and say so when there is none at all") {
    const auto locked = [] {
        DeckRig rig;
        TrackStream* const stream = rig.open(index_sound(), 60.0);
        const bool sane = stream->resident_bytes() > 0 && stream->resident_bytes() < 6'000'000;
        return !sane ? 2 : (stream->windows().locked() ? 1 : 0);
    };
    CHECK(as_user_with_lock_limit(8'000'000, locked) == 1);
    if constexpr (!test::address_sanitizer) {  // it answers mlock() itself, and always well
        CHECK(as_user_with_lock_limit(0, locked) == 0);
    }
}

TEST_CASE("tempo lines count by the signed difference of their serials, and a new sender is adopted") {
    LineIntake intake;
    const auto line = [](std::int32_t serial) { return NumberedLine{serial, TempoLine{}}; };
    using Verdict = LineIntake::Verdict;
    CHECK(intake.hear("a", line(INT32_MAX), 0.0) == Verdict::take);
    CHECK(intake.hear("a", line(INT32_MAX), 0.5) == Verdict::known);
    CHECK(intake.hear("a", line(INT32_MIN), 1.0) == Verdict::take);
    CHECK(intake.hear("a", line(INT32_MAX), 1.0) == Verdict::known);
    CHECK(intake.hear("b", line(1), 1.5) == Verdict::renumber);
    CHECK(intake.hear("a", line(INT32_MIN), 1.6) == Verdict::known);  // the old one still repeats itself
    CHECK(intake.hear("b", line(2), 2.0) == Verdict::take);
    CHECK(intake.hear("a", line(INT32_MIN), 9.0) == Verdict::renumber);  // b fell silent
    intake.forget();
    CHECK(intake.hear("b", line(1), 9.0) == Verdict::take);
}

TEST_CASE("a saved deck reads back the same, and nonsense is refused") {
    SavedDeck deck;
    deck.path = "/music/träck \"one\".wav";
    deck.playing = true;
    deck.anchor_frame = {123'456'789'012};
    deck.anchor_beat = {4321.0625};
    deck.anchor_source = 998'877.125;
    deck.clock_frame = {123'456'999'999};
    deck.clock_s = 5000.0;
    deck.loop = Trajectory::Loop{10.0, 20.0};
    deck.hotcues[3] = 1.5;
    deck.lines.push_back({-7, TempoLine{JackFrame{1}, Beats{2.5}, Bpm{120.0}, JackFrame{9}, Bpm{130.0}, 48000.0}});
    deck.stems.push_back({15, "/music/drums.wav", "drums", 0.5, 0.25, true, true, false, -1000.5});
    deck.path = "/music/caf\xe9.wav";  // bytes, no UTF-8
    deck.ended = true;
    deck.sync = false;
    deck.grid = {0.31, "structure"};
    deck.next = SavedDeck::Next{"/music/b.wav", 3.0, 111.0, {std::nullopt, "tag"}, Trajectory::Loop{1.0, 2.5}};
    deck.start = SavedDeck::Start{JackFrame{77}, 4.0};
    const SavedDeck back = parse_saved_deck(to_text(deck));
    CHECK(to_text(back) == to_text(deck));
    CHECK(back.path == deck.path);
    CHECK(back.grid == deck.grid);
    CHECK(back.next->loop == deck.next->loop);
    CHECK(back.start->frame.value == 77);
    CHECK_THROWS_AS(parse_saved_deck("{}"), Failure);
    CHECK_THROWS_AS(parse_saved_deck("not json"), Failure);
    std::string bad = to_text(deck);
    bad.replace(bad.find("\"gain\": 1.0"), 11, "\"gain\": 99.0");
    CHECK_THROWS_AS(parse_saved_deck(bad), Failure);
    // What would be no number of frames on the audio thread is no state.
    for (const auto& [key, value] : {std::pair{"\"frame\": 77", "\"frame\": 9000000000000000000"},
                                     std::pair{"2.5,", "1e300,"}, std::pair{"1.5\n", "1e300\n"}}) {
        std::string absurd = to_text(deck);
        REQUIRE(absurd.find(key) != std::string::npos);
        absurd.replace(absurd.find(key), std::string{key}.size(), value);
        CAPTURE(absurd);
        CHECK_THROWS_AS(parse_saved_deck(absurd), Failure);
    }
}

TEST_CASE("a restart tells the same run of a server from a new one, over the wrap of its frames") {
    SavedDeck deck;
    deck.clock_frame = {(std::int64_t{1} << 32) - 1000};
    deck.clock_s = 100.0;
    const auto shift = same_run_shift(deck, JackFrame{47'000}, 101.0, 48000.0);
    REQUIRE(shift.has_value());
    CHECK(shift->value == -(std::int64_t{1} << 32));
    CHECK(!same_run_shift(deck, JackFrame{47'000 + 48'000 * 30}, 101.0, 48000.0));
    CHECK(!same_run_shift(deck, JackFrame{47'000}, 101.0, 44100.0));
}
