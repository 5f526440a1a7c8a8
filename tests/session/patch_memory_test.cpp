// SPDX-License-Identifier: GPL-3.0-or-later
// What is remembered of a patch, and of the cards in it.
#include "session/patch/patch_memory.hpp"
#include "session/patch/patch_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace crowdjack;
using namespace std::chrono_literals;

namespace {

const Link to_left{"mixer-bus:master_l", "system:playback_1"};

/// A mixer of the suite, and a card of jackd's.
GraphView mixer_and_card() {
    GraphView graph;
    graph.ports.push_back({"mixer-bus:master_l", true, false, false, {}});
    graph.ports.push_back({"mixer-bus:master_r", true, false, false, {}});
    graph.ports.push_back({"system:playback_1", false, false, true, {}});
    graph.suite_clients = {"mixer-bus"};
    name_ports(graph, {});
    return graph;
}

std::vector<std::string> texts(const PatchMemory& memory) {
    std::vector<std::string> result;
    for (const Connection& connection : memory.wanted()) {
        result.push_back(connection.text());
    }
    return result;
}

constexpr PatchMemory::Time start{};
const std::vector<std::string> left_only{"mixer-bus:master_l -> system:playback_1"};

void add_card(GraphView& graph, const std::string& name) {
    graph.ports.push_back({name + ":playback_FL", false, false, true, {}});
}

}  // namespace

TEST_CASE("what is patched is wanted at once; a client that dies and comes back changes nothing") {
    PatchMemory memory;
    GraphView graph = mixer_and_card();
    CHECK_FALSE(memory.look(graph, start));
    graph.links.insert(to_left);
    CHECK(memory.look(graph, start + 1s));
    CHECK(texts(memory) == left_only);
    // Killed: its entry is free at once, then the links go, then the ports.
    graph.suite_clients.clear();
    graph.links.clear();
    CHECK_FALSE(memory.look(graph, start + 2s));
    CHECK_FALSE(memory.look(graph, start + 9s));
    graph.ports.erase(graph.ports.begin(), graph.ports.begin() + 2);
    CHECK_FALSE(memory.look(graph, start + 10s));
    CHECK(texts(memory) == left_only);
    // Back, and not patched yet for a while.
    graph = mixer_and_card();
    CHECK_FALSE(memory.look(graph, start + 11s));
    CHECK_FALSE(memory.look(graph, start + 15s));
    CHECK(texts(memory) == left_only);
}

TEST_CASE("what stays unpatched between ports that are there is not wanted any more; a blink is nothing") {
    PatchMemory memory;
    GraphView graph = mixer_and_card();
    graph.links.insert(to_left);
    CHECK(memory.look(graph, start));
    graph.links.clear();
    CHECK_FALSE(memory.look(graph, start + 1s));
    CHECK(memory.undecided());
    graph.links.insert(to_left);
    CHECK_FALSE(memory.look(graph, start + 1100ms));
    CHECK_FALSE(memory.undecided());
    graph.links.clear();
    CHECK_FALSE(memory.look(graph, start + 2s));
    CHECK(memory.look(graph, start + 2s + PatchMemory::decision));
    CHECK(texts(memory).empty());
}

TEST_CASE("a server that was away unpatched nothing: what is wanted is made again, and stays wanted") {
    PatchMemory memory;
    WantedGraph wanted{{}, Keep::once};
    GraphView graph = mixer_and_card();
    graph.links.insert(to_left);
    REQUIRE(memory.look(graph, start));
    wanted.relist(memory.wanted(), graph);
    memory.forget_seen();
    wanted.forget_made();
    // The first that is seen of the new server: all clients are back already, and nothing is patched.
    CHECK_FALSE(memory.look(mixer_and_card(), start + 1s));
    CHECK_FALSE(memory.look(mixer_and_card(), start + 5s));
    CHECK(texts(memory) == left_only);
    CHECK(wanted.plan(mixer_and_card()).connect == std::vector<Link>{to_left});
}

TEST_CASE("what is left of a client that died is not taken for something new") {
    PatchMemory memory;
    GraphView graph = mixer_and_card();
    graph.ports.push_back({"deck.nABCD:out_l", true, false, false, {}});
    graph.ports.push_back({"mixer-bus:A_l", false, false, false, {}});
    graph.suite_clients.insert("deck.nABCD");
    name_ports(graph, {{"deck.nABCD", "deck-A"}});
    graph.links.insert({"deck.nABCD:out_l", "mixer-bus:A_l"});
    CHECK(memory.look(graph, start));
    const std::vector<std::string> patched{"deck-A:out_l -> mixer-bus:A_l"};
    CHECK(texts(memory) == patched);
    // Its entry is free, and with it its plain name; the server shows its ports for a while.
    graph.suite_clients.erase("deck.nABCD");
    graph.ports[3].aliases.clear();
    CHECK_FALSE(memory.look(graph, start + 1s));
    CHECK(texts(memory) == patched);
}

TEST_CASE("what the user unpatches as soon as it is patched is not patched again meanwhile") {
    PatchMemory memory;
    WantedGraph wanted{{}, Keep::once};
    GraphView graph = mixer_and_card();
    graph.links.insert(to_left);
    CHECK(wanted.plan(graph).connect.empty());
    REQUIRE(memory.look(graph, start));
    wanted.relist(memory.wanted(), graph);
    graph.links.clear();
    CHECK(wanted.plan(graph).connect.empty());
    // A mixer that comes back has it again.
    graph.ports.erase(graph.ports.begin());
    CHECK(wanted.plan(graph).connect.empty());
    CHECK(wanted.plan(mixer_and_card()).connect == std::vector<Link>{to_left});
}

TEST_CASE("the patch of the project that was open is not the next one's") {
    PatchMemory memory;
    GraphView graph = mixer_and_card();
    graph.links.insert(to_left);
    CHECK(memory.look(graph, start));
    memory.restore({});
    CHECK_FALSE(memory.look(graph, start + 1s));
    CHECK(texts(memory).empty());
    // Unpatched and patched again, it is this one's.
    graph.links.clear();
    CHECK_FALSE(memory.look(graph, start + 2s));
    graph.links.insert(to_left);
    CHECK(memory.look(graph, start + 3s));
    CHECK(texts(memory) == left_only);
}

TEST_CASE("a card is saved under its own name, and with it away another one is not patched in its place") {
    GraphView graph = mixer_and_card();
    std::erase_if(graph.ports, [](const PortView& port) { return port.physical; });
    add_card(graph, "USB Audio");
    add_card(graph, "Built-in Audio");
    name_ports(graph, {});
    graph.links.insert({"mixer-bus:master_l", "USB Audio:playback_FL"});
    std::string why;
    const auto by_place = parse_connection("mixer-bus:master_l -> system:playback_1", why);
    REQUIRE(by_place);
    const auto saved = present_patch({*by_place}, graph);
    REQUIRE(saved == std::vector<std::string>{"mixer-bus:master_l -> system:playback_1 @ USB Audio:playback_FL"});
    const auto connection = parse_connection(saved.front(), why);
    REQUIRE(connection);
    CHECK(connection->text() == saved.front());

    // The USB card is pulled: what is now the first card is another one.
    GraphView without = mixer_and_card();
    std::erase_if(without.ports, [](const PortView& port) { return port.physical; });
    add_card(without, "Built-in Audio");
    name_ports(without, {});
    WantedGraph wanted{{*connection}, Keep::wanted};
    PatchPlan plan = wanted.plan(without);
    CHECK(plan.connect.empty());
    CHECK(plan.missing.size() == 1);
    CHECK(present_patch({*connection}, without) == saved);
    // It is back, in another place.
    add_card(without, "USB Audio");
    name_ports(without, {});
    plan = wanted.plan(without);
    REQUIRE(plan.connect.size() == 1);
    CHECK(plan.connect.front().sink == "USB Audio:playback_FL");
}
