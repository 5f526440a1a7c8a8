// SPDX-License-Identifier: GPL-3.0-or-later
// What crosses threads; also run under ThreadSanitizer.
#include "common/control_loop.hpp"
#include "common/message_queue.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>
#include <vector>

using namespace crowdjack;
using std::chrono::milliseconds;

TEST_CASE("what one thread pushes another pops: all of it, in order, nothing torn") {
    struct Message {
        std::uint64_t number, again;
    };
    constexpr std::uint64_t count = 200'000;
    MessageQueue<Message, 64> queue;
    std::jthread pusher{[&queue] {
        for (std::uint64_t i = 0; i < count;) {
            if (queue.push({i, ~i})) {
                ++i;
            } else {
                std::this_thread::yield();
            }
        }
    }};
    for (std::uint64_t expected = 0; expected < count;) {
        Message message{};
        if (queue.pop(message)) {
            REQUIRE(message.number == expected);
            REQUIRE(message.again == ~expected);
            ++expected;
        }
    }
    Message none{};
    CHECK_FALSE(queue.pop(none));
}

TEST_CASE("a full queue refuses and counts, and goes on when there is room again") {
    MessageQueue<int, 4> queue;
    int pushed = 0;
    while (queue.push(pushed)) {
        ++pushed;
    }
    CHECK(pushed == 4);
    CHECK_FALSE(queue.push(99));
    CHECK(queue.refused() == 2);
    int got = -1;
    CHECK(queue.pop(got));
    CHECK(got == 0);
    CHECK(queue.push(4));
    for (int expected = 1; expected <= 4; ++expected) {
        CHECK(queue.pop(got));
        CHECK(got == expected);
    }
}

TEST_CASE("work posted by other threads runs on the loop's thread, each piece once") {
    ControlLoop loop;
    constexpr int each = 1'000;
    int done = 0;  // of the loop's thread alone: ThreadSanitizer would tell
    std::vector<std::jthread> posters;
    posters.reserve(4);
    for (int i = 0; i < 4; ++i) {
        posters.emplace_back([&] {
            for (int k = 0; k < each; ++k) {
                loop.post([&] {
                    if (++done == 4 * each) {
                        loop.stop();
                    }
                });
            }
        });
    }
    loop.run();
    CHECK(done == 4 * each);
}

TEST_CASE("timers come in the order of their due times, a cancelled one not at all") {
    ControlLoop loop;
    std::vector<int> order;
    loop.after(milliseconds{30}, [&] {
        order.push_back(3);
        loop.stop();
    });
    loop.after(milliseconds{1}, [&] { order.push_back(1); });
    const auto never = loop.after(milliseconds{5}, [&] { order.push_back(-1); });
    loop.after(milliseconds{10}, [&] { order.push_back(2); });
    loop.cancel(never);
    loop.run();
    CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("a periodic timer may cancel itself, and an action that throws does not end the loop") {
    ControlLoop loop;
    int ticks = 0;
    ControlLoop::TimerId timer{};
    timer = loop.every(milliseconds{1}, [&] {
        if (++ticks == 3) {
            loop.cancel(timer);
            loop.after(milliseconds{20}, [&] { loop.stop(); });
        }
        throw std::runtime_error{"one tick in trouble"};
    });
    loop.run();
    CHECK(ticks == 3);
}

TEST_CASE("an action keeps what it remembers from one tick to the next") {
    ControlLoop loop;
    int last = 0;
    loop.every(milliseconds{1}, [&loop, &last, ticks = 0]() mutable {
        last = ++ticks;
        if (last == 3) {
            loop.stop();
        }
    });
    loop.after(milliseconds{5'000}, [&] { loop.stop(); });
    loop.run();
    CHECK(last == 3);
}

TEST_CASE("a readable descriptor wakes the loop until it is no longer watched") {
    ControlLoop loop;
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    REQUIRE(write(ends[1], "ab", 2) == 2);
    std::string got;
    loop.watch(ends[0], [&] {
        char byte{};
        REQUIRE(read(ends[0], &byte, 1) == 1);
        got += byte;
        if (got.size() == 2) {
            loop.unwatch(ends[0]);
            loop.stop();
        }
    });
    loop.run();
    CHECK(got == "ab");
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a signal becomes an action on the loop") {
    ControlLoop loop;
    bool seen = false;
    loop.on_signal(SIGUSR2, [&] {
        seen = true;
        loop.stop();
    });
    loop.after(milliseconds{0}, [] { kill(getpid(), SIGUSR2); });
    loop.run();
    CHECK(seen);
}
