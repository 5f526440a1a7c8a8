// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/control_loop.hpp"
#include "common/error.hpp"
#include "common/osc_packet.hpp"
#include "common/osc_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/osc_packets.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

using namespace crowdjack;
using test::append_string;
using test::bundle_of;
using test::OscClient;
using test::OscNil;
using test::packet_of;

namespace {

/// An OSC server on a loop of its own thread, with one command that answers with what it understood.
class Answering {
public:
    Answering() : server_{loop_, "127.0.0.1", {0}} {
        server_.handle("/add", [](const OscRequest& request) {
            const auto& arguments = request.arguments;
            arguments.expect(1, 3, "/add d:a [d:b] [s:name]");
            const double sum =
                arguments.number(0, "a", -100.0, 100.0) + arguments.optional_number(1, "b").value_or(0.5);
            const auto name = arguments.trailing_text(1).value_or("nameless");
            request.reply_to.send(request.reply_to.reply().precise(sum).text(name));
        });
        server_.handle("/fail", [](const OscRequest&) { throw std::runtime_error{"no more tape"}; });
        server_.handle_report("/dance/total_movement", [this](const OscRequest& request) {
            movement_ = request.arguments.number(0, "movement");
        });
        server_.handle("/movement", [this](const OscRequest& request) {
            request.reply_to.send(request.reply_to.reply().precise(movement_));
        });
        server_.handle("/counters", [this](const OscRequest& request) {
            const auto& counted = server_.counters();
            request.reply_to.send(request.reply_to.reply()
                                      .integer(static_cast<std::int32_t>(counted.malformed))
                                      .integer(static_cast<std::int32_t>(counted.refused))
                                      .integer(static_cast<std::int32_t>(counted.unknown)));
        });
        server_.handle("/publish", [this](const OscRequest& request) {
            server_.publish(OscMessage{"/event"}.integer(7));
            request.reply_to.done();
        });
        url_ = server_.url();
        thread_ = std::jthread{[this] { loop_.run(); }};
    }
    ~Answering() {
        loop_.stop();
        thread_.join();
    }
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    [[nodiscard]] const std::string& url() const { return url_; }

private:
    ControlLoop loop_;
    OscServer server_;
    double movement_{-1.0};
    std::string url_;
    std::jthread thread_;
};

bool well_formed(const std::vector<char>& packet) {
    return read_osc_message(packet.data(), packet.size()).problem.empty();
}

}  // namespace

TEST_CASE("numbers may come as i, h, f and d in any mix, and what is optional may be omitted") {
    const Answering server;
    OscClient client;
    CHECK(client.request(server.url(), "/add", {1, std::int64_t{2}})->shown() == "/reply \"/add\" 3 \"nameless\"");
    CHECK(client.request(server.url(), "/add", {0.5F, 0.25})->shown() == "/reply \"/add\" 0.75 \"nameless\"");
    CHECK(client.request(server.url(), "/add", {1})->shown() == "/reply \"/add\" 1.5 \"nameless\"");
    CHECK(client.request(server.url(), "/add", {1, OscNil{}})->shown() == "/reply \"/add\" 1.5 \"nameless\"");
    CHECK(client.request(server.url(), "/add", {1, std::string{"x"}})->shown() == "/reply \"/add\" 1.5 \"x\"");
}

TEST_CASE("a message without type tags, as old senders send it, has no arguments") {
    const Answering server;
    OscClient client;
    REQUIRE(client.request(server.url(), "/subscribe")->is_reply_to("/subscribe"));
    std::vector<char> bare;
    append_string(bare, "/publish");
    OscClient::send_packet(server.url(), bare);
    CHECK(client.wait_for("/event"));
    CHECK(client.request(server.url(), "/counters")->number(1) == 0);
}

TEST_CASE("a wrong argument gets one error that names it, what came and what should") {
    const Answering server;
    OscClient client;
    const auto error = [&](const std::vector<test::OscValue>& arguments) {
        const auto answer = client.request(server.url(), "/add", arguments);
        REQUIRE(answer);
        REQUIRE(answer->is_error_of("/add"));
        CHECK(answer->number(1) == 1);
        return answer->text(2);
    };
    CHECK(error({}).find("/add d:a [d:b] [s:name]") != std::string::npos);
    CHECK(error({std::string{"one"}}).find("argument 1 (a)") != std::string::npos);
    CHECK(error({101}).find("-100 to 100") != std::string::npos);
    CHECK(error({std::numeric_limits<double>::quiet_NaN()}).find("NaN") != std::string::npos);
    CHECK(error({1, std::numeric_limits<float>::infinity()}).find("infinite") != std::string::npos);
    CHECK(error({1, 2, 3, 4}).find("4 arguments") != std::string::npos);
}

TEST_CASE("an unknown address is answered 2, a handler in trouble 5, a report never") {
    const Answering server;
    OscClient client;
    const auto unknown = client.request(server.url(), "/no/such", {1});
    REQUIRE(unknown);
    CHECK(unknown->is_error_of("/no/such"));
    CHECK(unknown->number(1) == 2);
    const auto failed = client.request(server.url(), "/fail");
    REQUIRE(failed);
    CHECK(failed->shown() == "/error \"/fail\" 5 \"no more tape\"");
    client.forget();
    client.send(server.url(), "/dance/total_movement", {0.25F});
    client.send(server.url(), "/dance/total_movement", {std::string{"lots"}});
    CHECK(client.request(server.url(), "/movement")->number(1) == 0.25);
    CHECK(client.received().size() == 1);
}

TEST_CASE("patterns, blobs, and whatever is not quite OSC are counted and harm nothing") {
    const Answering server;
    OscClient client;
    const auto counted = [&] { return *client.request(server.url(), "/counters"); };
    const auto before = counted();
    OscClient::send_packet(server.url(), packet_of("/*", ","));
    OscClient::send_packet(server.url(), packet_of("/{add,fail}", ","));
    OscClient::send_packet(server.url(), packet_of("/add", ",b", {"\0\0\0\4abcd", 8}));
    OscClient::send_packet(server.url(), packet_of("/add", ",d", {"\0\0\0\0", 4}));
    OscClient::send_packet(server.url(), {'/', 'a', 'd', 'd'});
    OscClient::send_packet(server.url(), std::vector<char>(60'000, '/'));
    OscClient::send_packet(server.url(), {});
    const auto after = counted();
    CHECK(after.number(1) - before.number(1) == 7);
    CHECK(after.number(2) == before.number(2));
}

TEST_CASE("more than 256 arguments are refused") {
    const std::string most(256, 'T');
    CHECK(well_formed(packet_of("/a", "," + most)));
    CHECK_FALSE(well_formed(packet_of("/a", "," + most + "T")));
}

TEST_CASE("a message is whole when its bytes end where its types say, and only then") {
    CHECK(well_formed(packet_of("/a", ",")));
    CHECK(well_formed(packet_of("/a", ",i", {"\0\0\0\1", 4})));
    CHECK(well_formed(packet_of("/a", ",TFN")));
    CHECK(well_formed(packet_of("/abc", ",s", {"text\0\0\0\0", 8})));
    CHECK_FALSE(well_formed(packet_of("/a", ",i")));
    CHECK_FALSE(well_formed(packet_of("/a", ",i", {"\0\0\0\1\0\0\0\2", 8})));
    CHECK_FALSE(well_formed(packet_of("/a", ",s", {"text", 4})));
    CHECK_FALSE(well_formed(packet_of("a", ",")));
    CHECK_FALSE(well_formed(packet_of("/a", ",x")));
}

TEST_CASE("bundles in bundles in bundles end somewhere") {
    const Answering server;
    OscClient client;
    auto nested = packet_of("/dance/total_movement", ",i", {"\0\0\0\7", 4});
    for (int depth = 0; depth < 500; ++depth) {
        nested = bundle_of(0, 1, {nested});
    }
    OscClient::send_packet(server.url(), nested);
    CHECK(client.request(server.url(), "/movement")->number(1) == -1);
}

TEST_CASE("subscribers get events, each once, and no more than 32 are served") {
    const Answering server;
    OscClient client;
    CHECK(client.request(server.url(), "/subscribe")->is_reply_to("/subscribe"));
    CHECK(client.request(server.url(), "/subscribe")->is_reply_to("/subscribe"));
    OscClient other;
    CHECK(client.request(server.url(), "/subscribe", {other.url()})->is_reply_to("/subscribe"));
    CHECK(client.request(server.url(), "/publish"));
    CHECK(other.wait_for("/event"));
    CHECK(client.wait_for("/event"));
    CHECK(client.received("/event").size() == 1);
    for (int i = 0; i < 30; ++i) {
        const auto url = "osc.udp://127.0.0.1:" + std::to_string(50'000 + i) + "/";
        CHECK(client.request(server.url(), "/subscribe", {url})->is_reply_to("/subscribe"));
    }
    const auto refused = client.request(server.url(), "/subscribe", {std::string{"osc.udp://127.0.0.1:60000/"}});
    CHECK(refused->is_error_of("/subscribe"));
    CHECK(refused->number(1) == 4);
    CHECK(client.request(server.url(), "/subscribe", {std::string{"nonsense"}})->number(1) == 1);
}

TEST_CASE("a frame comes as i (its bit pattern) or h, nil means as soon as possible, and a float is no frame") {
    const auto frame = [](std::vector<OscAtom> atoms) {
        return OscArguments{std::move(atoms)}.optional_frame(0, "frame");
    };
    CHECK(frame({-2}) == 0xFFFF'FFFEU);
    CHECK(frame({std::int64_t{0x1'0000'0005}}) == 5U);
    CHECK_THROWS_AS((void)frame({48'000.0}), OscError);
    CHECK_THROWS_AS((void)frame({1.0F}), OscError);
    CHECK_FALSE(frame({OscNothing{}}));
    CHECK_FALSE(frame({}));
}

TEST_CASE("two servers can't have one port, and the error names it and the way out") {
    ControlLoop loop;
    const OscServer first{loop, "127.0.0.1", {0}};
    try {
        const OscServer second{loop, "127.0.0.1", {first.port()}};
        FAIL("both got the port");
    } catch (const Failure& failure) {
        const std::string said = failure.what();
        CHECK(said.find(std::to_string(first.port())) != std::string::npos);
        CHECK(said.find("--osc-port") != std::string::npos);
    }
}

TEST_CASE("100,000 packets of rubbish leave the server answering") {
    const Answering server;
    OscClient client;
    std::mt19937 random{5};
    const std::array good{packet_of("/add", ",dd", {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}),
                          packet_of("/add", ",is", {"\0\0\0\1name\0\0\0\0", 12}),
                          bundle_of(0, 1, {packet_of("/fail", ",")})};
    for (int i = 0; i < 100'000; ++i) {
        auto packet = good[random() % good.size()];
        for (auto damage = random() % 4 + 1; damage > 0; --damage) {
            packet[random() % packet.size()] = static_cast<char>(random());
        }
        packet.resize(std::min<std::size_t>(packet.size(), random() % 64 + 1));
        // Straight into the checker, and now and then through the socket.
        (void)read_osc_message(packet.data(), packet.size());
        if (i % 20 == 0) {
            OscClient::send_packet(server.url(), packet);
        }
    }
    CHECK(client.request(server.url(), "/add", {1, 1})->number(1) == 2);
}
