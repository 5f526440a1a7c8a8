// SPDX-License-Identifier: GPL-3.0-or-later
// A real deck where the system gives it little: memory that others want, and hardly any that may be locked.
#include "tests/deck/live_deck.hpp"
#include "tests/support/outsider.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

constexpr auto depth = SampleFormat::pcm24;
constexpr std::int64_t seconds = 10;
constexpr std::int64_t period = 256;

/// A memory control group with a limit; version 1 or 2, whichever this system has.
class MemoryGroup {
public:
    explicit MemoryGroup(std::int64_t bytes) {
        const fs::path v1 = "/sys/fs/cgroup/memory";
        const bool first = fs::exists(v1 / "memory.limit_in_bytes");
        folder_ = (first ? v1 : fs::path{"/sys/fs/cgroup"}) / ("crowdjack-" + std::to_string(::getpid()));
        std::error_code error;
        if (!fs::create_directory(folder_, error)) {
            why_not_ = "no control group may be made: " + error.message();
        } else if (!write(first ? "memory.limit_in_bytes" : "memory.max", std::to_string(bytes))) {
            why_not_ = "the control group's memory can't be limited";
        }
    }
    ~MemoryGroup() {
        std::error_code error;
        (void)eventually([&] { return fs::remove(folder_, error) || !fs::exists(folder_); });  // once it is empty
    }
    MemoryGroup(const MemoryGroup&) = delete;
    MemoryGroup& operator=(const MemoryGroup&) = delete;

    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }
    [[nodiscard]] std::string joining() const { return "echo $$ >'" + (folder_ / "cgroup.procs").string() + "'"; }

private:
    bool write(const char* file, const std::string& value) const {
        std::ofstream out{folder_ / file};
        out << value << std::flush;
        return out.good();
    }
    fs::path folder_;
    std::string why_not_;
};

/// One deck on a server, heard.
struct Booth {
    /// @param condition  shell commands that put the deck under its condition before it starts
    explicit Booth(const std::string& condition, const fs::path& music)
        : deck{{"bash", "-c", condition + " && exec \"$@\"", "deck", program_path("crowdjack-deck"), "--server",
                server.name(), "--name", "A", "--music-dir", music.string()},
               armed()},
          url{wait_for_client(server.name(), "deck-A")} {
        ears.listen_to("deck-A:out_l", 0);
        ears.listen_to("deck-A:out_r", 1);
    }
    OscReceived ask(const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = osc.request(url, address, arguments);
        if (!answer) {
            throw std::runtime_error{"no answer to " + address + ": " + deck.output()};
        }
        return *answer;
    }

    /// Plays from the middle of the file and compares each sample. What the machine did not run at all is not there;
    /// where it ran the deck too late for a cycle, JACK hands on the cycle before.
    void check_exact(const fs::path& track) {
        constexpr std::int64_t source = 48'000 * 100;
        const PositionCode code{depth};
        REQUIRE(ask(at::deck_cue, {track.string(), 100.0}).is_reply_to(at::deck_cue));
        const std::int32_t start = LiveDeck::soon(server, 0.3);
        REQUIRE(ask(at::deck_start, {start}).is_reply_to(at::deck_start));
        REQUIRE(ears.wait_until(start + seconds * 48'000));
        std::int64_t there = 0;
        std::int64_t late = 0;
        std::int64_t wrong = 0;
        for (std::int64_t i = 0; i < seconds * 48'000; ++i) {
            const auto left = ears.sample(0, start + i).value_or(0.0F);
            if (left != 0.0F) {
                const auto frame = code.frame_of(left, ears.sample(1, start + i).value_or(0.0F));
                ++(frame == source + i ? there : frame == source + i - period ? late : wrong);
            }
        }
        const auto health = ask(at::deck_health);
        INFO(health.shown());
        CHECK(wrong <= late_start_fade * static_cast<std::int64_t>(health.named("late_starts")));
        CHECK(late <= period * static_cast<std::int64_t>(health.named("xruns")));
        CHECK(there > seconds * 48'000 * 3 / 4);
        CHECK(health.named("starved_frames") == 0);
    }

    JackServer server{{.period = period}};
    Process deck;
    std::string url;
    OscClient osc;
    Capture ears{server.name(), {.channels = 2, .seconds = 60.0}};
};

}  // namespace

TEST_CASE(
    "a deck whose memory others want plays on: 64 MB for it, its 140 MB file and a neighbour that reads on and on") {
    const TemporaryFolder folder;
    const auto track = folder / "long.wav";
    write_position_coded(track, 48'000 * 486, 48'000, depth);
    const MemoryGroup group{64 << 20};
    if (!group.why_not().empty()) {
        MESSAGE("skipped: ", group.why_not());
        return;
    }
    // On the disk, not in memory: what the group may not hold has to be read again.
    make_cold(track);
    Process neighbour{
        {"bash", "-c", group.joining() + " && while cat '" + track.string() + "' >/dev/null; do :; done"}};
    Booth booth{group.joining(), folder.path()};
    booth.check_exact(track);
    CHECK(neighbour.running());
}

TEST_CASE("a deck that may lock only Debian's 8 MB plays all the same, and says so when that is too little") {
    const TemporaryFolder folder;
    const auto track = folder / "long.wav";
    write_position_coded(track, 48'000 * 200, 48'000, depth);
    // Also root may be limited, without the capability to lock what it likes.
    const std::string limited = "ulimit -l 8192";
    Process able{{"setpriv", "--bounding-set", "-ipc_lock", "true"}};
    if (::geteuid() == 0 && able.wait() != 0) {
        MESSAGE("skipped: setpriv can't take the right to lock memory from root here");
        return;
    }
    Booth booth{::geteuid() == 0 ? limited + " && set -- setpriv --bounding-set -ipc_lock \"$@\"" : limited,
                folder.path()};
    booth.check_exact(track);
    MESSAGE("memory: ", booth.ask(at::deck_health).shown());
}
