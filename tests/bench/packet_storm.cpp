// SPDX-License-Identifier: GPL-3.0-or-later
// Mutated packets, and sequences of commands with likely and unlikely arguments, at each program of a running set. Made
// from the description of the protocol; repeatable by the seed.
//
// After each batch the program must answer. At the end every program is the one it was (nothing died and was started
// again), and a deck that nobody spoke to has played on without losing a frame.
//
// usage: packet_storm [PACKETS [SEQUENCES [SEED [CLIENT…]]]]   (20,000, 2,000 and 1; deck-A, mixer-bus, bpm-follower
// and
//        the session's door)
#include "common/osc_endpoint.hpp"
#include "common/osc_message.hpp"
#include "common/protocol/description.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/osc_packets.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;
using protocol::Argument;
using protocol::Description;
using protocol::Server;

namespace {

constexpr std::size_t batch = 20;  ///< packets between two questions: the receiver's buffer must hold them
constexpr double track_seconds = 60.0;

/// Packets at random, from what a program understands.
class PacketMaker {
public:
    PacketMaker(std::uint32_t seed, std::vector<std::string> texts) : random_{seed}, texts_{std::move(texts)} {
        for (const Description& each : protocol::descriptions()) {
            if (each.address != at::session_quit) {
                all_.push_back(&each);
            }
        }
    }

    /// A message as the description asks for it, mostly: in five of six its arguments are of the right type, and most
    /// of these in range.
    [[nodiscard]] std::vector<char> command() {
        const Description& description = *all_[pick(all_.size())];
        const auto arguments = description.arguments();
        std::size_t count = description.least() + pick(arguments.size() - description.least() + 1);
        count = one_in(20) ? pick(9) : count;
        std::string address{description.address};
        std::size_t first = 0;
        if (one_in(2) && description.selectors() > 0) {
            address = protocol::filled(description.address, {texts_[pick(4)], "low"});
            first = std::min(count, description.selectors());
        } else if (one_in(2) && description.server == Server::deck) {
            address = protocol::filled(description.address, {"A"});
        }
        OscMessage message{address};
        for (std::size_t i = first; i < count; ++i) {
            add(message, arguments.empty() ? Argument{} : arguments[std::min(i, arguments.size() - 1)]);
        }
        return message.serialised();
    }

    /// A command, or a bundle of some, with a few of its bytes changed, cut out, doubled or cut off.
    [[nodiscard]] std::vector<char> mutated() {
        std::vector<char> packet = command();
        if (one_in(4)) {
            std::vector<std::vector<char>> elements(1 + pick(4));
            for (auto& element : elements) {
                element = one_in(6) ? bundle_of(0, 1, {command()}) : command();
            }
            packet = one_in(2) ? bundle_of(0, 1, elements) : dated_bundle(static_cast<double>(pick(4)), elements);
        }
        for (std::size_t i = 1 + pick(6); i > 0 && !packet.empty(); --i) {
            const auto where = packet.begin() + static_cast<std::ptrdiff_t>(pick(packet.size()));
            const std::size_t length =
                std::min<std::size_t>(1 + pick(8), static_cast<std::size_t>(packet.end() - where));
            const std::vector<char> piece{where, where + static_cast<std::ptrdiff_t>(length)};
            switch (pick(6)) {
            case 0:
                *where = static_cast<char>(random_());
                break;
            case 1:
                *where = static_cast<char>(*where ^ (1 << pick(8)));
                break;
            case 2:
                packet.erase(where, where + static_cast<std::ptrdiff_t>(length));
                break;
            case 3:
                packet.insert(where, piece.begin(), piece.end());
                break;
            case 4:
                std::fill(where, where + static_cast<std::ptrdiff_t>(length), one_in(2) ? '\0' : '\xff');
                break;
            default:
                packet.erase(where, packet.end());
                break;
            }
        }
        return packet;
    }

private:
    [[nodiscard]] std::size_t pick(std::size_t count) { return random_() % count; }
    [[nodiscard]] bool one_in(std::size_t count) { return pick(count) == 0; }

    [[nodiscard]] double number(const Argument& argument) {
        const std::array<double, 12> odd{0.0,
                                         -0.0,
                                         1.0,
                                         -1.0,
                                         1e-300,
                                         1e300,
                                         -1e18,
                                         4294967296.0,
                                         std::numeric_limits<double>::quiet_NaN(),
                                         std::numeric_limits<double>::infinity(),
                                         argument.low,
                                         argument.high};
        if (one_in(5)) {
            return odd[pick(odd.size())];
        }
        const double part = std::pow(static_cast<double>(random_()) / 4294967296.0, 3.0);  // mostly near the low end
        return argument.low + (argument.high - argument.low) * part;
    }

    [[nodiscard]] std::string text(const Argument& argument) {
        if (!argument.choices.empty() && !one_in(5)) {
            const auto choices = argument.choices;
            const std::size_t from = pick(choices.size());
            const std::size_t begin = from == 0 ? 0 : choices.rfind('|', from - 1) + 1;
            return std::string{choices.substr(begin, choices.find('|', begin) - begin)};
        }
        return texts_[pick(texts_.size())];
    }

    void add(OscMessage& message, const Argument& argument) {
        const std::string tags{"sifdhTFN"};
        const char tag = one_in(6) || argument.tag == 0 ? tags[pick(tags.size())] : argument.tag;
        switch (tag) {
        case 's':
            message.text(text(argument));
            break;
        case 'i':
            message.integer(static_cast<std::int32_t>(bounded(number(argument), 2147483647.0)));
            break;
        case 'h':
            message.wide(static_cast<std::int64_t>(bounded(number(argument), 9e18)));
            break;
        case 'f':
            message.real(static_cast<float>(bounded(number(argument), 3e38)));
            break;
        case 'd':
            message.precise(number(argument));
            break;
        default:
            message.flag(one_in(2));
            break;
        }
    }

    /// Into what a conversion can take; not a number becomes 0 where the type has none.
    [[nodiscard]] static double bounded(double value, double most) {
        return std::isnan(value) ? 0.0 : std::min(std::max(value, -most), most);
    }

    std::mt19937 random_;
    std::vector<std::string> texts_;
    std::vector<const Description*> all_;
};

/// Waits until the program has dealt with everything sent so far. @returns whether it answered in a minute
bool answers(const RawClient& client, std::size_t mark) {
    const std::string question = "/storm/" + std::to_string(mark);
    for (int attempt = 0; attempt < 30; ++attempt) {
        client.send(packet_of(question, ","));
        for (RawAnswer answer = client.next(2000); !answer.address.empty(); answer = client.next(2000)) {
            if (answer.address == at::error && !answer.texts.empty() && answer.texts.front() == question) {
                return true;
            }
        }
    }
    return false;
}

/// Where a deck was at a frame; nothing when it doesn't play.
struct Place {
    double frame{}, seconds{};
};

std::optional<Place> place_of(OscClient& osc, const std::string& deck) {
    const auto state = osc.request(wait_for_client("test", deck), at::deck_state);
    if (!state || state->text(0) != "playing") {
        return std::nullopt;
    }
    return Place{state->number(2), state->number(3)};
}

/// How many frames of sound the deck lost between two looks.
double frames_lost(const Place& before, const Place& after) {
    const double clock = std::fmod(after.frame - before.frame + 4294967296.0, 4294967296.0);
    const double played = (after.seconds - before.seconds) * 48000.0;
    return std::remainder(clock - played, track_seconds * 48000.0);
}

std::map<std::string, pid_t> pids() {
    std::map<std::string, pid_t> found;
    for (const std::string client : {"session", "mixer-bus", "deck-A", "deck-B", "bpm-follower"}) {
        found[client] = SessionRoom::pid_of(client);
    }
    return found;
}

struct Storm {
    std::size_t packets{}, sequences{};
    std::uint32_t seed{};
};

bool storm_at(SessionRoom& room, const std::string& client, const Storm& storm, const std::vector<std::string>& texts) {
    const std::string url = client == "session" ? front_door : wait_for_client("test", client);
    const RawClient sender{OscEndpoint::parse(url).port()};
    PacketMaker maker{storm.seed, texts};
    const auto before = pids();
    const auto heard_before = place_of(room.osc, "deck-B");
    const std::size_t held_before = memory_of(before.at(client)).anonymous / 1024;
    const auto began = std::chrono::steady_clock::now();
    const std::size_t batches = storm.packets / batch;
    bool good = true;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < batches + storm.sequences && good; ++i) {
        for (std::size_t k = 0; k < (i < batches ? batch : batch / 2); ++k, ++sent) {
            sender.send(i < batches ? maker.mutated() : maker.command());
        }
        if (!answers(sender, i)) {
            std::printf("  %s does not answer after batch %zu\n", client.c_str(), i);
            good = false;
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto after = pids();
    for (const auto& [name, pid] : after) {
        if (pid != before.at(name)) {
            std::printf("  %s died: it was %d and is %d\n", name.c_str(), before.at(name), pid);
            good = false;
        }
    }
    const auto heard_after = place_of(room.osc, "deck-B");
    const bool spoken_to = client == "session";  // which passes on to deck-B, too
    const double lost = heard_before && heard_after ? frames_lost(*heard_before, *heard_after) : 1e9;
    if (!spoken_to && std::abs(lost) > 0.5) {
        std::printf("  deck-B lost %.1f frames\n", lost);
        good = false;
    }
    print_figure("R8", client + ": mutated packets and sequences of ten, in s; memory; frames another deck lost",
                 std::to_string(sent) + ", " + std::to_string(storm.sequences * batch / 2) + " of them in sequences, " +
                     shown(took.count()) + " s; " + std::to_string(held_before) + " → " +
                     std::to_string(memory_of(after.at(client)).anonymous / 1024) + " KiB; " +
                     (spoken_to ? "passed on to it" : shown(std::abs(lost))),
                 "nobody dies, 0 frames", good);
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int i, std::size_t otherwise) {
        return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
    };
    const Storm storm{number(1, 20'000), number(2, 2'000), static_cast<std::uint32_t>(number(3, 1))};
    std::vector<std::string> targets(argv + std::min(argc, 4), argv + argc);
    if (targets.empty()) {
        targets = {"deck-A", "mixer-bus", "bpm-follower", "session"};  // the door last: it passes on
    }
    SessionRoom room;
    const bool came_up = room.wait_until_whole();
    room.start_again_with("[[client]]\nname = \"bpm-follower\"\nrun = [\"crowdjack-bpm-follower\"]\n");
    const std::string track = room.coded_track("track.wav", CodedChannels::both, track_seconds);
    if (!came_up || !room.wait_until_whole()) {
        std::printf("the session does not come up:\n%s\n", room.session->output().c_str());
        return EXIT_FAILURE;
    }
    const std::string folder = room.folder.path().string();
    const std::vector<std::string> texts{"A",
                                         "B",
                                         "C",
                                         "all",
                                         "deck-A",
                                         "deck-B",
                                         "mixer-bus",
                                         track,
                                         track,
                                         "track.wav",
                                         folder,
                                         folder + "/new.wav",
                                         folder + "/new.flac",
                                         "/no/such.wav",
                                         "/dev/null",
                                         "/dev/zero",
                                         "../../etc/passwd",
                                         "",
                                         std::string(400, 'x'),
                                         "\xff\xfe\xc3(",
                                         "a\nb",
                                         "%s%n",
                                         "1e999",
                                         "http://:x@127.0.0.1:9/s",
                                         "osc.udp://127.0.0.1:9/",
                                         wait_for_client("test", "deck-B"),
                                         front_door};
    bool good = true;
    for (const std::string& target : targets) {
        const std::string deck = wait_for_client("test", "deck-B");
        (void)room.osc.request(deck, at::deck_follow, {false});
        (void)room.osc.request(deck, at::deck_stretch, {std::string{"rate"}});
        (void)room.osc.request(deck, at::deck_rate, {1.0});
        (void)room.osc.request(deck, at::deck_cue, {track});
        (void)room.osc.request(deck, at::deck_loop, {true});
        (void)room.osc.request(deck, at::deck_start);
        good = eventually([&] { return place_of(room.osc, "deck-B").has_value(); }) && good;
        good = storm_at(room, target, storm, texts) && good;
    }
    const auto ended = room.session->terminate();
    std::printf("  the session ended with %d\n%s\n", ended.value_or(-1), good && ended == 0 ? "unharmed" : "HARMED");
    if (!good || ended != 0) {
        std::printf("its log:\n%s\n", room.session->output().c_str());
    }
    return good && ended == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
