// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session check, as a user runs it, with the suite's own programs asked about their options.
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

using namespace crowdjack::test;
using std::string;

namespace {

struct Checked {
    int code{};
    string said;
};

Checked check(const TemporaryFolder& folder, const string& text) {
    std::ofstream{folder / "set.toml"} << text;
    Process program{{program_path("crowdjack-session"), "check", (folder / "set.toml").string()}};
    const int code = program.wait().value_or(-1);
    return {code, program.whole_output()};
}

string client(const string& name, const string& run) {
    return "[[client]]\nname = \"" + name + "\"\nrun = [" + run + "]\n";
}

const string deck_a = client("deck-A", R"("crowdjack-deck", "--name", "A")");
const string mixer = client("mixer-bus", R"("crowdjack-mixer-bus", "--strips", "A,B")");
const string both = deck_a + mixer;

string patch(const string& connection) { return "[patch]\nconnect = [\"" + connection + "\"]\n"; }

string mixer_with(const string& options) { return client("mixer-bus", "\"crowdjack-mixer-bus\", " + options); }

struct Mistake {
    string what, file, said;
};

}  // namespace

TEST_CASE("a good file is good, with what its programs will be") {
    const TemporaryFolder folder;
    const auto checked = check(folder, both + R"([patch]
connect = ["deck-A:out_* -> mixer-bus:A_*", "mixer-bus:master_l -> system:playback_1",
           "mixer-bus:master_r -> system:playback_2", "system:capture_1 -> mixer-bus:B_l",
           "jack_thing:out -> mixer-bus:B_r"]
)");
    INFO(checked.said);
    CHECK(checked.code == 0);
    CHECK(checked.said.find("good: 2 clients, 5 listed connections") != string::npos);
}

TEST_CASE("of thirty-five kinds of mistakes, none passes as good") {
    const TemporaryFolder folder;
    const string here = folder.path().string();
    const std::vector<Mistake> mistakes{
        {"nothing in it", "", "no [[client]] is listed"},
        {"no TOML", "a = \n", "this is no TOML"},
        {"an unknown table", both + "[pacth]\n", "did you mean 'patch'?"},
        {"an unknown key", "[jack]\nperoid = 128\n" + both, "did you mean 'period'?"},
        {"a key of the wrong type", "[jack]\nperiod = \"128\"\n" + both, "must be a whole number"},
        {"an unknown driver", "[jack]\ndriver = \"also\"\n" + both, "did you mean 'alsa'?"},
        {"a server with a slash", "[jack]\nserver = \"a/b\"\n" + both, "plain name"},
        {"port and ports", "[osc]\nport = 1\nports = [2]\n" + both, "both"},
        {"a port twice", "[osc]\nports = [57120, 57120]\n" + both, "listed twice"},
        {"no name", "[[client]]\nrun = [\"crowdjack-deck\"]\n", "needs a name"},
        {"a name twice", both + deck_a, "listed twice"},
        {"a name that is taken", client("system", R"("crowdjack-deck")"), "is taken"},
        {"run without words", "[[client]]\nname = \"a\"\nrun = []\n", "names no program"},
        {"run as one text", "[[client]]\nname = \"a\"\nrun = \"crowdjack-deck\"\n", "must be a list of texts"},
        {"a program that is nowhere", client("deck-A", R"("crowdjack-dekc")"), "did you mean 'crowdjack-deck'?"},
        {"a URL that is none", "[[client]]\nname = \"a\"\nurl = \"10.0.0.2:9000\"\n", "use osc.udp://HOST:PORT/"},
        {"no arrow", both + patch("deck-A:out_l mixer-bus:A_l"), "no '->'"},
        {"a star on one side", both + patch("deck-A:out_* -> mixer-bus:A_l"), "both need one or neither"},
        {"a client's name misspelt", both + patch("deck-A:out_l -> mixr-bus:A_l"), "did you mean 'mixer-bus'?"},
        {"keep misspelt", both + "[patch]\nkeep = \"wantd\"\n", "did you mean 'wanted'?"},
        {"another dash before the star", both + patch("deck-A:out_* -> mixer-bus:A-*"), "did you mean 'mixer-bus:A_"},
        {"a strip that is missing", both + patch("deck-A:out_* -> mixer-bus:D_*"), "will not exist with these options"},
        {"a deck that calls itself otherwise", client("deck-A", R"("crowdjack-deck", "--name", "B")"),
         "would call itself 'deck-B'"},
        {"an option misspelt", client("deck-A", R"("crowdjack-deck", "--nmae", "A")"), "did you mean --name?"},
        {"a tempo method that is none", client("deck-A", R"("crowdjack-deck", "--stretch", "rubber")"), "rubber"},
        {"a number out of range", client("deck-A", R"("crowdjack-deck", "--bpm", "0")"), "not within"},
        {"a file to play that is not there", client("deck-A", R"("crowdjack-deck", "/no/such.wav")"), "/no/such.wav"},
        {"a music folder that is missing", client("deck-A", "\"crowdjack-deck\", \"--music-dir\", \"" + here + "/no\""),
         here + "/no"},
        {"a recording's folder that is missing", mixer_with("\"--record\", \"" + here + "/no/a.wav\""),
         "does not exist"},
        {"a recording's format that is none", mixer_with("\"--record\", \"" + here + "/a.doc\""), "a.doc"},
        {"too many strips", mixer_with(R"("--strips", "A,B,A")"), "twice"},
        {"a card's port misspelt", both + patch("system:captur_1 -> mixer-bus:A_l"), "did you mean 'capture_1'?"},
        {"swapped ends", both + patch("mixer-bus:A_l -> deck-A:out_l"), "ends swapped"},
        {"the card's end swapped", both + patch("mixer-bus:master_l -> system:capture_1"), "swapped"},
        {"two on one port", client("deck-A", R"("crowdjack-deck", "--name", "A", "--osc-port", "57120")"),
         "listens on port 57120"},
        {"audio to MIDI",
         mixer + client("bpm-follower", R"("crowdjack-bpm-follower", "--osc-port", "0")") +
             patch("bpm-follower:midi_clock -> mixer-bus:A_l"),
         "audio and MIDI"},
        {"a guard's command that is nowhere", both + "[guard]\non_crash = [\"no-such-program\"]\n", "no-such-program"},
        {"a fallback that is not there", both + "[guard]\nfallback = \"no.flac\"\n", "no file 'no.flac'"},
    };
    CHECK(mistakes.size() >= 35);
    for (const Mistake& mistake : mistakes) {
        const auto checked = check(folder, mistake.file);
        INFO(mistake.what, ": ", checked.said);
        CHECK(checked.code == 2);
        CHECK(checked.said.find(mistake.said) != string::npos);
        CHECK(checked.said.find(": good") == string::npos);
    }
}

TEST_CASE("a program that is asked about its options makes no sound, takes no port and ends") {
    Process deck{{program_path("crowdjack-deck"), "--name", "Q", "--osc-port", "57120", "--server", "no-such-server",
                  "--check-options"}};
    CHECK(deck.wait() == 0);
    CHECK(deck.whole_output() == "client deck-Q\nport output audio out_l\nport output audio out_r\n");
}
