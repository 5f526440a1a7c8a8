// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/deck_options.hpp"

#include "common/deck_names.hpp"
#include "common/error.hpp"
#include "common/options.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace crowdjack {

namespace po = boost::program_options;

namespace {

void describe(CommandLine& line) {
    // clang-format off
    line.own.add_options()
        ("name", po::value<std::string>(), "letter or word of this deck: A makes it deck-A; default: the first free letter")
        ("stretch", po::value<std::string>()->default_value("rate"),
         "tempo method: rate, rubberband, rubberband:fast or wsola")
        ("bpm", po::value<double>()->default_value(120.0, "120"), "the track's own tempo")
        ("music-dir", po::value<std::vector<std::string>>()->composing(),
         "where tracks may be opened (again for more); else home and the working folder")
        ("decoded-memory", po::value<std::uint32_t>()->default_value(512),
         "MB that decoded tracks may take; what does not fit is decoded again when it is needed")
        ("play", po::bool_switch(), "start FILE as soon as it is in memory")
        ("autoplay", po::bool_switch(), "what plays when it is saved plays by itself when it is opened again")
        ("list-stretch", po::bool_switch(), "show the tempo methods built in, what they cost here, and end");
    line.hidden.add_options()("file", po::value<std::string>(), "");
    // clang-format on
    line.positional.add("file", 1);
    line.usage_tail = "[FILE]";
}

std::vector<std::string> deck_names(const CommandLine& line) {
    if (line.given("name")) {
        const auto name = line.values()["name"].as<std::string>();
        const bool fine = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        });
        if (!fine) {
            throw UsageError{"bad name '" + name + "': use letters, digits, - and _, e.g. --name A"};
        }
        return {deck_client(name)};
    }
    std::vector<std::string> names;
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        names.push_back(deck_client(letter));
    }
    return names;
}

}  // namespace

std::optional<DeckOptions> read_deck_options(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-deck", "plays a track, and its stems, in time with the tempo line"};
    describe(line);
    auto common = line.parse(argc, argv);
    if (!common) {
        return std::nullopt;
    }
    DeckOptions options;
    options.common = std::move(*common);
    options.names = deck_names(line);
    options.file = line.given("file") ? line.values()["file"].as<std::string>() : std::string{};
    options.play = line.values()["play"].as<bool>();
    options.autoplay = line.values()["autoplay"].as<bool>();
    options.list_stretch = line.values()["list-stretch"].as<bool>();
    options.stretch = parse_stretch(line.values()["stretch"].as<std::string>());
    options.track_bpm = line.values()["bpm"].as<double>();
    if (!(options.track_bpm >= 1.0 && options.track_bpm <= 1000.0)) {
        throw UsageError{"--bpm " + std::to_string(options.track_bpm) + " is not within 1 to 1000"};
    }
    const auto megabytes = line.values()["decoded-memory"].as<std::uint32_t>();
    if (megabytes < 16 || megabytes > 1'000'000) {
        throw UsageError{"--decoded-memory " + std::to_string(megabytes) + " is not within 16 to 1000000 (MB)"};
    }
    options.decoded_memory = std::size_t{megabytes} << 20U;
    if (options.play && options.file.empty()) {
        throw UsageError{"--play needs a FILE to play"};
    }
    if (options.common.check_options && !options.file.empty() && !std::filesystem::is_regular_file(options.file)) {
        throw UsageError{"there is no file '" + options.file + "' to play"};
    }
    if (line.given("music-dir")) {
        for (const auto& folder : line.values()["music-dir"].as<std::vector<std::string>>()) {
            options.music_folders.emplace_back(folder);
        }
    }
    if (options.common.osc_bind != "127.0.0.1" && options.common.osc_bind.rfind("127.", 0) != 0 &&
        options.music_folders.empty()) {
        throw UsageError{"--osc-bind " + options.common.osc_bind +
                         " lets others in: say with --music-dir which folders they may play from"};
    }
    return options;
}

}  // namespace crowdjack
