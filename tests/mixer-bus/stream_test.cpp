// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "mixer-bus/stream_encoder.hpp"
#include "mixer-bus/stream_target.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Read to its end: a stream's header knows no length.
Signal decoded_left(const std::filesystem::path& path) {
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    REQUIRE(file != nullptr);
    Signal left;
    Signal buffer(2048);
    for (sf_count_t n = 0; (n = sf_readf_float(file, buffer.data(), 1024)) > 0;) {
        for (sf_count_t i = 0; i < n; ++i) {
            left.push_back(buffer[static_cast<std::size_t>(2 * i)]);
        }
    }
    sf_close(file);
    return left;
}

}  // namespace

TEST_CASE("a stream address is taken apart, and never shows its password") {
    const auto target = StreamTarget::parse("icecast://source:p@ss%2Fw:rd@radio.example.org:8010/set/one.ogg");
    CHECK(target.user == "source");
    CHECK(target.password == "p@ss/w:rd");
    CHECK(target.host == "radio.example.org");
    CHECK(target.port == 8010);
    CHECK(target.mount == "/set/one.ogg");
    CHECK(target.shown() == "icecast://radio.example.org:8010/set/one.ogg");
    const auto again = StreamTarget::parse(target.url());
    CHECK(again.password == target.password);
    CHECK(again.shown() == target.shown());
    CHECK(StreamTarget::parse("icecast://source:x@h/m").port == 8000);
}

TEST_CASE("passwords are taken as they are written, and hosts may be IPv6") {
    const std::vector<std::array<std::string, 4>> cases{
        {"icecast://source:pa/ss@h:8000/m", "pa/ss", "h", "/m"},
        {"icecast://source:50%@h/m", "50%", "h", "/m"},
        {"icecast://source:50%25@h/m", "50%", "h", "/m"},
        {"icecast://source:a%zz@h/m", "a%zz", "h", "/m"},
        {"ICECAST://source:a:b@c/d@[::1]:9000/m", "a:b@c/d", "::1", "/m"},
        {"icecast://source:x@[fe80::1%25lo]/m", "x", "fe80::1%25lo", "/m"}};
    for (const auto& [address, password, host, mount] : cases) {
        const std::string url{address};
        CAPTURE(url);
        const auto target = StreamTarget::parse(url);
        CHECK(target.password == password);
        CHECK(target.host == host);
        CHECK(target.mount == mount);
        const auto again = StreamTarget::parse(target.url());
        CHECK(again.password == password);
        CHECK(again.host == host);
        CHECK(again.port == target.port);
    }
    CHECK(StreamTarget::parse("icecast://source:x@[::1]:9000/m").shown() == "icecast://[::1]:9000/m");
    for (const char* bad : {"icecast://source:x@::1/m", "icecast://source:x@[::1/m", "icecast://source:x@[::1]9/m"}) {
        CHECK_THROWS_AS((void)StreamTarget::parse(bad), Failure);
    }
    CHECK(parse_stream_format("Opus") == StreamFormat::opus);
    CHECK(parse_stream_format("MP3") == StreamFormat::mp3);
}

TEST_CASE("a bad stream address is refused without repeating it") {
    for (const char* url : {"http://source:SECRET@h/m", "icecast://source:SECRET@h", "icecast://SECRET@h/m",
                            "icecast://source:SECRET@h:0/m", "icecast://source:SECRET@h:99999/m",
                            "icecast://source:SECRET@:80/m", "icecast://:SECRET@h/m", "icecast://h/SECRET",
                            "icecast://source:SECRET@h/m\r\nX-Evil: 1", "icecast://source:SECRET%0d%0a@h/m", ""}) {
        CAPTURE(url);
        try {
            (void)StreamTarget::parse(url);
            FAIL("accepted");
        } catch (const Failure& error) {
            CHECK(std::string{error.what()}.find("SECRET") == std::string::npos);
        }
    }
}

TEST_CASE("an address where the format belongs is refused without repeating it") {
    try {
        (void)parse_stream_format("icecast://source:SECRET@h/m");
        FAIL("accepted");
    } catch (const Failure& error) {
        CHECK(std::string{error.what()}.find("SECRET") == std::string::npos);
    }
}

TEST_CASE("what comes out of each encoder decodes to what went in") {
    const TemporaryFolder folder;
    const Signal tone = sine_wave(440.0, 96000);
    const auto interleaved = as_channels(tone, 2);
    for (const auto format : {StreamFormat::vorbis, StreamFormat::opus, StreamFormat::mp3}) {
        StreamEncoder encoder{{.format = format, .title = {}, .station = ""}};
        std::vector<std::byte> bytes;
        const auto gather = [&] {
            const auto part = encoder.take();
            bytes.insert(bytes.end(), part.begin(), part.end());
        };
        for (std::size_t at = 0; at < interleaved.size(); at += 2048) {
            encoder.write(std::span{interleaved}.subspan(at, std::min<std::size_t>(2048, interleaved.size() - at)));
            gather();
        }
        CHECK(bytes.size() > 5000);  // most of it came while it was written, not at the end
        encoder.finish();
        gather();
        const auto path = folder / (format == StreamFormat::mp3 ? "stream.mp3" : "stream.ogg");
        std::ofstream{path, std::ios::binary | std::ios::trunc}.write(reinterpret_cast<const char*>(bytes.data()),
                                                                      static_cast<std::streamsize>(bytes.size()));
        const Signal left = decoded_left(path);
        CHECK(left.size() >= 90000);  // (an MP3's length is a guess from its first frame)
        const Signal middle(left.begin() + 20000, left.begin() + 80000);
        CHECK(measured_hertz(middle, 48000.0) == doctest::Approx(440.0).epsilon(0.001));
    }
}

TEST_CASE("Opus at 44.1 kHz is refused with advice") {
    CHECK_THROWS_WITH_AS((StreamEncoder{{.format = StreamFormat::opus, .rate = 44100, .title = {}, .station = ""}}),
                         doctest::Contains("vorbis instead"), Failure);
}
