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
        CHECK(answer.address == "/error");
        REQUIRE(answer.texts.size() == 2);
        CHECK(answer.texts[0] == address);
        CHECK(answer.whole == std::vector<std::int32_t>{1});
        CHECK(answer.texts[1].find(because) != std::string::npos);
    };
    refused(packet_of("/reset", ",I"), "/reset", "type I");
    refused(packet_of("/reset", ",b", {"\0\0\0\4abcd", 8}), "/reset", "blob");
    refused(packet_of("/reset", ",c", {"\0\0\0a", 4}), "/reset", "'c'");
    refused(packet_of("/reset", ",t", std::string_view{"\0\0\0\0\0\0\0\1", 8}), "/reset", "'t'");
    refused(packet_of("/reset", ",m", {"\0\0\0\0", 4}), "/reset", "'m'");
    refused(packet_of("/reset", ",r", {"\0\0\0\0", 4}), "/reset", "'r'");
    refused(packet_of("/reset", ",[i]", {"\0\0\0\0", 4}), "/reset", "array");
    refused(packet_of("/reset", "i", {"\0\0\0\0", 4}), "/reset", "comma");
    refused(packet_of("/reset", ",", {"\0\0\0\0", 4}), "/reset", "4 bytes follow");
    refused(packet_of("/reset", ",i"), "/reset", "ends before");
    refused(packet_of("/reset", "," + std::string(257, 'T')), "/reset", "257 arguments");
    refused(packet_of("/mixer/*", ","), "/mixer/*", "pattern");
    refused(packet_of("/mixer/A/gain", ",ff", one_f + std::string{"\x7f\xc0\0\0", 4}), "/mixer/A/gain", "finite");
    refused(packet_of("/mixer/A/gain", ",f", four({0x42, 0, 0, 0})), "/mixer/A/gain", "0 to 4");
    refused(packet_of("/mixer/A/gain", ",ss", std::string{"loud\0\0\0\0loud\0\0\0\0", 16}), "/mixer/A/gain", "number");
    refused(packet_of("/deck/hotcue", ",i", four({0, 0, 0, 0})), "/deck/hotcue", "1 to 8");
    CHECK(program.done().empty());
}

TEST_CASE("an empty array is no argument") {
    const Program program;
    const RawClient client{program.port()};
    CHECK(client.ask(packet_of("/reset", ",[]")).address == "/reply");
    CHECK(client.ask(packet_of("/reset", ",[][]")).address == "/reply");
    CHECK(program.done().size() == 2);
    CHECK(program.did("/reset"));
}

TEST_CASE("a button acts once, when it is pressed, and its release does nothing") {
    const Program program;
    const RawClient client{program.port()};
    for (const char* button : {at::mixer_record_stop, at::setlist_next, at::deck_start, at::tempo_tap}) {
        CAPTURE(button);
        const std::size_t before = program.done().size();
        CHECK(client.ask(packet_of(button, ",f", one_f)).address == "/reply");
        CHECK(client.ask(packet_of(button, ",f", zero_f)).address == "/reply");
        CHECK(client.ask(packet_of(button, ",T")).address == "/reply");
        CHECK(client.ask(packet_of(button, ",F")).address == "/reply");
        CHECK(client.ask(packet_of(button, ",d", zero_f + zero_f)).address == "/reply");
        CHECK(program.done().size() == before + 2);
        CHECK(program.did(button));
    }
    const std::size_t before = program.done().size();
    CHECK(client.ask(packet_of("/setlist/next", ",i", four({0, 0, 0, 0}))).address == "/reply");
    CHECK(program.done().size() == before);
    CHECK(client.ask(packet_of("/deck/hotcue/3", ",f", one_f)).address == "/reply");
    CHECK(program.did("/deck/hotcue i3"));
    CHECK(client.ask(packet_of("/test_tone", ",f", four({0x43, 0xDC, 0, 0}))).address == "/reply");
    CHECK(program.did("/test_tone f440"));
}

TEST_CASE("a frame is i, h or N; a float where one may stand is none") {
    const Program program;
    const RawClient client{program.port()};
    CHECK(client.ask(packet_of("/mixer/record/stop", ",i", four({0, 0, 0, 0}))).address == "/reply");
    CHECK(program.did("/mixer/record/stop i0"));
    CHECK(client.ask(packet_of("/deck/start", ",ff", one_f + one_f)).address == "/error");
    CHECK(client.ask(packet_of("/deck/start", ",Nf", one_f)).address == "/reply");
    CHECK(client.ask(packet_of("/mixer/A/gain", ",fff", one_f + one_f + one_f)).address == "/error");
    CHECK(client.ask(packet_of("/mixer/A/gain", ",ffi", one_f + one_f + zero_f)).address == "/reply");
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
    CHECK(client.request(program.url(), "/mixer/gain", {"A"})->shown() == "/mixer/gain \"A\" 0.5");
    CHECK(client.request(program.url(), "/deck/hotcue/three")->is_error_of("/deck/hotcue/three"));
    const auto unknown = client.request(program.url(), "/mixer/A/gian", {0.5F});
    CHECK(unknown->number(1) == 2);
}

TEST_CASE("reports in a bundle count on arrival, whatever its date") {
    const Program program;
    const RawClient client{program.port()};
    client.send(dated_bundle(1e6, {packet_of("/dance/total_movement", ",i", four({0, 0, 0, 1}))}));
    CHECK(eventually([&] { return program.did("/dance/total_movement i1"); }));
    client.send(dated_bundle(5.0, {packet_of("/dance/total_movement", ",i", four({0, 0, 0, 2}))}));
    CHECK(client.ask(packet_of("/reset", ",")).address == "/reply");
    CHECK(program.did("/dance/total_movement i2"));
    client.send(
        dated_bundle(-100.0, {bundle_of(0, 1, {packet_of("/dance/total_movement", ",i", four({0, 0, 0, 5}))})}));
    CHECK(eventually([&] { return program.did("/dance/total_movement i5"); }));
}

TEST_CASE("commands in a bundle are done at its date, with a frame at once, and beyond ten seconds refused in words") {
    const Program program;
    const RawClient client{program.port()};
    const RawAnswer late = client.ask(dated_bundle(3600.0, {packet_of("/reset", ",")}));
    CHECK(late.address == "/error");
    CHECK(late.whole == std::vector<std::int32_t>{4});
    CHECK(late.texts.at(1).find("3600") != std::string::npos);
    CHECK(program.done().empty());

    CHECK(client.ask(dated_bundle(5.0, {packet_of("/deck/start", ",")})).address == "/reply");
    const std::string started = program.done().front();
    // Less by what passed between the sender's look at the clock and the receiver's, which the machine decides.
    CHECK((started.starts_with("/deck/start i123") || started.starts_with("/deck/start i124")));

    client.send(dated_bundle(0.4, {packet_of("/reset", ","), packet_of("/mixer/record/stop", ",")}));
    CHECK(client.ask(packet_of("/tempo/tap", ",")).texts.front() == "/tempo/tap");
    CHECK_FALSE(program.did("/reset"));
    CHECK(eventually([&] { return program.did("/reset"); }));
    // What stands behind a command that waits waits as well, and keeps the frame it was given.
    CHECK(eventually([&] { return program.done().back().starts_with("/mixer/record/stop i10"); }));
}

TEST_CASE("64 messages of a bundle are done, each further one is answered") {
    const Program program;
    const RawClient client{program.port()};
    client.send(bundle_of(0, 1, std::vector<std::vector<char>>(70, packet_of("/reset", ","))));
    int replies = 0;
    int errors = 0;
    for (int i = 0; i < 70; ++i) {
        const RawAnswer answer = client.next();
        replies += answer.address == "/reply" ? 1 : 0;
        errors += answer.address == "/error" && answer.whole == std::vector<std::int32_t>{1} ? 1 : 0;
    }
    CHECK(replies == 64);
    CHECK(errors == 6);
    CHECK(program.done().size() == 64);
}

TEST_CASE("a bundle nested deeper than four is answered, one nested without end costs nothing") {
    const Program program;
    const RawClient client{program.port()};
    auto nested = packet_of("/reset", ",");
    for (int depth = 0; depth < 4; ++depth) {
        nested = bundle_of(0, 1, {nested});
    }
    CHECK(client.ask(nested).address == "/reply");
    nested = bundle_of(0, 1, {nested});
    const RawAnswer answer = client.ask(nested);
    CHECK(answer.address == "/error");
    CHECK(answer.texts.at(1).find("four deep") != std::string::npos);
    for (int depth = 0; depth < 500; ++depth) {
        nested = bundle_of(0, 1, {nested});
    }
    client.send(nested);
    CHECK(client.ask(packet_of("/tempo/tap", ",")).texts.front() == "/tempo/tap");
    CHECK(program.done().size() == 2);
}

TEST_CASE("what answers or tells is never answered, so no two programs can argue") {
    const Program program;
    OscClient client;
    client.send(program.url(), "/reply", {"/deck/cue"});
    client.send(program.url(), "/reply");
    client.send(program.url(), "/error", {"/deck/cue", 1, "no"});
    client.send(program.url(), "/deck/started", {1});
    client.send(program.url(), "/deck/state", {"playing", "a.wav", 1, 1.0, 1.0, 1.0, 120.0, "rate"});
    client.send(program.url(), "/deck/A/state", {"playing"});
    client.send(program.url(), "/mixer/meters", {"A", 0.0F});
    client.send(program.url(), "/audio/bpm", {120.0F});
    client.send(program.url(), "/tempo/line", {1});
    CHECK(client.request(program.url(), "/reset")->is_reply_to("/reset"));
    CHECK(client.received().size() == 1);
    CHECK(client.request(program.url(), "/deck/state", {1})->is_error_of("/deck/state"));
}

TEST_CASE("nobody can be made to subscribe the program itself or another program of the suite") {
    Program program;
    OscClient client;
    OscClient other;
    program.peer(other.url());
    CHECK(client.request(program.url(), "/subscribe", {program.url()})->number(1) == 4);
    CHECK(client.request(program.url(), "/subscribe", {other.url()})->number(1) == 4);
    CHECK(other.request(program.url(), "/subscribe", {other.url()})->is_reply_to("/subscribe"));
    CHECK(client.request(program.url(), "/subscribe")->is_reply_to("/subscribe"));
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
