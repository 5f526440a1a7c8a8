// SPDX-License-Identifier: GPL-3.0-or-later
// Every file a deck may meet: played at its true pitch to its true length, or refused by name. Also run with the
// sanitizers in the deck.
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

/// One deck alone on a server.
struct LoneDeck {
    explicit LoneDeck(const std::vector<fs::path>& music) : process{command(music), armed()} {
        url = wait_for_client(server.name(), "deck-A");
        ears.listen_to("deck-A:out_l", 0);
        ears.listen_to("deck-A:out_r", 1);
    }

    std::vector<std::string> command(const std::vector<fs::path>& music) const {
        std::vector<std::string> words{program_path("crowdjack-deck"), "--name", "A", "--server", server.name()};
        for (const auto& folder : music) {
            words.insert(words.end(), {"--music-dir", folder.string()});
        }
        return words;
    }

    OscReceived ask(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = osc.request(url, address, arguments);
        if (!answer) {
            throw std::runtime_error{"no answer to " + address + ": " + process.output()};
        }
        return *answer;
    }

    JackServer server{{.period = 256}};
    Process process;
    OscClient osc;
    std::string url;
    Capture ears{server.name(), {.channels = 2, .seconds = 300.0}};
};

/// `/deck/state`: s:state s:path i:frame d:position_s d:length_s …
double length_seconds(LoneDeck& deck) { return deck.ask("/deck/state").number(4); }

/// What libsndfile can really read of a file; nothing when it refuses.
std::optional<double> true_length(const fs::path& path) {
    try {
        const auto content = read_audio(path);
        return static_cast<double>(content.frames()) / content.rate;
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

std::vector<fs::path> files_of(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.is_regular_file() && entry.path().extension() != ".md") {
            files.push_back(fs::canonical(entry.path()));
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// Plays what is cued (the last three seconds of what is longer) until the deck says that it ended.
bool plays_to_its_end(LoneDeck& deck, double seconds) {
    deck.ask("/subscribe");  // lasts a minute, and there are many files
    const auto mark = deck.osc.count();
    const auto arguments = seconds > 3.0 ? std::vector<OscValue>{OscNil{}, seconds - 3.0} : std::vector<OscValue>{};
    const auto answer = deck.ask("/deck/start", arguments);
    if (!answer.is_reply_to("/deck/start")) {
        MESSAGE(answer.shown());
        return false;
    }
    return deck.osc.wait_for("/deck/ended", mark).has_value();
}

}  // namespace

TEST_CASE("44.1, 48 and 96 kHz, mono and stereo, 16, 24, 32-bit and float play at the right pitch on a 48 kHz server") {
    const TemporaryFolder folder;
    LoneDeck deck{{folder.path()}};
    constexpr double hertz = 1000.0;
    for (const int rate : {44'100, 48'000, 96'000}) {
        for (const int channels : {1, 2}) {
            for (const auto format :
                 {SampleFormat::pcm16, SampleFormat::pcm24, SampleFormat::pcm32, SampleFormat::float32}) {
                CAPTURE(rate);
                CAPTURE(channels);
                CAPTURE(static_cast<int>(format));
                const auto path = folder / "sine.wav";
                write_audio(path, as_channels(sine(hertz, 0.4, rate), channels), channels, rate, format);
                deck.ask("/subscribe");  // lasts a minute
                const auto mark = deck.osc.count();
                REQUIRE(deck.ask("/deck/cue", {path.string()}).is_reply_to("/deck/cue"));
                CHECK(length_seconds(deck) == doctest::Approx(0.4).epsilon(1e-4));
                REQUIRE(deck.ask("/deck/start").is_reply_to("/deck/start"));
                const auto started = deck.osc.wait_for("/deck/started", mark);
                REQUIRE(started);
                const auto start = static_cast<std::int64_t>(started->number(0));
                REQUIRE(deck.osc.wait_for("/deck/ended", mark));
                REQUIRE(deck.ears.wait_until(start + 19'200));
                // The middle, away from both edges of the sound.
                const auto left = deck.ears.samples(0, start + 2'000, start + 17'000);
                if (std::none_of(left.begin(), left.end(), [](float s) { return std::isnan(s); })) {
                    CHECK(measured_hertz(left, 48'000.0) == doctest::Approx(hertz).epsilon(1e-4));
                    CHECK(*std::max_element(left.begin(), left.end()) == doctest::Approx(0.5).epsilon(0.01));
                    CHECK(left == deck.ears.samples(1, start + 2'000, start + 17'000));
                }
            }
        }
    }
}

TEST_CASE("every odd file of the real world plays to its true length or is refused by name, and the deck lives on") {
    const auto data = real_data();
    if (!data) {
        MESSAGE("skipped: the folder of real-world files is not beside this checkout");
        return;
    }
    LoneDeck deck{{*data}};
    std::size_t played = 0;
    std::size_t refused = 0;
    auto files = files_of(*data / "audio");
    const auto music = files_of(*data / "music");
    files.insert(files.end(), music.begin(), music.end());
    for (const auto& path : files) {
        CAPTURE(path.string());
        const auto answer = deck.ask("/deck/cue", {path.string()});
        const auto expected = true_length(path);
        if (answer.is_error_of("/deck/cue")) {
            ++refused;
            CHECK_MESSAGE(answer.text(2).find(path.filename().string()) != std::string::npos, answer.shown());
            continue;
        }
        REQUIRE_MESSAGE(answer.is_reply_to("/deck/cue"), answer.shown());
        ++played;
        const double seconds = length_seconds(deck);
        if (expected) {  // libsndfile gives up at a FLAC that lost its head
            CHECK(std::abs(seconds - *expected) < 1e-3);
        } else {
            CHECK(path.extension() == ".flac");
        }
        CHECK(plays_to_its_end(deck, seconds));
        CHECK(deck.process.running());
    }
    MESSAGE(played << " played, " << refused << " refused");
    CHECK(played > files.size() / 2);
    const auto health = deck.ask("/deck/health");
    CHECK_MESSAGE(health.named("starved_frames") == 0.0, health.shown());
    CHECK_MESSAGE(deck.process.terminate() == 0, deck.process.output());
}
