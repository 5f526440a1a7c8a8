// SPDX-License-Identifier: GPL-3.0-or-later
// W8: twenty viewers of the page, five of whom stop reading, while a set plays with EQ and is recorded at 256 frames:
// what the music, the other viewers and the memory notice of it.
//
// usage: web_viewers [SECONDS [VIEWERS [STALLED]]]   (1800, 20 and 5 by default)
#include "tests/bench/web_viewer.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/figures.hpp"

#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

using namespace crowdjack::test;

namespace {

constexpr std::int64_t rate = 48000;
constexpr std::int64_t track_frames = 170 * rate;

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Hears deck A before the mixer: each frame must be the one after the last. Where the server skips cycles, for
/// everybody, a client may also be late for one: what is wrong within a quarter of a second of that is the machine's,
/// and counted apart.
class Ears {
public:
    explicit Ears(const std::string& server)
        : probe_{server, "ears", 1, 0, [this](const JackProbe::Cycle& cycle) { listen(cycle); }} {
        probe_.connect("deck-A:out_l", probe_.input(0));
    }
    /// Frames that the server skipped.
    [[nodiscard]] std::int64_t lost() const { return lost_.load(std::memory_order_relaxed); }
    /// Frames that were not the right ones of the track, near such a place and elsewhere.
    [[nodiscard]] std::int64_t wrong_at_skips() const { return at_skips_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t wrong() const { return wrong_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t right() const { return right_.load(std::memory_order_relaxed); }

private:
    static constexpr std::int64_t nearby = rate / 4;

    static void add(std::atomic<std::int64_t>& count, std::int64_t frames) {
        count.store(count.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
    }
    void listen(const JackProbe::Cycle& cycle) {
        if (expected_ >= 0 && cycle.frame != expected_) {
            add(lost_, cycle.frame - expected_);
            add(at_skips_, std::exchange(pending_, 0));
            skipped_at_ = cycle.frame;
        }
        expected_ = cycle.frame + cycle.frames;
        const std::int64_t wrong = count_wrong(cycle);
        if (cycle.frame - skipped_at_ < nearby) {
            add(at_skips_, wrong);
        } else if (wrong > 0) {
            pending_ += wrong;
            pending_since_ = cycle.frame;
        } else if (cycle.frame - pending_since_ > nearby) {
            add(wrong_, std::exchange(pending_, 0));
        }
    }
    std::int64_t count_wrong(const JackProbe::Cycle& cycle) {
        std::int64_t wrong = 0;
        for (std::uint32_t i = 0; i < cycle.frames; ++i) {
            const auto position = code_.frame_of(cycle.inputs[0][i]);
            const std::int64_t anchor =
                position ? ((*position - cycle.frame - i) % track_frames + track_frames) % track_frames : -1;
            anchor_ = anchor_ < 0 ? anchor : anchor_;
            wrong += anchor_ >= 0 && anchor != anchor_ ? 1 : 0;
        }
        add(right_, anchor_ < 0 ? 0 : cycle.frames - wrong);
        return wrong;
    }

    PositionCode code_{24};
    std::int64_t expected_{-1}, anchor_{-1}, skipped_at_{-nearby}, pending_{0}, pending_since_{0};  ///< audio only
    std::atomic<std::int64_t> lost_{0}, at_skips_{0}, wrong_{0}, right_{0};  ///< written by audio (relaxed)
    JackProbe probe_;
};

/// All who have the page open. A stalled one that the page hung up on comes again.
class Audience {
public:
    Audience(int port, int viewers, int stalled) : port_{port} {
        for (int i = 0; i < viewers; ++i) {
            viewers_.push_back(std::make_unique<WebViewer>(port, i < stalled));
            seen_.push_back(0);
        }
    }

    /// Reads until `end`, and looks at each viewer's updates of every ten seconds.
    void watch(double end) {
        double window = seconds_now();
        mark();
        while (seconds_now() < end) {
            std::vector<pollfd> sockets;
            for (const auto& viewer : viewers_) {
                sockets.push_back({viewer->socket(), static_cast<short>(viewer->stalled() ? 0 : POLLIN), 0});
            }
            (void)::poll(sockets.data(), sockets.size(), 200);
            for (std::size_t i = 0; i < sockets.size(); ++i) {
                take(i, sockets[i].revents);
            }
            if (const double now = seconds_now(); now - window >= 10.0) {
                judge(now - window);
                window = now;
                mark();
            }
        }
    }

    double fewest{1e9}, most{0.0};  ///< updates a second of any reading viewer in ten seconds
    int lost{0};                    ///< reading viewers that the page hung up on
    int returned{0};                ///< stalled ones that came again
    [[nodiscard]] std::size_t updates() const {
        std::size_t sum = 0;
        for (const auto& viewer : viewers_) {
            sum += viewer->updates();
        }
        return sum;
    }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& viewer : viewers_) {
            sum += viewer->bytes();
        }
        return sum;
    }

private:
    void take(std::size_t i, int events) {
        const bool stalled = viewers_[i]->stalled();
        const bool gone = stalled ? (events & (POLLHUP | POLLERR)) != 0 : events != 0 && !viewers_[i]->read();
        if (gone) {
            (stalled ? returned : lost) += 1;
            viewers_[i] = std::make_unique<WebViewer>(port_, stalled);
            seen_[i] = 0;
        }
    }
    void mark() {
        for (std::size_t i = 0; i < viewers_.size(); ++i) {
            seen_[i] = viewers_[i]->updates();
        }
    }
    void judge(double seconds) {
        for (std::size_t i = 0; i < viewers_.size(); ++i) {
            if (!viewers_[i]->stalled()) {
                const double pace = static_cast<double>(viewers_[i]->updates() - seen_[i]) / seconds;
                fewest = std::min(fewest, pace);
                most = std::max(most, pace);
            }
        }
    }

    int port_;
    std::vector<std::unique_ptr<WebViewer>> viewers_;
    std::vector<std::size_t> seen_;
};

/// Both decks play, the EQ of both is in, the master is recorded. False when something of it is refused.
bool play(SessionRoom& room) {
    using std::string;
    const string left = room.coded_track("left.wav", CodedChannels::left_only, 170.0);
    const string right = room.coded_track("right.wav", CodedChannels::right_only, 170.0);
    const auto does = [&room](const string& address, const std::vector<OscValue>& arguments) {
        const auto answer = room.ask(address, arguments);
        if (!answer || !answer->is_reply_to(address)) {
            std::fprintf(stderr, "%s\n", answer ? answer->shown().c_str() : ("no answer to " + address).c_str());
        }
        return answer && answer->is_reply_to(address);
    };
    return does(at::cue, {string{"A"}, left}) && does(at::cue, {string{"B"}, right}) &&
           does(at::start_group, {0.2F, string{"A"}, string{"B"}}) &&
           does(at::mixer_eq_all, {string{"A"}, 60.0F, 40.0F, 55.0F}) &&
           does(at::mixer_eq_all, {string{"B"}, 45.0F, 55.0F, 60.0F}) &&
           does(at::mixer_record_start, {(room.folder / "set.rf64").string()});
}

int port_of(Process& web) {
    const auto line = web.wait_for_line("Open http");
    const auto colon = line ? line->rfind(':', line->find('/', line->find("//") + 2)) : std::string::npos;
    return colon == std::string::npos ? 0 : std::atoi(line->c_str() + colon + 1);
}

double starved(SessionRoom& room, const char* deck) {
    const auto health = room.osc.request(wait_for_client("test", deck), at::deck_health);
    return health ? health->named("starved_frames") : -1.0;
}

std::size_t kib_of(pid_t pid) { return memory_of(pid).anonymous / 1024; }

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1800.0;
    const int viewers = argc > 2 ? std::atoi(argv[2]) : 20;
    const int stalled = argc > 3 ? std::atoi(argv[3]) : 5;
    SessionRoom room{256};
    (void)room.wait_until_whole();
    room.start_again_with("[[client]]\nname = \"bpm-follower\"\nrun = [\"crowdjack-bpm-follower\"]\n"
                          "[music]\ndirs = [\"" +
                          room.folder.path().string() + "\"]\n");
    Process web{{program_path("crowdjack-session"), "web", "--server", "test", "--http-port", "0", "--no-announce",
                 "--token-file", (room.folder / "token").string()}};
    const int port = port_of(web);
    if (!room.wait_until_whole() || port == 0 || !play(room)) {
        std::fprintf(stderr, "the set did not come up:\n%s\n%s\n", room.session->output().c_str(),
                     web.output().c_str());
        return 1;
    }
    Ears ears{"test"};
    Audience audience{port, viewers, stalled};
    const double begin = seconds_now();
    audience.watch(begin + std::min(60.0, seconds / 3.0));
    const std::size_t web_before = kib_of(web.pid());
    const std::size_t session_before = kib_of(room.session->pid());
    const double cpu_before = web.cpu_seconds();
    const double middle = seconds_now();
    audience.watch(begin + seconds);
    const double share = 100.0 * (web.cpu_seconds() - cpu_before) / (seconds_now() - middle);
    const std::size_t web_after = kib_of(web.pid());
    const std::size_t session_after = kib_of(room.session->pid());
    const double starved_frames = starved(room, "deck-A") + starved(room, "deck-B");
    const auto stopped = room.ask(at::mixer_record_stop);
    const double recorded = stopped ? stopped->number(2) / rate : 0.0;

    const std::string length = shown(seconds / 60.0) + " min at 256 frames, " + std::to_string(viewers) + " viewers, " +
                               std::to_string(stalled) + " of them stalled";
    // What a server's skipped cycle costs, it costs everybody: the deck plays on in phase after it.
    const bool plays = starved_frames == 0.0 && ears.wrong() == 0 && ears.right() > 0;
    print_figure("W8",
                 "page: frames starved; wrong of " + shown(static_cast<double>(ears.right()) / rate, 4) +
                     " s heard (the server skipped " + std::to_string(ears.lost()) + " for everybody, with " +
                     std::to_string(ears.wrong_at_skips()) + " wrong beside); " + length,
                 shown(starved_frames) + "; " + std::to_string(ears.wrong()), "0; 0", plays);
    const bool paced = audience.fewest >= 9.0 && audience.lost == 0;
    print_figure("W8", "page: updates a second of each viewer that reads, over any ten seconds; viewers lost",
                 shown(audience.fewest) + " to " + shown(audience.most) + "; " + std::to_string(audience.lost),
                 "≥ 9; 0", paced);
    const bool flat = web_after <= web_before + 1024 && session_after <= session_before + 1024;
    print_figure("W8", "page: memory of its process; of the session, KiB, after a minute and at the end",
                 std::to_string(web_before) + " → " + std::to_string(web_after) + "; " +
                     std::to_string(session_before) + " → " + std::to_string(session_after),
                 "≤ 1 MiB more", flat);
    print_figure("W8", "page: CPU of its process, % of a core; KiB sent a second to a viewer",
                 shown(share) + "; " +
                     shown(static_cast<double>(audience.bytes()) / 1024.0 / seconds / (viewers - stalled)),
                 "stated", true);
    std::printf("  recorded %.1f s; %d stalled viewers were hung up on and came again\n", recorded, audience.returned);
    const bool whole = recorded > seconds - 5.0;
    return plays && paced && flat && whole ? 0 : 1;
}
