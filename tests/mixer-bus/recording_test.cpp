// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "mixer-bus/recording.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Bytes in memory; runs of zeros cost nothing, so that it can hold many gigabytes of silence.
class SparseBytes {
public:
    static constexpr std::int64_t page = 4096;

    void write(std::int64_t offset, std::span<const std::byte> bytes) {
        size_ = std::max(size_, offset + static_cast<std::int64_t>(bytes.size()));
        while (!bytes.empty()) {
            const std::int64_t in_page = offset % page;
            const auto run = std::min(bytes.size(), static_cast<std::size_t>(page - in_page));
            const auto part = bytes.first(run);
            const bool zero = part[0] == std::byte{0} && std::memcmp(part.data(), part.data() + 1, run - 1) == 0;
            if (auto found = pages_.find(offset / page); found != pages_.end() || !zero) {
                auto& contents = pages_[offset / page];
                contents.resize(page);
                std::memcpy(contents.data() + in_page, part.data(), run);
            }
            bytes = bytes.subspan(run);
            offset += static_cast<std::int64_t>(run);
        }
    }
    std::int64_t read(std::int64_t offset, std::span<std::byte> bytes) const {
        const std::int64_t left = std::clamp<std::int64_t>(size_ - offset, 0, static_cast<std::int64_t>(bytes.size()));
        for (std::int64_t done = 0; done < left;) {
            const std::int64_t in_page = (offset + done) % page;
            const std::int64_t run = std::min(left - done, page - in_page);
            auto* const to = bytes.data() + done;
            if (const auto found = pages_.find((offset + done) / page); found != pages_.end()) {
                std::memcpy(to, found->second.data() + in_page, static_cast<std::size_t>(run));
            } else {
                std::memset(to, 0, static_cast<std::size_t>(run));
            }
            done += run;
        }
        return left;
    }
    [[nodiscard]] std::int64_t size() const { return size_; }
    void truncate(std::int64_t size) { size_ = std::min(size_, size); }

private:
    std::map<std::int64_t, std::vector<std::byte>> pages_;
    std::int64_t size_{0};
};

/// What a disk would hold: now, and after a power cut (only what a sync covered).
struct Disk {
    std::mutex mutex;
    std::condition_variable released;
    bool blocked{false};
    std::int64_t room{INT64_MAX};
    SparseBytes now, after_power_cut;
    std::atomic<int> syncs{0};
    std::atomic<bool> waiting{false};
};

class DiskSink final : public ByteSink {
public:
    explicit DiskSink(Disk& disk) : disk_{disk} {}
    std::int64_t write_at(std::int64_t offset, std::span<const std::byte> bytes) override {
        std::unique_lock lock{disk_.mutex};
        disk_.waiting = disk_.blocked;
        disk_.released.wait(lock, [&] { return !disk_.blocked; });
        disk_.waiting = false;
        const auto room = std::clamp<std::int64_t>(disk_.room - offset, 0, static_cast<std::int64_t>(bytes.size()));
        disk_.now.write(offset, bytes.first(static_cast<std::size_t>(room)));
        if (room < static_cast<std::int64_t>(bytes.size())) {
            error_ = ENOSPC;
        }
        return room;
    }
    [[nodiscard]] std::int64_t size() const override {
        const std::lock_guard lock{disk_.mutex};
        return disk_.now.size();
    }
    bool truncate(std::int64_t size) override {
        const std::lock_guard lock{disk_.mutex};
        disk_.now.truncate(size);
        return true;
    }
    bool sync() override {
        const std::lock_guard lock{disk_.mutex};
        disk_.after_power_cut = disk_.now;
        ++disk_.syncs;
        return error_ == 0;
    }
    [[nodiscard]] int error() const override { return error_; }

private:
    Disk& disk_;
    int error_{0};
};

/// Opens bytes with libsndfile.
class Reopened {
public:
    explicit Reopened(const SparseBytes& bytes) : bytes_{bytes} {
        SF_VIRTUAL_IO io{};
        io.get_filelen = [](void* self) -> sf_count_t { return static_cast<Reopened*>(self)->bytes_.size(); };
        io.seek = [](sf_count_t offset, int whence, void* self) -> sf_count_t {
            auto& me = *static_cast<Reopened*>(self);
            me.at_ = offset + (whence == SEEK_CUR ? me.at_ : whence == SEEK_END ? me.bytes_.size() : 0);
            return me.at_;
        };
        io.read = [](void* to, sf_count_t count, void* self) -> sf_count_t {
            auto& me = *static_cast<Reopened*>(self);
            const auto n = me.bytes_.read(me.at_, {static_cast<std::byte*>(to), static_cast<std::size_t>(count)});
            me.at_ += n;
            return n;
        };
        io.tell = [](void* self) -> sf_count_t { return static_cast<Reopened*>(self)->at_; };
        file_ = sf_open_virtual(&io, SFM_READ, &info_, this);
    }
    ~Reopened() {
        if (file_ != nullptr) {
            sf_close(file_);
        }
    }
    Reopened(const Reopened&) = delete;
    Reopened& operator=(const Reopened&) = delete;

    [[nodiscard]] bool opens() const { return file_ != nullptr; }
    [[nodiscard]] std::int64_t frames() const { return info_.frames; }
    [[nodiscard]] int format() const { return info_.format; }
    /// Frames that really decode.
    [[nodiscard]] Signal contents() {
        Signal all;
        Signal buffer(8192);
        for (sf_count_t n = 0; (n = sf_readf_float(file_, buffer.data(), 4096)) > 0;) {
            all.insert(all.end(), buffer.begin(), buffer.begin() + 2 * n);
        }
        return all;
    }
    [[nodiscard]] Signal frame(std::int64_t place) {
        Signal both(2);
        sf_seek(file_, place, SEEK_SET);
        sf_readf_float(file_, both.data(), 1);
        return both;
    }

private:
    const SparseBytes& bytes_;
    sf_count_t at_{0};
    SF_INFO info_{};
    SNDFILE* file_{nullptr};
};

void write_noise(Tap& tap, std::int64_t frame, std::size_t frames, Signal& left, Signal& right) {
    const Signal l = noise(frames, static_cast<unsigned>(frame), 0.5F);
    const Signal r = noise(frames, static_cast<unsigned>(frame) + 1, 0.5F);
    for (std::size_t at = 0; at < frames; at += 1024) {
        const std::size_t run = std::min<std::size_t>(1024, frames - at);
        tap.write(JackFrame{frame + static_cast<std::int64_t>(at)}, std::span{l}.subspan(at, run),
                  std::span{r}.subspan(at, run));
    }
    left.insert(left.end(), l.begin(), l.end());
    right.insert(right.end(), r.begin(), r.end());
}

Recording::Request request(Disk& disk, RecordingFormat format, std::int64_t from) {
    return {.path = "/nowhere/set.wav", .format = format, .from = JackFrame{from}, .open = [&disk] {
                return std::make_unique<DiskSink>(disk);
            }};
}

}  // namespace

TEST_CASE("a recording holds exactly the frames from the one asked for to the one before its end") {
    const TemporaryFolder folder;
    for (const char* name : {"set.wav", "set.rf64", "set.FLAC"}) {
        const auto tap = std::make_shared<Tap>(48000.0);
        Signal left;
        Signal right;
        write_noise(*tap, 1000, 48000, left, right);
        {
            Recording recording{tap, {folder / name, *recording_format(name), JackFrame{1000 + 24000}}, {}};
            recording.stop(JackFrame{1000 + 60000});
            write_noise(*tap, 49000, 48000, left, right);
            REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
            CHECK(recording.status().frames == 36000);
            CHECK(recording.status().lost == 0);
        }
        const auto content = read_audio(folder / name);
        REQUIRE(content.frames() == 36000);
        // FLAC holds 24 bits: half a step of 2^-23
        const float tolerance = std::string{name} == "set.FLAC" ? 1.2e-7F : 0.0F;
        for (std::size_t i = 0; i < 36000; ++i) {
            REQUIRE(std::fabs(content.interleaved[2 * i] - left[24000 + i]) <= tolerance);
            REQUIRE(std::fabs(content.interleaved[2 * i + 1] - right[24000 + i]) <= tolerance);
        }
    }
}

TEST_CASE("a recording told to end at a frame that has passed is cut there, if its samples are plain") {
    const TemporaryFolder folder;
    for (const char* name : {"set.wav", "set.rf64", "set.flac"}) {
        CAPTURE(name);
        const auto tap = std::make_shared<Tap>(48000.0);
        Signal left;
        Signal right;
        write_noise(*tap, 1000, 96000, left, right);
        Recording recording{tap, {folder / name, *recording_format(name), JackFrame{1000}}, {}};
        REQUIRE(eventually([&] { return recording.status().frames == 96000; }));
        recording.stop(JackFrame{1000 + 60000});
        REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
        const std::int64_t expected = std::string{name} == "set.flac" ? 96000 : 60000;
        CHECK(recording.status().frames == expected);
        const auto content = read_audio(folder / name);
        REQUIRE(content.frames() == expected);
        CHECK(content.interleaved[2 * 59999] == doctest::Approx(static_cast<double>(left[59999])));
        if (expected == 60000) {
            CHECK(std::filesystem::file_size(folder / name) < 60000 * 8 + 1024);
        }
    }
}

TEST_CASE("a recording never overwrites, not even through a link, and says so") {
    const TemporaryFolder folder;
    const auto path = folder / "precious.wav";
    std::ofstream{path} << "precious";
    std::filesystem::create_symlink(path, folder / "link.wav");
    const auto tap = std::make_shared<Tap>(48000.0);
    for (const char* name : {"precious.wav", "link.wav", "missing/set.wav"}) {
        std::atomic<int> failures{0};
        Recording recording{tap, {folder / name, RecordingFormat::wav, JackFrame{0}}, [&](const RecordingEvent& event) {
                                failures += event.kind == RecordingEvent::Kind::failed &&
                                                    event.text.find(name) != std::string::npos
                                                ? 1
                                                : 100;
                            }};
        REQUIRE(eventually([&] { return recording.status().state == Recording::State::failed; }));
        REQUIRE(eventually([&] { return failures.load() != 0; }));
        CHECK(failures.load() == 1);
    }
    CHECK(text_of(path) == "precious");
}

TEST_CASE("a writer that stalls for ten seconds loses nothing, for sixteen exactly what the tap could not hold") {
    for (const int seconds : {10, 20}) {
        Disk disk;
        const auto tap = std::make_shared<Tap>(48000.0);
        Signal left;
        Signal right;
        write_noise(*tap, 0, 4800, left, right);
        Recording recording{tap, request(disk, RecordingFormat::wav, 0), {}};
        REQUIRE(eventually([&] { return recording.status().frames == 4800; }));
        {
            const std::lock_guard lock{disk.mutex};
            disk.blocked = true;
        }
        write_noise(*tap, 4800, 1024, left, right);
        REQUIRE(eventually([&] { return disk.waiting.load(); }));
        write_noise(*tap, 5824, 48000U * static_cast<unsigned>(seconds), left, right);
        {
            const std::lock_guard lock{disk.mutex};
            disk.blocked = false;
            disk.released.notify_all();
        }
        recording.stop();
        REQUIRE(eventually([&] { return recording.status().state == Recording::State::finished; }));
        const auto status = recording.status();
        CHECK(status.frames == static_cast<std::int64_t>(left.size()));  // in time, whatever was lost
        CHECK((status.lost == 0) == (seconds == 10));
        Reopened file{disk.now};
        const Signal content = file.contents();
        REQUIRE(content.size() == 2 * left.size());
        std::int64_t different = 0;
        for (std::size_t i = 0; i < left.size(); ++i) {
            different += content[2 * i] != left[i] || content[2 * i + 1] != right[i] ? 1 : 0;
        }
        CHECK(different == status.lost);
    }
}

TEST_CASE("a recording says which frame its file really begins with") {
    Disk disk;
    const auto tap = std::make_shared<Tap>(48000.0);
    std::atomic<bool> opened{false};
    // Asked for before there is any frame, as --record does.
    Recording recording{tap, request(disk, RecordingFormat::wav, -480000),
                        [&](const RecordingEvent& event) { opened = event.kind == RecordingEvent::Kind::opened; }};
    Signal left;
    Signal right;
    write_noise(*tap, 1000, 4800, left, right);
    REQUIRE(eventually([&] { return opened.load(); }));
    CHECK(recording.status().from == JackFrame{1000});
}

TEST_CASE("a file that can't be finished is waited for once, not again at the end") {
    const auto disk = std::make_shared<Disk>();  // the thread that is left behind still writes to it
    const auto tap = std::make_shared<Tap>(48000.0);
    Signal left;
    Signal right;
    write_noise(*tap, 0, 4800, left, right);
    auto wanted = request(*disk, RecordingFormat::wav, 0);
    wanted.open = [disk] { return std::make_unique<DiskSink>(*disk); };
    auto recording = std::make_unique<Recording>(tap, std::move(wanted), Recording::Listener{});
    REQUIRE(eventually([&] { return recording->status().frames == 4800; }));
    {
        const std::lock_guard lock{disk->mutex};
        disk->blocked = true;
    }
    recording->stop();
    REQUIRE(eventually([&] { return disk->waiting.load(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds{1300});  // longer than a recording has patience
    const auto begin = std::chrono::steady_clock::now();
    recording.reset();
    // Another 1.2 s would carry the program past the 2 s it has to end in.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{1000});
    const std::lock_guard lock{disk->mutex};
    disk->blocked = false;
    disk->released.notify_all();
}

TEST_CASE("at every second the bytes on disk are a whole file: a power cut loses what no sync covered, no more") {
    for (const auto format : {RecordingFormat::wav, RecordingFormat::rf64, RecordingFormat::flac, RecordingFormat::ogg,
                              RecordingFormat::opus, RecordingFormat::mp3}) {
        CAPTURE(static_cast<int>(format));
        Disk disk;
        RecordingFile file{std::make_unique<DiskSink>(disk), {.format = format, .title = "set", .date = "2024-01-01"}};
        const auto tone = as_channels(sine_wave(440.0, 4800), 2);
        for (int second = 1; second <= 4; ++second) {
            for (int i = 0; i < 10; ++i) {
                REQUIRE(file.write(tone) == 4800);
            }
            file.make_valid();
            file.sync();
            for (int i = 0; i < 3; ++i) {
                REQUIRE(file.write(tone) == 4800);  // what the cut takes
            }
            Reopened after{disk.after_power_cut};
            REQUIRE(after.opens());
            const auto readable = static_cast<std::int64_t>(after.contents().size()) / 2;
            // An encoder holds back a block (FLAC, MP3) or a page (Ogg: 0.4 s, and what the encoder looks ahead).
            const bool paged = format == RecordingFormat::ogg || format == RecordingFormat::opus;
            const bool blocked = format == RecordingFormat::flac || format == RecordingFormat::mp3;
            const std::int64_t held = paged ? 24000 : blocked ? 8192 : 0;
            CHECK(readable >= second * 48000 + (second - 1) * 14400 - held);
        }
        REQUIRE(file.close());
        Reopened whole{disk.now};
        CHECK(whole.frames() == 4 * (48000 + 14400));
    }
}

TEST_CASE("a running recording is synced again and again") {
    Disk disk;
    const auto tap = std::make_shared<Tap>(48000.0);
    Signal left;
    Signal right;
    write_noise(*tap, 0, 4800, left, right);
    Recording recording{tap, request(disk, RecordingFormat::wav, 0), {}};
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(eventually([&] {
        write_noise(*tap, static_cast<std::int64_t>(left.size()), 480, left, right);
        return disk.syncs.load() >= 1;
    }));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
    const std::lock_guard lock{disk.mutex};
    Reopened after{disk.after_power_cut};
    REQUIRE(after.opens());
    CHECK(after.frames() > 0);
}

TEST_CASE("on a full disk everything accepted is playable, and there is one error") {
    for (const auto format : {RecordingFormat::wav, RecordingFormat::flac, RecordingFormat::ogg}) {
        CAPTURE(static_cast<int>(format));
        Disk disk;
        disk.room = 200'000;
        const auto tap = std::make_shared<Tap>(48000.0);
        Signal left;
        Signal right;
        write_noise(*tap, 0, 48000 * 10, left, right);
        std::atomic<int> failures{0};
        std::string why;
        Recording recording{tap, request(disk, format, 0), [&](const RecordingEvent& event) {
                                if (event.kind == RecordingEvent::Kind::failed) {
                                    why = event.text;
                                    ++failures;
                                }
                            }};
        REQUIRE(eventually([&] { return failures.load() > 0; }));
        CHECK(failures.load() == 1);
        CHECK(why.find("No space left") != std::string::npos);
        Reopened file{disk.now};
        REQUIRE(file.opens());
        const Signal content = file.contents();
        if (format == RecordingFormat::wav) {
            CHECK(static_cast<std::int64_t>(content.size()) / 2 == recording.status().frames);
            CHECK(content.size() * sizeof(float) > 190'000);
        }
        CHECK(content.size() > 20'000);
        if (format != RecordingFormat::ogg) {
            for (std::size_t i = 0; i < content.size() / 2; ++i) {
                REQUIRE(std::fabs(content[2 * i] - left[i]) < 1e-6F);
            }
        }
    }
}

TEST_CASE("past four gigabytes a .wav is an RF64 of its exact length") {
    Disk disk;
    RecordingFile file{std::make_unique<DiskSink>(disk), {.format = RecordingFormat::wav, .title = "", .date = ""}};
    const Signal block(std::size_t{2} * 1024 * 1024);
    constexpr std::int64_t blocks = 540;  // of a million frames, 8 MB each: 4.5 GB
    for (std::int64_t i = 0; i < blocks; ++i) {
        REQUIRE(file.write(block) == 1024 * 1024);
        if (i % 100 == 99) {
            file.make_valid();
        }
    }
    const Signal last{0.25F, -0.25F};
    REQUIRE(file.write(last) == 1);
    REQUIRE(file.close());
    Reopened again{disk.now};
    REQUIRE(again.opens());
    CHECK((again.format() & SF_FORMAT_TYPEMASK) == SF_FORMAT_RF64);
    CHECK(again.frames() == blocks * 1024 * 1024 + 1);
    CHECK(again.frame(blocks * 1024 * 1024) == last);
}

TEST_CASE("a short .wav is a plain WAV") {
    Disk disk;
    RecordingFile file{std::make_unique<DiskSink>(disk), {.format = RecordingFormat::wav, .title = "", .date = ""}};
    REQUIRE(file.write(as_channels(sine_wave(100.0, 1000), 2)) == 1000);
    REQUIRE(file.close());
    std::array<std::byte, 4> magic{};
    disk.now.read(0, magic);
    CHECK(std::memcmp(magic.data(), "RIFF", 4) == 0);
}
