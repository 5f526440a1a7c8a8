// SPDX-License-Identifier: GPL-3.0-or-later
// Talking with peers: each answer reaches its question, events and answers are never taken for commands.
#include "common/peers.hpp"
#include "common/registry.hpp"
#include "tests/common/private_registry.hpp"
#include "tests/support/osc_packets.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;
using std::chrono::milliseconds;

namespace {

/// A client of the registry on a thread of its own: holds commands back until it is told to answer them.
class StandIn {
public:
    explicit StandIn(const std::string& name) : entry_{"test", name}, server_{loop_, "127.0.0.1", {0}} {
        server_.handle(at::deck_seek, [this](const OscRequest& request) {
            order_.push_back(request.arguments.number(0, "seconds"));
            seeks_.emplace_back(request.reply_to, order_.back());
            if (seeks_.size() >= answer_when_) {
                for (auto each = seeks_.rbegin(); each != seeks_.rend(); ++each) {  // the last first
                    answer(*each);
                }
                seeks_.clear();
            }
        });
        server_.handle(at::deck_rate, [](const OscRequest& request) {
            request.reply_to.send(request.reply_to.reply().add(request.arguments.atoms().front()));
        });
        server_.handle(at::deck_state, [](const OscRequest& request) {
            request.reply_to.send(OscMessage{at::deck_state}.text("cued"));
        });
        server_.on_subscribe([this](const OscEndpoint& to) { server_.send(to, OscMessage{at::deck_ended}); });
        entry_.publish({name, server_.url(), "deck", name, name, ::getpid()});
        thread_ = std::jthread{[this] { loop_.run(); }};
    }
    ~StandIn() {
        loop_.stop();
        thread_.join();
    }
    StandIn(const StandIn&) = delete;
    StandIn& operator=(const StandIn&) = delete;

    /// Answers as soon as so many wait, in reverse order.
    void answer_when(std::size_t many) {
        on_loop([this, many] { answer_when_ = many; });
    }
    /// Answers the oldest that waits.
    void answer_oldest() {
        on_loop([this] {
            answer(seeks_.front());
            seeks_.erase(seeks_.begin());
        });
    }
    void publish(const OscMessage& event) {
        on_loop([this, event] { server_.publish(event); });
    }
    std::vector<double> order() {
        std::vector<double> seen;
        on_loop([&] { seen = order_; });
        return seen;
    }

private:
    using Seek = std::pair<OscReplyTo, double>;

    static void answer(const Seek& seek) { seek.first.send(seek.first.reply().precise(seek.second)); }

    template <typename Action>
    void on_loop(Action action) {
        std::promise<void> done;
        loop_.post([&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }

    RegistryEntry entry_;
    ControlLoop loop_;
    OscServer server_;
    std::vector<Seek> seeks_;
    std::vector<double> order_;
    std::size_t answer_when_{1};
    std::jthread thread_;
};

/// A program that talks with peers, on the test's own thread.
class Asker {
public:
    Asker() {
        osc.handle(at::deck_seek, [this](const OscRequest&) { ++commands; });
        osc.handle(at::deck_state, [this](const OscRequest&) { ++commands; });
    }
    [[nodiscard]] bool run_until(const std::function<bool()>& condition) {
        bool held = false;
        const auto began = std::chrono::steady_clock::now();
        const auto timer = loop.every(milliseconds{2}, [&] {
            held = condition();
            if (held || std::chrono::steady_clock::now() - began > patient) {
                loop.stop();
            }
        });
        loop.run();
        loop.cancel(timer);
        return held;
    }

    ControlLoop loop;
    OscServer osc{loop, "127.0.0.1", {0}};
    Peers peers{loop, osc, "127.0.0.1", "test", {}};
    int commands{0};
};

OscMessage seek(double seconds) { return OscMessage{at::deck_seek}.precise(seconds); }

}  // namespace

TEST_CASE("commands of one address under way at one peer are answered each to its own, in whatever order they end") {
    const PrivateRegistry registry;
    StandIn deck{"deck-A"};
    Asker asker;
    deck.answer_when(3);
    std::map<int, double> answers;
    for (const int number : {1, 2, 3}) {
        asker.peers.ask("deck-A", seek(number), [&answers, number](const PeerAnswer& answer) {
            answers[number] = answer.values.number(0, "seconds");
        });
    }
    REQUIRE(asker.run_until([&] { return answers.size() == 3; }));
    CHECK(answers == std::map<int, double>{{1, 1.0}, {2, 2.0}, {3, 3.0}});
    CHECK(asker.commands == 0);
}

TEST_CASE("an answer that comes too late reaches nobody, least of all the next question") {
    const PrivateRegistry registry;
    StandIn deck{"deck-A"};
    Asker asker;
    deck.answer_when(1000);
    std::vector<std::string> heard;
    const auto note = [&heard](const PeerAnswer& answer) {
        heard.push_back(answer.ok ? text_of(answer.values.atoms().front()) : answer.message);
    };
    asker.peers.ask("deck-A", seek(1), note, milliseconds{50});
    REQUIRE(asker.run_until([&] { return heard.size() == 1; }));
    CHECK(heard.front().find("did not answer") != std::string::npos);
    asker.peers.ask("deck-A", seek(2), note);
    REQUIRE(asker.run_until([&] { return deck.order().size() == 2; }));
    deck.answer_oldest();
    bool later = false;
    asker.peers.ask("deck-A", OscMessage{at::deck_rate}.real(2.0F), [&later](const PeerAnswer&) { later = true; });
    REQUIRE(asker.run_until([&] { return later; }));
    CHECK(heard.size() == 1);
}

TEST_CASE("what is asked in a burst arrives in its order, and each is answered once") {
    const PrivateRegistry registry;
    StandIn deck{"deck-A"};
    Asker asker;
    constexpr int many = 2000;
    std::vector<int> answered(many, 0);
    for (int i = 0; i < many; ++i) {
        asker.peers.ask(
            "deck-A", seek(i),
            [&answered, i](const PeerAnswer& answer) {
                answered[static_cast<std::size_t>(i)] += answer.ok && answer.values.number(0, "s") == i ? 1 : 100;
            },
            std::chrono::seconds{30});
    }
    const auto all_once = [&] {
        return std::all_of(answered.begin(), answered.end(), [](int times) { return times == 1; });
    };
    CHECK(asker.run_until(all_once));
    const auto order = deck.order();
    CHECK(order.size() == many);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("the sockets that a burst of questions needed are given back") {
    const PrivateRegistry registry;
    StandIn deck{"deck-A"};
    deck.answer_when(12);
    Asker asker;
    const auto held = [] { return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}); };
    const auto before = held();
    int answered = 0;
    for (int i = 0; i < 12; ++i) {
        asker.peers.ask("deck-A", seek(i), [&answered](const PeerAnswer&) { ++answered; });
    }
    CHECK(asker.run_until([&] { return answered == 12; }));
    CHECK(held() >= before + 12);
    CHECK(asker.run_until([&] { return held() <= before + 5; }));  // a few are kept for what is asked next
}

TEST_CASE("a question waits for a client that is on its way, and no longer than it is worth") {
    const PrivateRegistry registry;
    Asker asker;
    CHECK_THROWS_AS(asker.peers.ask("deck-A", seek(1), [](const PeerAnswer&) {}), OscError);
    asker.peers.expected = [](const std::string& client) { return client == "deck-A"; };
    bool answered = false;
    asker.peers.ask("deck-A", seek(1), [&answered](const PeerAnswer& answer) { answered = answer.ok; });
    std::unique_ptr<StandIn> deck;
    asker.loop.after(milliseconds{100}, [&deck] { deck = std::make_unique<StandIn>("deck-A"); });
    CHECK(asker.run_until([&] { return answered; }));
}

TEST_CASE("events come from who was subscribed, also when it comes later and again, and are no commands") {
    const PrivateRegistry registry;
    Asker asker;
    int ended = 0;
    std::vector<std::string> any;
    asker.peers.on_event(at::deck_ended, [&ended](const PeerInfo& peer, const OscArguments&) {
        ended += peer.client == "deck-A" ? 1 : 0;
    });
    asker.peers.on_any_event(
        [&any](const PeerInfo&, const std::string& address, const OscArguments&) { any.push_back(address); });
    asker.peers.subscribe("deck-A");
    auto deck = std::make_unique<StandIn>("deck-A");
    REQUIRE(asker.run_until([&] { return ended == 1; }));
    deck->publish(OscMessage{at::deck_state}.text("playing"));
    CHECK(asker.run_until([&] { return any.size() == 2; }));
    deck.reset();
    REQUIRE(asker.run_until([&] { return asker.peers.look_now().empty(); }));
    deck = std::make_unique<StandIn>("deck-A");
    CHECK(asker.run_until([&] { return ended == 2; }));
    CHECK(asker.commands == 0);
}

TEST_CASE("forty peers are all subscribed and all answer") {
    const PrivateRegistry registry;
    std::vector<std::unique_ptr<StandIn>> decks;
    for (int i = 0; i < 40; ++i) {
        decks.push_back(std::make_unique<StandIn>("deck-" + std::to_string(i)));
    }
    Asker asker;
    std::map<std::string, int> subscribed;
    std::map<std::string, int> answered;
    asker.peers.on_event(at::deck_ended, [&](const PeerInfo& peer, const OscArguments&) { ++subscribed[peer.client]; });
    for (const PeerInfo& peer : asker.peers.all()) {
        asker.peers.subscribe(peer.client);
        asker.peers.ask(peer.client, OscMessage{at::deck_state},
                        [&answered, client = peer.client](const PeerAnswer& a) {
                            answered[client] += a.ok && a.address == at::deck_state ? 1 : 100;
                        });
    }
    CHECK(asker.run_until([&] { return subscribed.size() == 40 && answered.size() == 40; }));
    CHECK(std::all_of(answered.begin(), answered.end(), [](const auto& each) { return each.second == 1; }));
}
