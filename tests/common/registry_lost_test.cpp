// SPDX-License-Identifier: GPL-3.0-or-later
// The registry's folder goes while programs run: by a logout, by a cleaner of /tmp, on a full disk.
#include "common/error.hpp"
#include "common/registry.hpp"
#include "common/runtime_folder.hpp"
#include "tests/common/private_registry.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

using namespace crowdjack;
using test::PrivateRegistry;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {}  // namespace

TEST_CASE("a registry that is removed is put back by each of its owners, lock, words, pulse and state") {
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    entry.publish(deck_a());
    entry.save_state("path=/music/a.wav\n");
    entry.pulse().cycles.fetch_add(1000);
    Pulse* const before = &entry.pulse();
    const auto old_reader = PulseReader::open("test", "deck-A");
    REQUIRE(old_reader);
    const auto count = old_reader->count();
    fs::remove_all(registry.path() / "crowdjack");
    CHECK(list_peers("test").empty());
    CHECK_FALSE(old_reader->is_current());
    entry.look();
    REQUIRE(find_peer("test", "deck-A"));
    CHECK(find_peer("test", "deck-A")->url == deck_a().url);
    CHECK_THROWS_AS(RegistryEntry("test", "deck-A"), Failure);  // the name is held again
    CHECK(text_of(entry.folder() / "deck-A.state") == "path=/music/a.wav\n");
    // The audio thread writes where it always wrote, and others read it.
    CHECK(&entry.pulse() == before);
    const auto reader = PulseReader::open("test", "deck-A");
    REQUIRE(reader);
    CHECK(reader->is_current());
    CHECK(reader->count() >= count);
    before->cycles.fetch_add(5);
    CHECK(reader->count() >= count + 5);
}

TEST_CASE("single files that a cleaner took are put back, too") {
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    entry.publish(deck_a());
    entry.save_state("x=1\n");
    for (const char* file : {"deck-A", "deck-A.pulse", "deck-A.state"}) {
        CAPTURE(file);
        fs::remove(entry.folder() / file);
        entry.look();
        CHECK(fs::exists(entry.folder() / file));
        CHECK(find_peer("test", "deck-A"));
        CHECK(PulseReader::open("test", "deck-A")->is_current());
    }
    entry.withdraw();
    fs::remove_all(registry.path() / "crowdjack");
    entry.look();
    CHECK(list_peers("test").empty());  // withdrawn is withdrawn
}

TEST_CASE("when $XDG_RUNTIME_DIR itself goes, all meet in /tmp, and in it again when it is back") {
    const PrivateRegistry registry;
    const fs::path runtime = registry.path() / "user";
    fs::create_directory(runtime);
    setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
    const std::string server = "crowdjack-test-" + std::to_string(getpid());
    PeerList list{server};
    RegistryEntry entry{server, "deck-A"};
    entry.publish(deck_a());
    CHECK(list.look().size() == 1);
    fs::remove_all(runtime);
    entry.look();
    CHECK(entry.folder().string().find(runtime.string()) == std::string::npos);
    CHECK(list.look().size() == 1);
    CHECK(find_peer(server, "deck-A"));
    const fs::path meanwhile = entry.folder();
    fs::create_directory(runtime);
    entry.look();
    CHECK(entry.folder() == runtime / "crowdjack" / server);
    CHECK(list.look().size() == 1);
    fs::remove_all(meanwhile);
}

TEST_CASE("a runtime folder that is somebody else's is refused with a reason, and another used") {
    if (getuid() != 0) {
        MESSAGE("only root can give a folder away: skipped");
        return;
    }
    const PrivateRegistry registry;
    fs::create_directory(registry.path() / "crowdjack");
    REQUIRE(chown((registry.path() / "crowdjack").c_str(), 65534, 65534) == 0);
    const RuntimeFolder chosen = runtime_folder();
    CHECK(chosen.path != registry.path() / "crowdjack");
    CHECK(chosen.refused.find("it belongs to user 65534") != std::string::npos);
    CHECK(registry_folder("crowdjack-test").parent_path() == chosen.path);
    fs::remove_all(chosen.path / "crowdjack-test");
    // What others may write to is closed; a link is no folder.
    fs::remove_all(registry.path() / "crowdjack");
    fs::create_directory(registry.path() / "crowdjack");
    REQUIRE(chmod((registry.path() / "crowdjack").c_str(), 0777) == 0);
    (void)registry_folder("test");
    CHECK((fs::status(registry.path() / "crowdjack").permissions() & fs::perms::mask) == fs::perms::owner_all);
    fs::remove_all(registry.path() / "crowdjack");
    fs::create_symlink(registry.path(), registry.path() / "crowdjack");
    CHECK(runtime_folder().refused.find("it is no folder") != std::string::npos);
}

TEST_CASE("an entry that another user planted is nobody's") {
    if (getuid() != 0) {
        MESSAGE("only root can give a file away: skipped");
        return;
    }
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    entry.publish(deck_a());
    REQUIRE(list_peers("test").size() == 1);
    REQUIRE(chown((entry.folder() / "deck-A").c_str(), 65534, 65534) == 0);
    CHECK(list_peers("test").empty());
}

TEST_CASE("a state that can't be written is written when it can") {
    const PrivateRegistry registry;
    RegistryEntry entry{"test", "deck-A"};
    fs::create_directories(entry.folder() / "deck-A.state" / "in-the-way");
    CHECK_NOTHROW(entry.save_state("x=1\n"));
    fs::remove_all(entry.folder() / "deck-A.state");
    entry.look();
    CHECK(entry.load_state() == "x=1\n");
}
