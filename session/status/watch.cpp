// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/watch.hpp"

#include "common/error.hpp"
#include "session/status/collector.hpp"
#include "session/status/watch_layout.hpp"

#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <ctime>

namespace crowdjack {

namespace {

constexpr ControlLoop::Duration refresh_period{100};
constexpr double message_s = 6.0;
constexpr auto watch_patience = std::chrono::seconds{10};  ///< a recording takes its time to open

/// Owns the terminal while it lives.
class Screen {
public:
    Screen() {
        std::setlocale(LC_ALL, "");
        if (::isatty(STDOUT_FILENO) == 0 || newterm(nullptr, stdout, stdin) == nullptr) {
            throw Failure{"--watch needs a terminal (is $TERM right?): use status or status --json instead"};
        }
        cbreak();
        noecho();
        keypad(stdscr, TRUE);
        nodelay(stdscr, TRUE);
        curs_set(0);
        if (has_colors()) {
            start_color();
            use_default_colors();
            init_pair(1, COLOR_GREEN, -1);
            init_pair(2, COLOR_YELLOW, -1);
            init_pair(3, COLOR_RED, -1);
        }
    }
    ~Screen() { endwin(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    static void show(const std::vector<Row>& rows) {
        erase();
        for (std::size_t y = 0; y < rows.size(); ++y) {
            move(static_cast<int>(y), 0);
            for (const Piece& piece : rows[y]) {
                attrset(attribute(piece.tone));
                addstr(piece.text.c_str());
            }
        }
        attrset(A_NORMAL);
        refresh();
    }

    static void follow_size() {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
            resizeterm(size.ws_row, size.ws_col);
        }
    }

private:
    static int attribute(Tone tone) {
        switch (tone) {
        case Tone::title:
            return static_cast<int>(A_REVERSE);
        case Tone::good:
            return COLOR_PAIR(1);
        case Tone::warning:
            return COLOR_PAIR(2);
        case Tone::alarm:
            return COLOR_PAIR(3) | static_cast<int>(A_BOLD);
        case Tone::dim:
            return static_cast<int>(A_DIM);
        case Tone::chosen:
            return static_cast<int>(A_BOLD);
        case Tone::plain:
            break;
        }
        return static_cast<int>(A_NORMAL);
    }
};

/// Keys become commands; their answers are shown.
class Watch {
public:
    explicit Watch(SuiteLink& link) : link_{link}, collector_{link} {
        link_.loop().watch(STDIN_FILENO, [this] { keys(); });
        link_.loop().on_signal(SIGWINCH, [this] {
            Screen::follow_size();
            draw();
        });
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            link_.loop().on_signal(signal, [this] { link_.loop().stop(); });
        }
        link_.loop().every(refresh_period, [this] {
            draw();
            collector_.ask();
        });
        collector_.ask();
    }

private:
    void say(const std::string& message) {
        state_.message = message;
        said_s_ = steady_seconds();
    }

    void draw() {
        if (steady_seconds() > said_s_ + message_s) {
            state_.message.clear();
        }
        Screen::show(watch_rows(collector_.snapshot(), state_, COLS, LINES));
    }

    void keys() {
        for (int key = getch(); key != ERR; key = getch()) {
            act(key);
        }
        if (::isatty(STDIN_FILENO) == 0) {
            link_.loop().stop();
        }
    }

    [[nodiscard]] std::vector<std::string> decks() {
        std::vector<std::string> names;
        for (const PeerInfo& peer : link_.peers().all()) {
            if (peer.kind == "deck") {
                names.push_back(peer.client);
            }
        }
        return names;
    }

    void act(int key) {
        const std::size_t count = decks().size();
        switch (key) {
        case 'q':
            link_.loop().stop();
            break;
        case KEY_DOWN:
        case 'j':
            state_.chosen_deck = count == 0 ? 0 : (state_.chosen_deck + 1) % count;
            break;
        case KEY_UP:
        case 'k':
            state_.chosen_deck = count == 0 ? 0 : (state_.chosen_deck + count - 1) % count;
            break;
        case ' ':
            start_or_stop();
            break;
        case 'n':
            tell(link_.peers().of_kind("setlist"), OscMessage{at::setlist_next}, "no setlist plays");
            break;
        case 'h':
            hold();
            break;
        case 'r':
            record();
            break;
        default:
            break;
        }
        draw();
    }

    void tell(const std::optional<PeerInfo>& peer, const OscMessage& message, const char* nobody) {
        if (!peer) {
            say(nobody);
            return;
        }
        const std::string what = peer->client + ": " + message.address();
        link_.peers().ask(
            peer->client, message,
            [this, what](const PeerAnswer& answer) {
                say(what + (answer.ok ? " done" : " refused: " + answer.message));
            },
            watch_patience);
    }

    void start_or_stop() {
        const auto names = decks();
        if (state_.chosen_deck >= names.size()) {
            say("no deck is chosen");
            return;
        }
        const std::string& name = names[state_.chosen_deck];
        const SuiteSnapshot snapshot = collector_.snapshot();
        const auto deck = snapshot.decks.find(name);
        const bool plays =
            deck != snapshot.decks.end() && (deck->second.state == "playing" || deck->second.state == "waiting");
        tell(link_.peers().find(name), OscMessage{plays ? at::deck_stop : at::deck_start}, "that deck is gone");
    }

    void hold() {
        const auto tempo = collector_.snapshot().tempo;
        const bool holds = tempo && tempo->mode != "follow" && tempo->mode != "stale";
        tell(link_.peers().of_kind("bpm-follower"), OscMessage{at::tempo_hold}.flag(!holds), "no follower runs");
    }

    void record() {
        const auto mixer = collector_.snapshot().mixer;
        const bool records = mixer && !named_text(mixer->state, "recording").value_or("").empty();
        if (records) {
            tell(link_.peers().of_kind("mixer-bus"), OscMessage{at::mixer_record_stop}, "no mixer runs");
            return;
        }
        std::array<char, 64> name{};
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        ::localtime_r(&now, &local);
        (void)std::strftime(name.data(), name.size(), "crowdjack-%Y-%m-%d-%H%M%S.wav", &local);
        const char* home = std::getenv("HOME");
        const std::string path = (home != nullptr ? std::string{home} + "/" : std::string{}) + name.data();
        tell(link_.peers().of_kind("mixer-bus"), OscMessage{at::mixer_record_start}.text(path), "no mixer runs");
    }

    SuiteLink& link_;
    StatusCollector collector_;
    WatchState state_;
    double said_s_{0.0};
};

}  // namespace

void watch_suite(SuiteLink& link) {
    const Screen screen;
    const Watch watch{link};
    link.loop().run();
}

}  // namespace crowdjack
