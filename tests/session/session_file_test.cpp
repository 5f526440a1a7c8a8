// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/crowdstream_api.hpp"
#include "session/api/stem_slots.hpp"
#include "session/patch/patch_text.hpp"
#include "session/session_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace crowdjack;

namespace {

std::vector<SessionProblem> problems_of(const std::string& text) {
    std::vector<SessionProblem> problems;
    (void)parse_session(text, "set.toml", problems);
    return problems;
}

/// The only problem of `text`, as it is shown.
std::string problem_of(const std::string& text) {
    const auto problems = problems_of(text);
    REQUIRE(problems.size() == 1);
    return problem_text("set.toml", problems.front());
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string good = R"(
[jack]
server = "default"
autostart = true
driver = "dummy"
rate = 48000
period = 256
internal = ["netmanager"]
[osc]
ports = [57120, 57122]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A"]
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus"]
watchdog = false
[patch]
connect = [
  "deck-A:out_* -> mixer-bus:A_*",  # a wildcard
  "mixer-bus:master_l -> system:playback_1",
]
keep = "exact"
)";

}  // namespace

TEST_CASE("a good session file says what it says") {
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session(good, "set.toml", problems);
    CHECK(problems.empty());
    CHECK(session.jack.autostart);
    CHECK(session.jack.internal == std::vector<std::string>{"netmanager"});
    CHECK(session.jack.period == 256);
    CHECK(session.osc_ports == std::vector<std::uint16_t>{57120, 57122});
    REQUIRE(session.clients.size() == 2);
    CHECK(session.client("deck-A")->restart);
    CHECK(session.client("deck-A")->of_the_suite());
    CHECK_FALSE(session.client("mixer-bus")->watchdog);
    CHECK(session.keep == Keep::exact);
    REQUIRE(session.connections.size() == 2);
    CHECK(session.connections[0].text() == "deck-A:out_* -> mixer-bus:A_*");
    CHECK(session.connections[0].line == 20);
}

TEST_CASE("every mistake is named with file, line and the nearest right name") {
    CHECK(problem_of("[jack]\nserver = \"x\"\nperoid = 128\n") ==
          "set.toml:3: unknown key 'peroid' in [jack]: did you mean 'period'?");
    CHECK(says(problem_of("[pacth]\n"), "set.toml:1: unknown key 'pacth'"));
    CHECK(says(problem_of("[pacth]\n"), "did you mean 'patch'?"));
    CHECK(says(problem_of("[jack]\nperiod = \"256\"\n"), "set.toml:2: period in [jack] must be a whole number"));
    CHECK(says(problem_of("[jack]\nperiod = 8\n"), "from 16 to 8192"));
    CHECK(says(problem_of("[jack]\ndriver = \"also\"\n"), "did you mean 'alsa'?"));
    CHECK(says(problem_of("[patch]\nkeep = \"wantd\"\n"), "did you mean 'wanted'?"));
    CHECK(says(problem_of("[osc]\nport = 1\nports = [2]\n"), "both"));
    CHECK(says(problem_of("[osc]\nports = [57120, 57120]\n"), "listed twice"));
    CHECK(says(problem_of("[[client]]\nname = \"a\"\n[[client]]\nname = \"a\"\n"),
               "set.toml:4: client 'a' is listed twice (first on line 1)"));
    CHECK(says(problem_of("[[client]]\nrun = [\"x\"]\n"), "needs a name"));
    CHECK(says(problem_of("[[client]]\nname = \"system\"\n"), "is taken"));
    CHECK(says(problem_of("[[client]]\nname = \"a\"\nrun = []\n"), "names no program"));
    CHECK(says(problem_of("a = \n"), "set.toml:1: this is no TOML"));
    for (const char* url :
         {"", "osc.tcp://10.0.0.2:9000/", "osc.udp://10.0.0.2/", "osc.udp://:9000/", "10.0.0.2:9000"}) {
        const std::string wrong = "[[client]]\nname = \"deck-C\"\nurl = \"" + std::string{url} + "\"\n";
        CHECK(says(problem_of(wrong), "set.toml:3: url of client 'deck-C'"));
        CHECK(says(problem_of(wrong), "use osc.udp://HOST:PORT/"));
    }
    CHECK(
        problems_of("[[client]]\nname = \"deck-C\"\nurl = \"osc.udp://booth.local:9003/\"\nvia = \"booth\"\n").empty());
    CHECK(says(problem_of("[[client]]\nname = \"deck-C\"\nrun = [\"crowdjack-deck\"]\nvia = \"booth\"\n"),
               "set.toml:4: client 'deck-C' has via but no url"));
}

TEST_CASE("a malformed connection is told what is wrong with it, on its own line") {
    const auto with = [](const std::string& connection) { return "[patch]\nconnect = [\n\"" + connection + "\"]\n"; };
    CHECK(says(problem_of(with("a:b c:d")), "set.toml:3: connection 'a:b c:d' is malformed: it has no '->'"));
    CHECK(says(problem_of(with("a:b -> c:d -> e:f")), "more than one '->'"));
    CHECK(says(problem_of(with("ab -> c:d")), "is not of the form client:port"));
    CHECK(says(problem_of(with("a:b -> ")), "its sink is missing"));
    CHECK(says(problem_of(with("a:* -> c:d")), "both need one or neither"));
    CHECK(says(problem_of(with("a:*_* -> c:*")), "more than one *"));
    const auto near = problems_of("[[client]]\nname = \"mixer-bus\"\n" + with("mixr-bus:a -> system:playback_1"));
    REQUIRE(near.size() == 1);
    CHECK(near.front().warning);
    CHECK(says(near.front().what, "did you mean 'mixer-bus'?"));
}

TEST_CASE("a program that is nowhere is named with the nearest one") {
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session("[[client]]\nname = \"x\"\nrun = [\"jack_lps\"]\n", "set.toml", problems);
    check_programs(session, problems);
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().line == 3);
    CHECK(says(problems.front().what, "'jack_lps' of client 'x'"));
    problems.clear();
    check_programs(parse_session("[[client]]\nname = \"x\"\nrun = [\"true\"]\n", "set.toml", problems), problems);
    CHECK(problems.empty());
}

TEST_CASE("a file that would overflow the parser's stack is refused, its line named, before it is parsed") {
    std::string dots = "[jack]\na";
    for (int i = 0; i < 200'000; ++i) {
        dots += ".a";
    }
    CHECK(says(problem_of(dots + " = 1\n"), "set.toml:2: tables lie more than 64 deep"));
    CHECK(says(problem_of("a = " + std::string(200'000, '[')), "64 deep"));
    std::string tables = "a = ";
    for (int i = 0; i < 100'000; ++i) {
        tables += "{a=";
    }
    CHECK(says(problem_of(tables), "64 deep"));
    CHECK(says(problem_of("[" + std::string(200'000, '.') + "]"), "64 deep"));
    CHECK(says(problem_of(std::string(2'000'000, '#')), "larger than 1024 KiB"));
    // Dots and brackets in texts and comments are none.
    CHECK(problems_of("# " + std::string(300, '[') + "\n[patch]\nconnect = [\"a" + std::string(300, '.') +
                      ":b -> c:d\", 'e" + std::string(300, '{') + ":b -> c:d']\n")
              .empty());
}

TEST_CASE("[guard] names programs, never a shell's line") {
    std::vector<SessionProblem> problems;
    const SessionFile session =
        parse_session("[guard]\non_silence = [\"mail\", \"-s\", \"$(silent) `x`\"]\nfallback = \"loop.flac\"\n",
                      "set.toml", problems);
    CHECK(problems.empty());
    CHECK(session.guard.on_silence == std::vector<std::string>{"mail", "-s", "$(silent) `x`"});
    CHECK(session.guard.fallback == "loop.flac");
    CHECK(says(problem_of("[guard]\non_crash = \"mail me\"\n"), "on_crash in [guard] must be a list of texts"));
    CHECK(says(problem_of("[guard]\non_silense = [\"x\"]\n"), "did you mean 'on_silence'?"));
}

TEST_CASE("[setlist] says what a session plays by itself, when and how") {
    std::vector<SessionProblem> problems;
    const SessionFile session =
        parse_session("[setlist]\nsource = \"music/night.csv\"\nhours = \"18:00-02:00\"\nseed = 7\n"
                      "played-out = \"played.csv\"\nlufs = -16\nharmonic = true\ndecks = \"A,B\"\n",
                      "/club/set.toml", problems);
    CHECK(problems.empty());
    CHECK(session.setlist.source == "/club/music/night.csv");
    CHECK(session.setlist.hours.text() == "18:00-02:00");
    CHECK(session.setlist.options(0) == std::vector<std::string>{"--seed", "7", "--played-out", "/club/played.csv",
                                                                 "--lufs=-16.000000", "--decks", "A,B", "--harmonic"});
    CHECK(session.setlist.options(3).at(1) == "10");  // another set each time
    CHECK(says(problem_of("[setlist]\nseed = 1\n"), "[setlist] needs a source"));
    CHECK(says(problem_of("[setlist]\nsource = \"m\"\nhours = \"18-25\"\n"), "hours in [setlist] must be written as"));
    CHECK(says(problem_of("[setlist]\nsource = \"m\"\nlufs = \"loud\"\n"),
               "lufs in [setlist] must be a number from -60 to 0"));
    CHECK(says(problem_of("[setlist]\nsource = \"m\"\nhour = \"18-20\"\n"), "did you mean 'hours'?"));
}

TEST_CASE("names in a session file bring no control bytes to the terminal") {
    const std::string problem = problem_of("[[client]]\nname = \"\\u001b[31m/\\u009b\"\n");
    CHECK(std::none_of(problem.begin(), problem.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }));
}

TEST_CASE("saving rewrites the patch list and not a byte else") {
    const std::string saved = with_patch(good, {"a:b -> c:d"});
    const auto begin = good.find("connect = [");
    const auto end = good.find("]\nkeep") + 1;
    CHECK(saved.substr(0, begin) == good.substr(0, begin));
    CHECK(saved.substr(saved.find("]\nkeep") + 1) == good.substr(end));
    CHECK(says(saved, "\"a:b -> c:d\""));
    CHECK(problems_of(saved).empty());
    CHECK(with_patch(saved, {"a:b -> c:d"}) == saved);
}

TEST_CASE("a patch list is added where there is none, after umlauts, too") {
    CHECK(problems_of(with_patch("# nothing", {"a:b -> c:d"})).empty());
    const std::string header_only = with_patch("[patch]   # mine\nkeep = \"once\"\n", {"a:b -> c:d"});
    CHECK(says(header_only, "[patch]   # mine\nconnect = ["));
    CHECK(problems_of(header_only).empty());
    const std::string one_line =
        with_patch("patch = { keep = \"once\", connect = [\"ü:ö -> ä:x\"] } # ende\n", {"a:b -> c:d"});
    CHECK(says(one_line, "# ende"));
    CHECK_FALSE(says(one_line, "ü"));
    CHECK(problems_of(one_line).empty());
    const std::string dotted = with_patch("patch.keep = \"once\"\n", {"a:b -> c:d"});
    CHECK(problems_of(dotted).empty());
    CHECK(says(dotted, "a:b -> c:d"));
}

namespace {

GraphView club() {
    GraphView graph;
    for (const char* name : {"deck-A:out_l", "deck-A:out_r", "mixer-bus:master_l", "ardour:out"}) {
        graph.ports.push_back({name, true, false, false, {}});
    }
    for (const char* name : {"mixer-bus:A_l", "mixer-bus:A_r", "mixer-bus:mic_l"}) {
        graph.ports.push_back({name, false, false, false, {}});
    }
    graph.ports.push_back({"Built-in:FL", false, false, true, {}});
    graph.suite_clients = {"deck-A", "mixer-bus"};
    name_ports(graph, {});
    return graph;
}

Connection connection_of(const std::string& text) {
    std::string why;
    return parse_connection(text, why).value();
}

}  // namespace

TEST_CASE("what was patched by hand is saved, what was unpatched goes, what is not there stays") {
    GraphView graph = club();
    graph.links = {{"deck-A:out_l", "mixer-bus:A_l"},
                   {"deck-A:out_r", "mixer-bus:A_r"},
                   {"ardour:out", "mixer-bus:mic_l"},
                   {"mixer-bus:master_l", "Built-in:FL"}};
    const std::vector<Connection> list{connection_of("deck-A:out_* -> mixer-bus:A_*"),
                                       connection_of("deck-B:out_* -> mixer-bus:B_*"),
                                       connection_of("deck-A:out_l -> mixer-bus:mic_l")};
    const auto saved = present_patch(list, graph);
    CHECK(saved == std::vector<std::string>{"deck-A:out_* -> mixer-bus:A_*", "deck-B:out_* -> mixer-bus:B_*",
                                            "ardour:out -> mixer-bus:mic_l",
                                            "mixer-bus:master_l -> system:playback_1 @ Built-in:FL"});
    graph.links.erase({"deck-A:out_r", "mixer-bus:A_r"});
    CHECK(present_patch(list, graph).front() == "deck-B:out_* -> mixer-bus:B_*");
}

TEST_CASE("crowdstream's words: letters in any case, numbers first or last, levels clamped") {
    using namespace api;
    CHECK(parse_cue({std::string{"b"}, std::string{"x.wav"}, 0.25}).deck == 'B');
    CHECK(parse_cue({std::string{"b"}, std::string{"x.wav"}, 0.25}).fraction == doctest::Approx(0.25));
    for (const ApiArguments& group : {ApiArguments{0.5, std::string{"a"}, std::string{"B"}},
                                      ApiArguments{std::string{"a"}, std::string{"B"}, 0.5}}) {
        CHECK(parse_start_group(group).decks == "AB");
        CHECK(parse_start_group(group).start_at == doctest::Approx(0.5));
    }
    CHECK(deck_letter("DECK-c") == 'C');
    CHECK(parse_load_buffer({100.0, std::string{"x.wav"}, std::string{}}).name.empty());
    CHECK_THROWS_AS((void)parse_load_buffer({100.0, std::string{}}), ApiError);
    CHECK(parse_start_group({-3.0, std::string{"A"}}).start_at == 0.0);
    CHECK(parse_deck_levels({2.0, -1.0})[0] == 1.0F);
    CHECK(parse_deck_levels({2.0, -1.0})[1] == 0.0F);
    CHECK_FALSE(parse_deck_levels({2.0, -1.0})[2].has_value());
    CHECK(parse_deck_eq({std::string{"A"}, std::string{"LOW"}, 120.0}).value == 100.0F);
    CHECK(parse_fade({std::string{"A"}, 1.0}).seconds == doctest::Approx(2.0));
    CHECK(parse_play_stem({100.0}).loop);
    CHECK_FALSE(parse_play_stem({100.0, 1.0, 0.5, false}).loop);
    CHECK(parse_stem_volume({1100.0, 7.0}).volume == 1.0F);
    CHECK(parse_test_tone({}) == doctest::Approx(440.0));
}

TEST_CASE("buffer ids belong to decks by range") {
    CHECK(api::deck_of_buffer(100) == 'A');
    CHECK(api::deck_of_buffer(1099) == 'A');
    CHECK(api::deck_of_buffer(1100) == 'B');
    CHECK(api::deck_of_buffer(3099) == 'C');
    CHECK(api::deck_of_buffer(4099) == 'D');
    CHECK_THROWS_AS((void)api::deck_of_buffer(99), ApiError);
    CHECK_THROWS_AS((void)api::deck_of_buffer(4100), ApiError);
}

TEST_CASE("a crowdstream message that makes no sense is told what would") {
    using namespace api;
    CHECK_THROWS_WITH_AS((void)parse_cue({std::string{"A"}}),
                         "1 argument came: use /cue s:deck s:path [d:fraction] [d:bpm]", ApiError);
    CHECK_THROWS_AS((void)parse_cue({std::string{"AB"}, std::string{"x"}}), ApiError);
    CHECK_THROWS_AS((void)parse_cue({std::string{"A"}, std::string{"x"}, 1.5}), ApiError);
    CHECK_THROWS_AS((void)parse_cue({std::string{"A"}, 5.0}), ApiError);
    CHECK_THROWS_AS((void)parse_start_group({std::string{"A"}, std::string{"B"}}), ApiError);
    CHECK_THROWS_AS((void)parse_deck_eq({std::string{"A"}, std::string{"bass"}, 1.0}), ApiError);
    CHECK_THROWS_AS((void)parse_play_stem({100.5}), ApiError);
    CHECK_THROWS_AS((void)parse_set_tempo({0.0}), ApiError);
}
