// SPDX-License-Identifier: GPL-3.0-or-later
// What NEXT promises of every packet: answered, or an answer or event itself; never refused in silence.
#include "common/control_loop.hpp"
#include "common/log.hpp"
#include "common/osc_server.hpp"
#include "tests/support/captured_stderr.hpp"
#include "tests/support/osc_packets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// A program that serves described addresses and says what it did.
class Program {
public:
    Program() : server_{loop_, "127.0.0.1", {0}} {
        for (const char* address : {at::mixer_record_stop, at::setlist_next, at::deck_start, at::reset, at::tempo_tap,
                                    at::mixer_gain, at::mixer_eq, at::mixer_fade, at::deck_hotcue, at::test_tone}) {
            server_.handle(address, [this](const OscRequest& request) {
                note(request);
                if (request.description->asks(request.arguments.size())) {
                    request.reply_to.send(
                        OscMessage{std::string{request.address}, request.arguments.atoms()}.real(0.5F));
                } else {
                    request.reply_to.done();
                }
            });
        }
        server_.handle(at::deck_state, [](const OscRequest& request) {
            request.reply_to.send(OscMessage{at::deck_state}.text("empty"));
        });
        server_.handle_report(at::dance_total_movement, [this](const OscRequest& request) {
            (void)request.arguments.number(0, "movement");
            note(request);
        });
        server_.frame_ahead = [](double seconds) {
            return JackFrame{1'000'000} + to_frames(Seconds{seconds}, 48000.0);
        };
        server_.is_peer = [this](const OscEndpoint& endpoint) { return endpoint.url() == peer_; };
        port_ = server_.port();
        thread_ = std::jthread{[this] { loop_.run(); }};
    }
    ~Program() {
        loop_.stop();
        thread_.join();
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return "osc.udp://127.0.0.1:" + std::to_string(port_) + "/"; }
    void peer(std::string url) { peer_ = std::move(url); }

    /// What was done so far: address and arguments.
    [[nodiscard]] std::vector<std::string> done() const {
        const std::lock_guard lock{mutex_};
        return done_;
    }
    [[nodiscard]] bool did(const std::string& what) const {
        const auto all = done();
        return std::find(all.begin(), all.end(), what) != all.end();
    }

private:
    void note(const OscRequest& request) {
        std::string line{request.address};
        for (const OscAtom& atom : request.arguments.atoms()) {
            line += ' ' + std::string(1, tag_of(atom)) + text_of(atom);
        }
        const std::lock_guard lock{mutex_};
        done_.push_back(line);
    }

    ControlLoop loop_;
    OscServer server_;
    std::uint16_t port_{};
    std::string peer_;
    mutable std::mutex mutex_;
    std::vector<std::string> done_;
    std::jthread thread_;
};

std::string four(std::initializer_list<int> bytes) {
    std::string text;
    for (const int byte : bytes) {
        text += static_cast<char>(byte);
    }
    return text;
}

const std::string one_f = four({0x3F, 0x80, 0, 0});
const std::string zero_f = four({0, 0, 0, 0});

}  // namespace

TEST_CASE("a packet with a readable address is answered whatever is wrong with the rest") {
    const Program program;
    const RawClient client{program.port()};
    const auto refused = [&](const std::vector<char>& packet, const std::string& address, const std::string& because) {
        const RawAnswer answer = client.ask(packet);
        CAPTURE(because);
        CHECK(answer.address == at::error);
        REQUIRE(answer.texts.size() == 2);
        CHECK(answer.texts[0] == address);
        CHECK(answer.whole == std::vector<std::int32_t>{1});
        CHECK(answer.texts[1].find(because) != std::string::npos);
    };
    refused(packet_of(at::reset, ",I"), at::reset, "type I");
    refused(packet_of(at::reset, ",b", {"\0\0\0\4abcd", 8}), at::reset, "blob");
    refused(packet_of(at::reset, ",c", {"\0\0\0a", 4}), at::reset, "'c'");
    refused(packet_of(at::reset, ",t", std::string_view{"\0\0\0\0\0\0\0\1", 8}), at::reset, "'t'");
    refused(packet_of(at::reset, ",m", {"\0\0\0\0", 4}), at::reset, "'m'");
    refused(packet_of(at::reset, ",r", {"\0\0\0\0", 4}), at::reset, "'r'");
    refused(packet_of(at::reset, ",[i]", {"\0\0\0\0", 4}), at::reset, "array");
    refused(packet_of(at::reset, "i", {"\0\0\0\0", 4}), at::reset, "comma");
    refused(packet_of(at::reset, ",", {"\0\0\0\0", 4}), at::reset, "4 bytes follow");
    refused(packet_of(at::reset, ",i"), at::reset, "ends before");
    refused(packet_of(at::reset, "," + std::string(257, 'T')), at::reset, "257 arguments");
    refused(packet_of("/mixer/*", ","), "/mixer/*", "pattern");
    refused(packet_of("/mixer/A/gain", ",ff", one_f + std::string{"\x7f\xc0\0\0", 4}), "/mixer/A/gain", "finite");
    refused(packet_of("/mixer/A/gain", ",f", four({0x42, 0, 0, 0})), "/mixer/A/gain", "0 to 4");
    refused(packet_of("/mixer/A/gain", ",ss", std::string{"loud\0\0\0\0loud\0\0\0\0", 16}), "/mixer/A/gain", "number");
    refused(packet_of(at::deck_hotcue, ",i", four({0, 0, 0, 0})), at::deck_hotcue, "1 to 8");
    CHECK(program.done().empty());
}

TEST_CASE("an empty array is no argument") {
    const Program program;
    const RawClient client{program.port()};
    CHECK(client.ask(packet_of(at::reset, ",[]")).address == at::reply);
    CHECK(client.ask(packet_of(at::reset, ",[][]")).address == at::reply);
    CHECK(program.done().size() == 2);
    CHECK(program.did(at::reset));
}

TEST_CASE("a button acts once, when it is pressed, and its release does nothing") {
    const Program program;
    const RawClient client{program.port()};
    for (const char* button : {at::mixer_record_stop, at::setlist_next, at::deck_start, at::tempo_tap}) {
        CAPTURE(button);
        const std::size_t before = program.done().size();
        CHECK(client.ask(packet_of(button, ",f", one_f)).address == at::reply);
        CHECK(client.ask(packet_of(button, ",f", zero_f)).address == at::reply);
        CHECK(client.ask(packet_of(button, ",T")).address == at::reply);
        CHECK(client.ask(packet_of(button, ",F")).address == at::reply);
        CHECK(client.ask(packet_of(button, ",d", zero_f + zero_f)).address == at::reply);
        CHECK(program.done().size() == before + 2);
        CHECK(program.did(button));
    }
    const std::size_t before = program.done().size();
    CHECK(client.ask(packet_of(at::setlist_next, ",i", four({0, 0, 0, 0}))).address == at::reply);
    CHECK(program.done().size() == before);
    CHECK(client.ask(packet_of(R"(/deck/hotcue/3)", ",f", one_f)).address == at::reply);
    CHECK(program.did(R"(/deck/hotcue i3)"));
    CHECK(client.ask(packet_of(at::test_tone, ",f", four({0x43, 0xDC, 0, 0}))).address == at::reply);
    CHECK(program.did("/test_tone f440"));
}

TEST_CASE("a frame is i, h or N; a float where one may stand is none") {
    const Program program;
    const RawClient client{program.port()};
    CHECK(client.ask(packet_of(at::mixer_record_stop, ",i", four({0, 0, 0, 0}))).address == at::reply);
    CHECK(program.did("/mixer/record/stop i0"));
    CHECK(client.ask(packet_of(at::deck_start, ",ff", one_f + one_f)).address == at::error);
    CHECK(client.ask(packet_of(at::deck_start, ",Nf", one_f)).address == at::reply);
    CHECK(client.ask(packet_of("/mixer/A/gain", ",fff", one_f + one_f + one_f)).address == at::error);
    CHECK(client.ask(packet_of("/mixer/A/gain", ",ffi", one_f + one_f + zero_f)).address == at::reply);
}

TEST_CASE("with selectors in the address the answer names that address, and leaves them out") {
    const Program program;
    OscClient client;
    CHECK(client.request(program.url(), "/mixer/A/gain", {0.25F})->shown() == "/reply \"/mixer/A/gain\"");
    CHECK(program.did("/mixer/gain sA f0.25"));
    CHECK(client.request(program.url(), "/mixer/A/eq/low", {50})->shown() == "/reply \"/mixer/A/eq/low\"");
    CHECK(program.did("/mixer/eq sA slow i50"));
    CHECK(client.request(program.url(), "/mixer/A/eq", {"low", 25})->is_reply_to("/mixer/A/eq"));
    CHECK(program.did("/mixer/eq sA slow i25"));
    CHECK(client.request(program.url(), "/mixer/A/gain")->shown() == "/mixer/A/gain 0.5");
    CHECK(client.request(program.url(), "/mixer/A/eq/low")->shown() == "/mixer/A/eq/low 0.5");
    CHECK(client.request(program.url(), at::mixer_gain, {"A"})->shown() == "/mixer/gain \"A\" 0.5");
    CHECK(client.request(program.url(), R"(/deck/hotcue/three)")->is_error_of(R"(/deck/hotcue/three)"));
    const auto unknown = client.request(program.url(), "/mixer/A/gian", {0.5F});
    CHECK(unknown->number(1) == 2);
}

TEST_CASE("reports in a bundle count on arrival, whatever its date") {
    const Program program;
    const RawClient client{program.port()};
    client.send(dated_bundle(1e6, {packet_of(at::dance_total_movement, ",i", four({0, 0, 0, 1}))}));
    CHECK(eventually([&] { return program.did("/dance/total_movement i1"); }));
    client.send(dated_bundle(5.0, {packet_of(at::dance_total_movement, ",i", four({0, 0, 0, 2}))}));
    CHECK(client.ask(packet_of(at::reset, ",")).address == at::reply);
    CHECK(program.did("/dance/total_movement i2"));
    client.send(
        dated_bundle(-100.0, {bundle_of(0, 1, {packet_of(at::dance_total_movement, ",i", four({0, 0, 0, 5}))})}));
    CHECK(eventually([&] { return program.did("/dance/total_movement i5"); }));
}

TEST_CASE("commands in a bundle are done at its date, with a frame at once, and beyond ten seconds refused in words") {
    const Program program;
    const RawClient client{program.port()};
    const RawAnswer late = client.ask(dated_bundle(3600.0, {packet_of(at::reset, ",")}));
    CHECK(late.address == at::error);
    CHECK(late.whole == std::vector<std::int32_t>{4});
    CHECK(late.texts.at(1).find("3600") != std::string::npos);
    CHECK(program.done().empty());

    CHECK(client.ask(dated_bundle(5.0, {packet_of(at::deck_start, ",")})).address == at::reply);
    // Some milliseconds pass between the packet's date and its arrival.
    CHECK(program.done().front().starts_with(R"(/deck/start i12)"));

    client.send(dated_bundle(0.4, {packet_of(at::reset, ","), packet_of(at::mixer_record_stop, ",")}));
    CHECK(client.ask(packet_of(at::tempo_tap, ",")).texts.front() == at::tempo_tap);
    CHECK_FALSE(program.did(at::reset));
    CHECK(eventually([&] { return program.did(at::reset); }));
    // What stands behind a command that waits waits as well, and keeps the frame it was given.
    CHECK(eventually([&] { return program.done().back().starts_with("/mixer/record/stop i10"); }));
}

TEST_CASE("64 messages of a bundle are done, each further one is answered") {
    const Program program;
    const RawClient client{program.port()};
    client.send(bundle_of(0, 1, std::vector<std::vector<char>>(70, packet_of(at::reset, ","))));
    int replies = 0;
    int errors = 0;
    for (int i = 0; i < 70; ++i) {
        const RawAnswer answer = client.next();
        replies += answer.address == at::reply ? 1 : 0;
        errors += answer.address == at::error && answer.whole == std::vector<std::int32_t>{1} ? 1 : 0;
    }
    CHECK(replies == 64);
    CHECK(errors == 6);
    CHECK(program.done().size() == 64);
}

TEST_CASE("a bundle nested deeper than four is answered, one nested without end costs nothing") {
    const Program program;
    const RawClient client{program.port()};
    auto nested = packet_of(at::reset, ",");
    for (int depth = 0; depth < 4; ++depth) {
        nested = bundle_of(0, 1, {nested});
    }
    CHECK(client.ask(nested).address == at::reply);
    nested = bundle_of(0, 1, {nested});
    const RawAnswer answer = client.ask(nested);
    CHECK(answer.address == at::error);
    CHECK(answer.texts.at(1).find("four deep") != std::string::npos);
    for (int depth = 0; depth < 500; ++depth) {
        nested = bundle_of(0, 1, {nested});
    }
    client.send(nested);
    CHECK(client.ask(packet_of(at::tempo_tap, ",")).texts.front() == at::tempo_tap);
    CHECK(program.done().size() == 2);
}

TEST_CASE("what answers or tells is never answered, so no two programs can argue") {
    const Program program;
    OscClient client;
    client.send(program.url(), at::reply, {at::deck_cue});
    client.send(program.url(), at::reply);
    client.send(program.url(), at::error, {at::deck_cue, 1, "no"});
    client.send(program.url(), at::deck_started, {1});
    client.send(program.url(), at::deck_state, {"playing", "a.wav", 1, 1.0, 1.0, 1.0, 120.0, "rate"});
    client.send(program.url(), R"(/deck/A/state)", {"playing"});
    client.send(program.url(), at::mixer_meters, {"A", 0.0F});
    client.send(program.url(), at::audio_bpm, {120.0F});
    client.send(program.url(), at::tempo_line, {1});
    CHECK(client.request(program.url(), at::reset)->is_reply_to(at::reset));
    CHECK(client.received().size() == 1);
    CHECK(client.request(program.url(), at::deck_state, {1})->is_error_of(at::deck_state));
}

TEST_CASE("nobody can be made to subscribe the program itself or another program of the suite") {
    Program program;
    OscClient client;
    OscClient other;
    program.peer(other.url());
    CHECK(client.request(program.url(), at::subscribe, {program.url()})->number(1) == 4);
    CHECK(client.request(program.url(), at::subscribe, {other.url()})->number(1) == 4);
    CHECK(other.request(program.url(), at::subscribe, {other.url()})->is_reply_to(at::subscribe));
    CHECK(client.request(program.url(), at::subscribe)->is_reply_to(at::subscribe));
}

TEST_CASE("who is refused again and again is in the log once a second, and then as a count") {
    const Program program;
    const RawClient client{program.port()};
    const CapturedStderr log;
    for (int i = 0; i < 50; ++i) {
        (void)client.ask(packet_of("/mixer/A/gain", ",i", four({0, 0, 0, 5 + i})));
    }
    (void)client.ask(packet_of("/mixer/*", ","));
    CHECK(eventually([&] { return log.text().find("more=49") != std::string::npos; }));
    const std::string text = log.text();
    CHECK(log.lines_with("address=/mixer/A/gain") == 2);
    CHECK(log.lines_with("address=/mixer/*") == 1);
    CHECK(text.find("warning") != std::string::npos);
    CHECK(text.find(client.url()) != std::string::npos);
}
