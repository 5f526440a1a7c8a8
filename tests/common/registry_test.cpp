// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/music_folders.hpp"
#include "common/nearest_name.hpp"
#include "common/options.hpp"
#include "common/peers.hpp"
#include "common/registry.hpp"
#include "common/run_main.hpp"
#include "common/text_file.hpp"
#include "tests/common/private_registry.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <thread>

using namespace crowdjack;
using test::PrivateRegistry;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

/// What `body` writes to stderr.
template <typename Body>
std::string stderr_of(Body body) {
    const TemporaryFolder folder;
    const auto path = folder / "stderr";
    const int kept = dup(STDERR_FILENO);
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    body();
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(file);
    std::ifstream text{path};
    return {std::istreambuf_iterator<char>{text}, {}};
}

template <typename Exception, typename Body>
std::string complaint_of(Body body) {
    try {
        body();
    } catch (const Exception& complaint) {
        return complaint.what();
    }
    FAIL("nobody complained");
    return {};
}

}  // namespace

TEST_CASE("a published client is found, in the file a stranger would read, by the lock of its owner") {
    const PrivateRegistry registry;
    {
        RegistryEntry entry{"test", "deck-A"};
        CHECK_FALSE(find_peer("test", "deck-A"));  // not before it says so
        entry.publish(deck_a());
        const auto found = find_peer("test", "deck-A");
        REQUIRE(found);
        CHECK(found->url == deck_a().url);
        CHECK(found->jack == "deck-A.nABCD");
        CHECK(found->pid == getpid());
        const auto outside = test::registry_entry("test", "deck-A");
        REQUIRE(outside);
        CHECK(outside->at("kind") == "deck");
        CHECK(outside->at("name") == "deck-A");
        CHECK(outside->at("pid") == std::to_string(getpid()));
        CHECK((fs::status(registry.path() / "crowdjack").permissions() & fs::perms::mask) == fs::perms::owner_all);
        entry.withdraw();
        CHECK(list_peers("test").empty());
    }
    CHECK(list_peers("test").empty());
}

TEST_CASE("a name is held once, and the second owner is told by whom") {
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    entry.publish(deck_a());
    const auto said = complaint_of<Failure>([] { const RegistryEntry second{"test", "deck-A"}; });
    CHECK(said.find(std::to_string(getpid())) != std::string::npos);
    const RegistryEntry other_server{"other", "deck-A"};
    CHECK(list_peers("test").size() == 1);
}

TEST_CASE("an owner killed with -9 leaves a free name and no ghost") {
    const PrivateRegistry registry;
    std::array<int, 2> ready{};
    REQUIRE(pipe(ready.data()) == 0);
    const pid_t owner = fork();
    if (owner == 0) {
        RegistryEntry entry{"test", "deck-A"};
        entry.publish(deck_a());
        (void)!write(ready[1], "x", 1);
        pause();
    }
    char byte{};
    REQUIRE(read(ready[0], &byte, 1) == 1);
    CHECK(find_peer("test", "deck-A"));
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    CHECK_FALSE(find_peer("test", "deck-A"));
    CHECK_NOTHROW(RegistryEntry("test", "deck-A"));
    close(ready[0]);
    close(ready[1]);
}

TEST_CASE("a list that is looked at again and again misses nothing, however quickly things change") {
    const PrivateRegistry registry;
    PeerList list{"test"};
    CHECK(list.look().empty());
    for (int round = 0; round < 20; ++round) {
        CAPTURE(round);
        {
            RegistryEntry owner{"test", "deck-A"};
            CHECK(list.look().empty());  // held, but not published yet
            owner.publish(deck_a());
            REQUIRE(list.look().size() == 1);
            auto moved = deck_a();
            moved.url = "osc.udp://127.0.0.1:5000/";  // as long as before, in the same tick of the clock
            owner.publish(moved);
            CHECK(list.look().at(0).url == moved.url);
            const RegistryEntry other{"test", "deck-B"};
            CHECK(list.look().size() == 1);
            owner.withdraw();
            CHECK(list.look().empty());
            owner.publish(deck_a());
            CHECK(list.look().size() == 1);
        }
        CHECK(list.look().empty());  // its words are still there, its owner is not
    }
    fs::remove_all(registry.path() / "crowdjack");
    RegistryEntry anew{"test", "deck-A"};
    anew.publish(deck_a());
    CHECK(list.look().size() == 1);
}

TEST_CASE("a registry that rests is not read again, and still heard when it stirs") {
    const PrivateRegistry registry;
    RegistryEntry owner{"test", "deck-A"};
    owner.publish(deck_a());
    const auto file = registry.path() / "crowdjack" / "test" / "deck-A";
    const std::array<timespec, 2> long_ago{{{1'000'000'000, 0}, {1'000'000'000, 0}}};
    REQUIRE(utimensat(AT_FDCWD, file.c_str(), long_ago.data(), 0) == 0);
    REQUIRE(utimensat(AT_FDCWD, file.parent_path().c_str(), long_ago.data(), 0) == 0);
    PeerList list{"test"};
    REQUIRE(list.look().size() == 1);
    {
        // Behind the list's back: the same size, the same time.
        std::ofstream{file, std::ios::in | std::ios::out} << "URL";
        REQUIRE(utimensat(AT_FDCWD, file.c_str(), long_ago.data(), 0) == 0);
    }
    CHECK(list.look().size() == 1);
    owner.publish(deck_a());
    RegistryEntry other{"test", "deck-B"};
    other.publish({"deck-B", "osc.udp://127.0.0.1:5000/", "deck", "deck-B", "deck-B", 0});
    CHECK(list.look().size() == 2);
}

TEST_CASE("who walks the list of peers keeps it, though somebody it calls looks again meanwhile") {
    const PrivateRegistry registry;
    ControlLoop loop;
    OscServer osc{loop, "127.0.0.1", {0}};
    Peers book{loop, osc, "127.0.0.1", "test", {"deck-C=osc.udp://127.0.0.1:9/"}};
    auto owner = std::make_unique<RegistryEntry>("test", "deck-A");
    owner->publish(deck_a());
    const auto& walked = book.look_now();
    REQUIRE(walked.size() == 2);
    owner.reset();
    CHECK(book.look_now().size() == 1);
    CHECK(walked.size() == 2);
    CHECK(walked.front().name == "deck-A");
}

TEST_CASE("looking at a name never keeps its owner from taking it") {
    const PrivateRegistry registry;
    { const RegistryEntry make_the_file{"test", "deck-A"}; }
    const std::jthread looker{[](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
            (void)find_peer("test", "deck-A");
        }
    }};
    for (int i = 0; i < 30; ++i) {
        REQUIRE_NOTHROW(RegistryEntry("test", "deck-A"));
    }
}

TEST_CASE("the pulse of a client is seen from outside as it beats") {
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    const auto reader = PulseReader::open("test", "deck-A");
    REQUIRE(reader);
    const auto before = reader->count();
    entry.pulse().cycles.fetch_add(3);
    entry.pulse().beat_ns.store(1'500'000);
    CHECK(reader->count() == before + 3);
    CHECK(reader->beat().time_since_epoch() == std::chrono::microseconds{1500});
    CHECK_FALSE(PulseReader::open("test", "deck-B"));
}

TEST_CASE("a state is read back as it was saved, and survives its owner") {
    const PrivateRegistry registry;
    const std::string text = "path=/music/a b.wav\nposition=1.5\n";
    {
        RegistryEntry entry{"test", "deck-A"};
        CHECK_FALSE(entry.load_state());
        entry.save_state(text);
    }
    CHECK(RegistryEntry("test", "deck-A").load_state() == text);
}

TEST_CASE("an atomic write is the old or the new, and says where it could not be") {
    const TemporaryFolder folder;
    write_atomically(folder / "file", "one");
    write_atomically(folder / "file", "two");
    CHECK(test::text_of(folder / "file") == "two");
    CHECK(std::distance(fs::directory_iterator{folder.path()}, {}) == 1);
    const auto missing = folder.path() / "no" / "such" / "place";
    CHECK(complaint_of<Failure>([&] { write_atomically(missing, "x"); }).find(missing.string()) != std::string::npos);
}

TEST_CASE("in the place of a saved state a FIFO, a folder or nothing is not waited for: there is no state") {
    const TemporaryFolder folder;
    REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
    write_atomically(folder / "state", "saved");
    for (const char* other : {"fifo", ".", "missing"}) {
        CHECK_FALSE(read_text_file(folder / other));
    }
    CHECK(read_text_file(folder / "state") == "saved");
}

TEST_CASE("names that would lead out of the registry are refused") {
    const PrivateRegistry registry;
    CHECK_THROWS_AS(RegistryEntry("../up", "deck-A"), UsageError);
    CHECK_THROWS_AS(RegistryEntry("test", "../../deck-A"), UsageError);
    CHECK_THROWS_AS(RegistryEntry("test", ""), UsageError);
    CHECK_FALSE(find_peer("test", "../test/deck-A"));
}

TEST_CASE("a log line is time, level, program, event and key=value, quoted where a value has spaces") {
    set_up_log("crowdjack-test", LogLevel::info);
    const auto line = stderr_of([] {
        log_event(LogLevel::info, "cued",
                  {{"path", "a b\"c.wav"}, {"frames", 12}, {"seconds", 0.25}, {"cold", true}, {"none", ""}});
        log_event(LogLevel::debug, "unheard");
    });
    const std::regex form{
        R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} info crowdjack-test: cued path="a b\\"c\.wav" frames=12 seconds=0\.25 cold=true none=""\n)"};
    CHECK_MESSAGE(std::regex_match(line, form), line);
}

TEST_CASE("an event stays one line, whatever a value holds") {
    const auto line = stderr_of([] { log_event(LogLevel::error, "bad", {{"why", "first\nsecond\r\n"}}); });
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(line.back() == '\n');
    CHECK_THROWS_AS((void)parse_log_level("loud"), UsageError);
    CHECK(parse_log_level("debug") == LogLevel::debug);
}

TEST_CASE("options come from the command line and a config file, and the command line wins") {
    const TemporaryFolder folder;
    const auto config = (folder / "deck.ini").string();
    std::ofstream{config} << "server = studio\nosc-port = 9000\nbpm = 128\n";
    CommandLine line{"crowdjack-test", "tests"};
    line.own.add_options()("bpm", boost::program_options::value<double>(), "the tempo");
    const std::array arguments{"crowdjack-test", "--config", config.c_str(), "--osc-port", "9001"};
    const auto options = line.parse(static_cast<int>(arguments.size()), arguments.data());
    REQUIRE(options);
    CHECK(options->server == "studio");
    CHECK(options->osc_port == 9001);
    CHECK(line.values()["bpm"].as<double>() == 128.0);
}

TEST_CASE("a wrong option is an error that names the nearest right one") {
    CommandLine line{"crowdjack-test", "tests"};
    line.own.add_options()("stretch", boost::program_options::value<std::string>(), "method");
    const std::array misspelt{"crowdjack-test", "--strech", "rate"};
    CHECK(complaint_of<UsageError>([&] { (void)line.parse(3, misspelt.data()); }).find("--stretch") !=
          std::string::npos);
    CommandLine other{"crowdjack-test", "tests"};
    const std::array port{"crowdjack-test", "--osc-port", "99999"};
    CHECK_THROWS_AS((void)other.parse(3, port.data()), UsageError);
}

TEST_CASE("the server is the one named, else $JACK_DEFAULT_SERVER, else default") {
    const auto server = [](std::initializer_list<const char*> arguments) {
        CommandLine line{"crowdjack-test", "tests"};
        return line.parse(static_cast<int>(arguments.size()), std::data(arguments))->server;
    };
    unsetenv("JACK_DEFAULT_SERVER");
    CHECK(server({"crowdjack-test"}) == "default");
    setenv("JACK_DEFAULT_SERVER", "hall", 1);
    CHECK(server({"crowdjack-test"}) == "hall");
    CHECK(server({"crowdjack-test", "--server", "studio"}) == "studio");
    unsetenv("JACK_DEFAULT_SERVER");
}

TEST_CASE("what main throws becomes one line and an exit code: 2 for usage, 1 for the rest") {
    int code = 0;
    auto said =
        stderr_of([&] { code = run_main("crowdjack-test", []() -> int { throw UsageError{"no such knob"}; }); });
    CHECK(code == 2);
    CHECK(said == "crowdjack-test: no such knob\n");
    said = stderr_of([&] { code = run_main("crowdjack-test", []() -> int { throw Failure{"no server"}; }); });
    CHECK(code == 1);
    CHECK(said == "crowdjack-test: no server\n");
    CHECK(run_main("crowdjack-test", [] { return 0; }) == 0);
}

TEST_CASE("a command's path reaches the music folders' regular files and nothing else") {
    const TemporaryFolder folder;
    fs::create_directories(folder / "music" / "deep");
    std::ofstream{folder / "music" / "a.wav"} << "x";
    std::ofstream{folder / "secret"} << "x";
    fs::create_symlink(folder / "secret", folder / "music" / "link.wav");
    fs::create_symlink(folder.path(), folder / "music" / "up");
    REQUIRE(mkfifo((folder / "music" / "pipe").c_str(), 0600) == 0);
    const MusicFolders folders{{folder / "music"}};
    const auto kind = [&](const std::string& wanted) {
        try {
            (void)folders.existing(wanted);
        } catch (const PathError& error) {
            return error.kind == PathError::Kind::refused ? "refused" : "not found";
        }
        return "found";
    };
    const std::string music = (folder / "music").string();
    CHECK(folders.existing("a.wav") == fs::canonical(music + "/a.wav"));
    CHECK(kind(music + "/deep/../a.wav") == std::string{"found"});
    CHECK(kind(music + "/none.wav") == std::string{"not found"});
    for (const auto& hostile : {"../secret", "link.wav", "up/secret", "up/music/../secret", "pipe", "deep", "",
                                "/etc/passwd", "/proc/self/mem", "/dev/zero", "/no/such/file"}) {
        CHECK_MESSAGE(kind(hostile) != std::string{"found"}, hostile);
    }
    CHECK(kind(std::string{"a.wav\0.txt", 10}) == std::string{"refused"});
    // A folder that only begins like a root is none.
    fs::create_directories(folder / "music-not");
    std::ofstream{folder / "music-not" / "b.wav"} << "x";
    CHECK(kind((folder / "music-not" / "b.wav").string()) == std::string{"refused"});
}

TEST_CASE("a folder that is swapped for a link between look and open wins nothing") {
    const TemporaryFolder folder;
    const fs::path base = fs::canonical(folder.path());
    fs::create_directories(base / "music" / "deep");
    fs::create_directories(base / "secret");
    std::ofstream{base / "music" / "deep" / "a.wav"} << "x";
    std::ofstream{base / "secret" / "a.wav"} << "y";
    const MusicFolders folders{{base / "music"}};
    const fs::path looked = folders.existing("deep/a.wav");
    const fs::path fresh = folders.fresh((base / "music" / "deep" / "new.wav").string());
    CHECK(MusicFolders::open(looked, O_RDONLY));
    CHECK(MusicFolders::open(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600));
    fs::remove(fresh);
    fs::rename(base / "music" / "deep", base / "music" / "was");
    fs::create_directory_symlink(base / "secret", base / "music" / "deep");
    REQUIRE(fs::exists(looked));
    CHECK_FALSE(MusicFolders::open(looked, O_RDONLY));
    CHECK_FALSE(MusicFolders::open(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600));
    CHECK_FALSE(fs::exists(base / "secret" / "new.wav"));
    CHECK_FALSE(MusicFolders::open(base / "music" / "was" / ".." / "was" / "a.wav", O_RDONLY));
}

TEST_CASE("a new file goes into a music folder, never over an old one") {
    const TemporaryFolder folder;
    std::ofstream{folder / "old.wav"} << "x";
    fs::create_symlink("/tmp/elsewhere", folder / "dangling.wav");
    const MusicFolders folders{{folder.path()}};
    CHECK(folders.fresh((folder / "new.wav").string()) == fs::canonical(folder.path()) / "new.wav");
    for (const std::string refused : {"old.wav", "dangling.wav", "../outside.wav", ".", ".."}) {
        CHECK_THROWS_AS((void)folders.fresh((folder / refused).string()), PathError);
    }
    // No file system takes such a name: that it exists would be a lie.
    CHECK_THROWS_WITH_AS((void)folders.fresh((folder / (std::string(300, 'x') + ".wav")).string()),
                         doctest::Contains("too long"), PathError);
}

TEST_CASE("a slip of the finger finds the name that was meant, nonsense finds none") {
    const std::vector<std::string> names{"deck-A", "mixer-bus", "bpm-follower"};
    CHECK(nearest_name("mixerbus", names) == "mixer-bus");
    CHECK(nearest_name("deck_A", names) == "deck-A");
    CHECK(nearest_name("orchestra", names).empty());
    CHECK(nearest_name("x", {}).empty());
}
