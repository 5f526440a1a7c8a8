// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "session/web/access.hpp"
#include "session/web/chronicle.hpp"
#include "session/web/feed_board.hpp"
#include "session/web/health.hpp"
#include "session/web/invitation.hpp"
#include "session/web/metrics.hpp"
#include "session/web/osc_tree.hpp"
#include "session/web/page.hpp"
#include "session/web/token_bucket.hpp"
#include "session/web/url.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace crowdjack;
using namespace crowdjack::web;
using std::string;

namespace {

const std::chrono::steady_clock::time_point start{};

HttpRequest request_to(const string& host, const string& origin = "") {
    HttpRequest request;
    request.host = host;
    request.origin = origin;
    return request;
}

SuiteSnapshot healthy_suite() {
    SuiteSnapshot suite;
    suite.server = "test";
    for (const auto& [name, kind] :
         {std::pair{"deck-A", "deck"}, std::pair{"mixer-bus", "mixer-bus"}, std::pair{"session", "session"}}) {
        ClientStatus client;
        client.name = name;
        client.kind = kind;
        client.pid = 100;
        client.answers = true;
        suite.clients.push_back(client);
    }
    suite.decks["deck-A"] = {"playing", "/music/one.wav",         0, 10.0, 200.0, 1.0, 120.0,
                             "rate",    {{"starved_frames", "0"}}};
    suite.mixer.emplace();
    suite.mixer->channels = {{"A"}, {"master"}};
    suite.tempo = TempoStatus{120.0, 121.0, 4.0, 0.2, "follow", 1};
    suite.patch.emplace();
    suite.patch->running = true;
    suite.patch->complete = true;
    return suite;
}

/// Every sample line of an exposition as name with labels → value.
std::map<string, double> samples(const string& exposition) {
    std::map<string, double> found;
    std::istringstream lines{exposition};
    for (string line; std::getline(lines, line);) {
        if (!line.empty() && line.front() != '#') {
            const std::size_t space = line.rfind(' ');
            found[line.substr(0, space)] = std::stod(line.substr(space + 1));
        }
    }
    return found;
}

struct TokenFile {
    std::filesystem::path path{std::filesystem::temp_directory_path() / ("token-" + std::to_string(::getpid()))};
    ~TokenFile() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("a name that somebody points at this machine opens nothing") {
    const OwnNames names{{"booth", "booth.local"}};
    for (const char* host : {"localhost", "localhost:57180", "LOCALHOST:1", "127.0.0.1:57180", "10.0.0.5",
                             "[::1]:57180", "booth.local:57180", "Booth"}) {
        CAPTURE(host);
        CHECK_FALSE(screened(names, request_to(host)));
    }
    for (const char* host :
         {"", "evil.example", "evil.example:57180", "localhost.evil.example", "127.0.0.1.evil.example",
          "127.0.0.1:80@evil", "[::1", "[::1]evil", "booth:x", "0x7f.1:57180", "localhost:57180\r\nX: y"}) {
        CAPTURE(host);
        const auto refusal = screened(names, request_to(host));
        REQUIRE(refusal);
        CHECK(refusal->status == 421);
    }
}

TEST_CASE("a page of another site opens no WebSocket and posts nothing") {
    const OwnNames names{{}};
    CHECK_FALSE(screened(names, request_to("127.0.0.1:57180", "http://127.0.0.1:57180")));
    CHECK_FALSE(screened(names, request_to("localhost:57180", "http://LOCALHOST:57180")));
    for (const char* origin : {"http://evil.example", "http://127.0.0.1:8080", "https://127.0.0.1:57180", "null",
                               "file://", "http://localhost:57180"}) {
        CAPTURE(origin);
        const auto refusal = screened(names, request_to("127.0.0.1:57180", origin));
        REQUIRE(refusal);
        CHECK(refusal->status == 403);
    }
}

TEST_CASE("only the whole token lets anybody act") {
    TokenGate gate{"abcdefghijklmnop"};
    CHECK(gate.judge("10.0.0.2", "abcdefghijklmnop", start) == TokenGate::Verdict::right);
    for (const char* wrong :
         {"", "a", "abcdefghijklmno", "abcdefghijklmnopq", "abcdefghijklmnopabcdefghijklmnop", "ABCDEFGHIJKLMNOP"}) {
        CAPTURE(wrong);
        CHECK(gate.judge("10.0.0.3", wrong, start) == TokenGate::Verdict::wrong);
    }
    CHECK(gate.judge_bearer("10.0.0.2", "Bearer abcdefghijklmnop", start) == TokenGate::Verdict::right);
    CHECK(gate.judge_bearer("10.0.0.4", "Basic abcdefghijklmnop", start) == TokenGate::Verdict::wrong);
    CHECK(TokenGate{std::nullopt}.judge("10.0.0.2", "", start) == TokenGate::Verdict::read_only);
}

TEST_CASE("who guesses tokens is not listened to for a minute, and nobody else suffers") {
    TokenGate gate{"abcdefghijklmnop"};
    for (int i = 0; i < TokenGate::most_wrong; ++i) {
        CHECK(gate.judge("10.0.0.9", "guess", start) == TokenGate::Verdict::wrong);
    }
    CHECK(gate.judge("10.0.0.9", "guess", start) == TokenGate::Verdict::too_many);
    CHECK(gate.judge("10.0.0.9", "abcdefghijklmnop", start) == TokenGate::Verdict::too_many);
    CHECK(gate.judge("10.0.0.2", "abcdefghijklmnop", start) == TokenGate::Verdict::right);
    CHECK(gate.judge("10.0.0.9", "abcdefghijklmnop", start + std::chrono::seconds{61}) == TokenGate::Verdict::right);
    CHECK(gate.wrong_tokens() == TokenGate::most_wrong);
}

TEST_CASE("a token file is made for its owner only, kept, and never taken from a file that holds none") {
    const TokenFile file;
    const string token = token_of(file.path);
    CHECK(token.size() == 26);
    CHECK(token_of(file.path) == token);
    struct stat status {};
    REQUIRE(::stat(file.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    REQUIRE(::chmod(file.path.c_str(), 0644) == 0);
    CHECK(token_of(file.path) == token);
    REQUIRE(::stat(file.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    std::ofstream{file.path} << "short\n";
    CHECK_THROWS_AS((void)token_of(file.path), Failure);
    std::ofstream{file.path} << "<script>alert(1)</script>\n";
    CHECK_THROWS_AS((void)token_of(file.path), Failure);
    CHECK_THROWS_AS((void)token_of("/dev/null"), Failure);
    std::set<string> tokens;
    for (int i = 0; i < 100; ++i) {
        tokens.insert(random_token());
    }
    CHECK(tokens.size() == 100);
}

TEST_CASE("a link keeps its token out of what servers and logs see") {
    CHECK(link("127.0.0.1", 57180, "tok") == "http://127.0.0.1:57180/#token=tok");
    CHECK(link("127.0.0.1", 57180, std::nullopt) == "http://127.0.0.1:57180/");
    const string code = qr_code(link("127.0.0.1", 57180, random_token()));
    const auto lines = std::count(code.begin(), code.end(), '\n');
    CHECK(lines >= 15);  // at least version 3, two rows a line
    CHECK(qr_code(string(5000, 'x')).empty());
}

TEST_CASE("a viewer that was busy gets the newest of everything it missed, once") {
    FeedBoard board;
    CHECK(board.publish({{"now", "1"}, {"desk", "2"}}));
    const auto first = board.latest();
    CHECK(*board.since(0) == R"({"desk":2,"now":1})");
    CHECK_FALSE(board.publish({{"now", "1"}}));
    CHECK(board.latest() == first);
    CHECK(board.publish({{"now", "3"}}));
    CHECK(board.publish({{"now", "4"}}));
    CHECK(*board.since(first) == R"({"now":4})");
    CHECK(*board.since(board.latest()) == "{}");
    CHECK(*board.since(0) == R"({"desk":2,"now":4})");
}

TEST_CASE("messages beyond the rate are refused, and the allowance comes back with time") {
    const auto now = TokenBucket::Clock::now();
    TokenBucket bucket{10.0, 3.0};
    CHECK(bucket.take(now));
    CHECK(bucket.take(now));
    CHECK(bucket.take(now));
    CHECK_FALSE(bucket.take(now));
    CHECK(bucket.take(now + std::chrono::milliseconds{110}));
    CHECK_FALSE(bucket.take(now + std::chrono::milliseconds{110}));
}

TEST_CASE("escapes in an address are read, malformed ones stay") {
    CHECK(percent_decoded("/a%20b%2Fc") == "/a b/c");
    CHECK(percent_decoded("%") == "%");
    CHECK(percent_decoded("%4") == "%4");
    CHECK(percent_decoded("%zz%41") == "%zzA");
    CHECK(query_value("deck=deck-A&x", "deck") == "deck-A");
    CHECK(query_value("deck=deck-A&x", "x") == "");
    CHECK_FALSE(query_value("deck=deck-A", "dec"));
}

TEST_CASE("a healthy suite is well, and each trouble is named in words") {
    SuiteSnapshot suite = healthy_suite();
    CHECK(judge(suite).level == Health::Level::well);
    suite.patch->complete = false;
    suite.patch->wanted = 6;
    suite.patch->made = 5;
    suite.patch->missing = {"deck-A:out_l -> mixer-bus:A_l"};
    suite.clients[1].answers = false;
    CHECK(judge(suite).level == Health::Level::degraded);
    CHECK(judge(suite).why ==
          std::vector<string>{"mixer-bus does not answer",
                              "the patch is incomplete: 5 of 6 connections, missing deck-A:out_l -> mixer-bus:A_l"});
    suite = healthy_suite();
    suite.mixer->readers = {{"streamer", "waiting", 0, 0, 0, 0}};
    CHECK(judge(suite).why == std::vector<string>{"streamer: waiting"});
    suite.clients[2].answers = false;
    CHECK(judge(suite).level == Health::Level::down);
    CHECK(judge(suite).why == std::vector<string>{"the session on server test does not answer"});
    CHECK(judge({}).level == Health::Level::down);
}

TEST_CASE("lamps say in words what their colour says") {
    SuiteSnapshot suite = healthy_suite();
    suite.mixer->readers = {{"recorder", "recording", 1e6, 0, 0, 0}, {"streamer", "waiting", 0, 0, 0, 0}};
    const auto lamps = lamps_of(suite, {true, 1e8, 1e12});
    const auto lamp = [&lamps](const string& name) {
        const auto found =
            std::find_if(lamps.begin(), lamps.end(), [&name](const Lamp& each) { return each.name == name; });
        REQUIRE(found != lamps.end());
        return *found;
    };
    CHECK(lamp("recorder").colour == Lamp::Colour::good);
    CHECK(lamp("stream").colour == Lamp::Colour::warning);
    CHECK(lamp("disk").colour == Lamp::Colour::bad);
    CHECK(lamp("disk").text == "0.1 GB free");
    CHECK(lamp("detector").colour == Lamp::Colour::good);
    CHECK(lamp("deck-A").text == "well");
}

TEST_CASE("the stream's lamp says how many listen") {
    SuiteSnapshot suite = healthy_suite();
    suite.mixer->readers = {{"streamer", "streaming", 1e6, 0, 0, 0}};
    suite.mixer->state.emplace_back("listeners", "3");
    const auto lamps = lamps_of(suite, {true, 1e11, 1e12});
    const auto stream =
        std::find_if(lamps.begin(), lamps.end(), [](const Lamp& each) { return each.name == "stream"; });
    REQUIRE(stream != lamps.end());
    CHECK(stream->text == "streaming, listeners 3");
    CHECK(stream->colour == Lamp::Colour::good);
}

TEST_CASE("the chronicle tells what was played once, and each trouble once") {
    Chronicle chronicle;
    SuiteSnapshot suite = healthy_suite();
    chronicle.look(suite, 1000.0);
    chronicle.look(suite, 1001.0);
    REQUIRE(chronicle.played().size() == 1);
    CHECK(chronicle.played().front().path == "/music/one.wav");
    CHECK(chronicle.warnings().empty());
    suite.clients[0].answers = false;
    suite.clients[2].pid = 101;
    chronicle.look(suite, 1002.0);
    chronicle.look(suite, 1003.0);
    std::set<string> texts;
    for (const Warning& warning : chronicle.warnings()) {
        texts.insert(warning.text);
    }
    CHECK(texts == std::set<string>{"deck-A does not answer", "session was started again"});
    CHECK(chronicle.warnings().size() == 2);
    suite = healthy_suite();
    suite.clients[2].pid = 101;
    suite.decks["deck-A"].health = {{"starved_frames", "256"}};
    suite.decks["deck-A"].path = "/music/two.wav";
    chronicle.look(suite, 2000.0);
    CHECK(chronicle.warnings().front().text.starts_with("deck-A had 256 frames not in time"));
    CHECK(chronicle.played().front().path == "/music/two.wav");
    CHECK(chronicle.tempo().size() == 1);  // older ones are more than 15 minutes ago
}

TEST_CASE("metrics have a type, a help and a unit, and labels can hold anything") {
    SuiteSnapshot suite = healthy_suite();
    suite.clients[0].name = "deck-\"A\"\\\n";
    suite.mixer->lufs = -14.5;
    const string text = metrics_text(suite, {true, 5e9, 1e12}, {}, 3);
    const auto values = samples(text);
    CHECK(values.at("crowdjack_up") == 1.0);
    CHECK(values.at("crowdjack_tempo_beats_per_minute") == 120.0);
    CHECK(values.at("crowdjack_master_loudness_lufs") == -14.5);
    CHECK(values.at("crowdjack_disk_free_bytes") == 5e9);
    CHECK(values.at("crowdjack_web_wrong_tokens_total") == 3.0);
    CHECK(values.at("crowdjack_deck_playing{deck=\"deck-A\"}") == 1.0);
    CHECK(values.at("crowdjack_client_up{client=\"deck-\\\"A\\\"\\\\\\n\",kind=\"deck\"}") == 1.0);
    std::istringstream lines{text};
    std::set<string> typed;
    for (string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            const string name = line.substr(7, line.rfind(' ') - 7);
            CHECK(typed.insert(name).second);  // one family stands in one place
            CHECK((line.ends_with("counter") == name.ends_with("_total")));
        } else if (!line.starts_with('#')) {
            CHECK(typed.contains(line.substr(0, line.find_first_of(" {"))));
        }
    }
}

TEST_CASE("every address that is understood stands in the tree, as a sender writes it") {
    const OscTree tree{{{"A", "B"}, {"A", "B", "mic"}}};
    for (const protocol::Description& description : protocol::descriptions()) {
        CAPTURE(description.form);
        if (description.way.pending) {
            continue;
        }
        string path{description.form};
        for (const auto& [selector, text] :
             {std::pair{"{deck}", "A"}, {"{strip}", "mic"}, {"{band}", "low"}, {"{number}", "8"}, {"{slot}", "15"}}) {
            if (const auto at = path.find(selector); at != string::npos) {
                path.replace(at, string{selector}.size(), text);
            }
        }
        const OscNode* const node = tree.node(path);
        REQUIRE(node != nullptr);
        CHECK(node->description == &description);
        const Json document = tree.document(path, {});
        CHECK(document["DESCRIPTION"] == string{description.sentence});
        CHECK(document["FULL_PATH"] == path);
    }
}

TEST_CASE("a fader of the tree has its type, range, unit, access and value") {
    const OscTree tree{{{"A"}, {"A", "mic"}}};
    const Json all = tree.document("/", {{"/mixer/mic/gain", Json::array({0.5})}});
    const Json& fader = all["CONTENTS"]["mixer"]["CONTENTS"]["mic"]["CONTENTS"]["gain"];
    CHECK(fader["TYPE"] == "f");
    CHECK(fader["ACCESS"] == 3);
    CHECK(fader["VALUE"] == Json::array({0.5}));
    CHECK(fader["RANGE"] == Json::array({{{"MIN", 0.0}, {"MAX", 4.0}}}));
    CHECK(fader["FULL_PATH"] == "/mixer/mic/gain");
    const Json& band = all["CONTENTS"]["mixer"]["CONTENTS"]["A"]["CONTENTS"]["eq"]["CONTENTS"]["low"];
    CHECK(band["RANGE"][0]["MAX"] == 100.0);
    const Json& start = all["CONTENTS"]["deck"]["CONTENTS"]["A"]["CONTENTS"]["start"];
    CHECK(start["TYPE"] == "T");
    CHECK(start["ACCESS"] == 2);
    const Json& method = all["CONTENTS"]["deck"]["CONTENTS"]["A"]["CONTENTS"]["stretch"];
    CHECK(method["RANGE"][0]["VALS"].size() == 4);
    CHECK(all["ACCESS"] == 0);
    CHECK_FALSE(tree.has("/mixer/X/gain"));
    CHECK(tree.has("/mixer/A"));
    const auto value = tree.attribute("/mixer/mic/gain", "VALUE", {{"/mixer/mic/gain", Json::array({0.25})}});
    REQUIRE(value);
    CHECK(*value == Json{{"VALUE", {0.25}}});
    CHECK_FALSE(tree.attribute("/mixer/A/gain", "VALUE", {}));
}

TEST_CASE("the page asks nobody else for anything, and puts words on itself as text only") {
    REQUIRE(page_files().size() >= 4);
    CHECK(page_files().front().path == "/");
    for (const PageFile& file : page_files()) {
        CAPTURE(file.path);
        const string content{file.content};
        CHECK(content.size() > 40);
        for (const char* never : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://",
                                  "javascript:", " style=\"", "onclick=\""}) {
            CAPTURE(never);
            CHECK(content.find(never) == string::npos);
        }
    }
}
