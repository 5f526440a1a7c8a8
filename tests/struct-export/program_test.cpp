// SPDX-License-Identifier: GPL-3.0-or-later
// What the real program makes of generated tracks.
#include "tests/struct-export/click_errors.hpp"
#include "tests/struct-export/crate.hpp"

#include <doctest/doctest.h>
#include <pugixml.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

double number(const std::string& text) { return std::stod(text); }

}  // namespace

TEST_CASE("sections are cut, fitted and listed") {
    const Crate crate;
    crate.add("Zoë", 124.0, 20);
    crate.add("beta", 121.5, 20);
    const auto ran = crate.export_to("parts", {"--bpm", "122.5", "--csv-out", (crate.folder / "out/set.csv").string()});
    REQUIRE_MESSAGE(ran.code == 0, ran.output);
    const auto rows = rows_of(crate.folder / "out/set.csv");
    REQUIRE(rows.size() == 2);
    CHECK(fs::path{rows[0].at("path")}.filename() == "Zoë.wav");
    CHECK(text_of(crate.folder / "out/set.csv")
              .starts_with("path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,"
                           "duration_orig,duration_sectioned,part_file_orig,part_file\n"));
    CHECK(rows_of(crate.folder / "out/skipped.csv").empty());
    for (const auto& row : rows) {
        const double bpm = number(row.at("bpm"));
        const double speed = number(row.at("speed"));
        const double beat = 60.0 / bpm;
        CHECK(speed == doctest::Approx(122.5 / bpm).epsilon(1e-12));
        CHECK(number(row.at("target_bpm")) == 122.5);
        CHECK(number(row.at("ini_cue")) == doctest::Approx(4 * beat).epsilon(1e-6));
        CHECK(number(row.at("begin_cue")) == doctest::Approx(8 * beat).epsilon(1e-6));
        CHECK(number(row.at("end_cue")) == doctest::Approx(12 * beat).epsilon(1e-6));
        CHECK(number(row.at("begin_cue_adj")) == doctest::Approx(4 * 60.0 / 122.5).epsilon(1e-5));
        CHECK(number(row.at("end_cue_adj")) == doctest::Approx(8 * 60.0 / 122.5).epsilon(1e-5));
        CHECK(row.at("duration_sectioned") == "0:03.92");
        const auto part = test::read_audio(row.at("part_file"));
        CHECK(std::abs(static_cast<double>(part.frames()) - 8 * 60.0 / 122.5 * 44100.0) <= 1.0);
        CHECK(test::read_audio(row.at("part_file_orig")).frames() == std::llround(8 * beat * 44100.0));
    }
    CHECK(rows[0].at("bpm") == "124");
}

TEST_CASE("every track that is not exported has its reason, on stderr and in skipped.csv") {
    const Crate crate;
    crate.add("good", 122.0, 20, {{"key", "gm"}});
    crate.add("wheel", 122.0, 20, {{"key", "6A"}});
    crate.add("wrong key", 122.0, 20, {{"key", "C"}});
    crate.add("no key", 122.0, 20);
    crate.add("too fast", 126.0, 20, {{"key", "Gm"}});
    crate.add("too short", 122.0, 8, {{"key", "Gm"}});
    crate.add("gone", 122.0, 20, {{"key", "Gm"}});
    fs::remove(crate.audio_dir / "gone.wav");
    crate.add("not audio", 122.0, 20, {{"key", "Gm"}});
    std::ofstream{crate.audio_dir / "not audio.wav"} << "no sound in here";
    crate.add("no intro", 122.0, 20, {{"key", "Gm"}, {"segments", Json::array()}});
    crate.add("no tempo", 122.0, 20, {{"key", "Gm"}, {"bpm", nullptr}, {"beats", Json::array()}});
    crate.write_struct("broken", "{\"path\": \"a.wav\",\n\"segments\": [}");
    const auto ran = crate.export_to("parts", {"--bpm", "122", "--key", " Gm , Cm"});
    CHECK_MESSAGE(ran.code == 0, ran.output);
    CHECK(rows_of(crate.folder / "parts/sections.csv").size() == 2);
    const auto reasons = reasons_of(crate.folder / "parts/skipped.csv");
    const std::map<std::string, std::string> expected{
        {"wrong key", "key mismatch"},          {"no key", "key mismatch"},  {"too fast", "BPM outside range"},
        {"too short", "fewer than n sections"}, {"gone", "audio missing"},   {"not audio", "unreadable"},
        {"no intro", "no intro segment"},       {"no tempo", "BPM unknown"}, {"broken", "unreadable"}};
    CHECK(reasons == expected);
    for (const auto& skipped : expected) {
        CHECK_MESSAGE(ran.output.find(skipped.second) != std::string::npos, skipped.second);
    }
    CHECK(ran.output.find("/on/another/machine/gone.wav") != std::string::npos);
    CHECK(ran.output.find("broken.json: not JSON: parse error at line 2") != std::string::npos);
}

TEST_CASE("a tempo at the very edge of --delta is within it, whatever the last digit of a sum says") {
    const Crate crate;
    crate.add("upper", 120.2, 20);  // 120.1 + 0.1 is 120.19999999999999
    crate.add("lower", 120.0, 20);
    crate.add("beyond", 120.21, 20);
    const auto ran = crate.export_to("parts", {"--bpm", "120.1", "--delta", "0.1"});
    CHECK_MESSAGE(ran.code == 0, ran.output);
    CHECK(rows_of(crate.folder / "parts/sections.csv").size() == 2);
}

TEST_CASE("nothing exported is exit code 1, wrong usage is 2 and says which option") {
    const Crate crate;
    crate.add("a", 122.0, 20);
    CHECK(crate.export_to("parts", {"--bpm", "100"}).code == 1);
    const auto refused = [&crate](std::vector<std::string> arguments, const std::string& word) {
        arguments.insert(arguments.begin(), crate.struct_dir.string());
        const auto ran = crate.run(arguments);
        CHECK_MESSAGE(ran.code == 2, ran.output);
        CHECK_MESSAGE(ran.output.find(word) != std::string::npos, ran.output);
        CHECK(std::ranges::count(ran.output, '\n') <= 1);
    };
    refused({}, "--bpm is missing");
    refused({"--bpm", "-3"}, "--bpm");
    refused({"--bpm", "nan"}, "--bpm");
    refused({"--bpm", "122", "--delta", "-1"}, "--delta");
    refused({"--bpm", "122", "--bpm-min", "130", "--bpm-max", "120"}, "--bpm-min");
    refused({"--bpm", "122", "--stretch", "granular"}, "rubberband, wsola, rate");
    refused({"--bpm", "122", "--n-sections", "0"}, "--n-sections");
    refused({"--bpm", "122", "--jobs", "0"}, "--jobs");
    refused({"--bpm", "122", "--key", " , "}, "--key");
    refused({"--bpm", "122", "--key", "Gm,H#"}, "--key 'H#' is no key");
    refused({"--bpm", "122", "--warp", "--stretch", "rate"}, "--warp");
    refused({"--bpm", "122", "--write-keys"}, "--rekordbox-xml");
    refused({"--bpm", "122", "--intro-fallback", "guess"}, "--intro-fallback");
    refused({"--bpm", "122", "--stretsh", "rate"}, "did you mean --stretch?");
    CHECK(crate.run({"--bpm", "122", (crate.folder / "none").string()}).code == 1);
    CHECK(crate.run({"--help"}).output.find("--n-sections") != std::string::npos);
    CHECK(crate.run({"--version"}).output.starts_with("crowdjack-struct-export "));
}

TEST_CASE("a folder without structures says what is missing") {
    const Crate crate;
    const auto ran = crate.export_to("parts", {"--bpm", "122"});
    CHECK(ran.code == 1);
    CHECK(ran.output.find("0 of 0 tracks") != std::string::npos);
    CHECK(ran.output.find("no structures to export from folder=" + crate.struct_dir.string()) != std::string::npos);
}

TEST_CASE("only tracks that are taken are warned of, and two structures of one file are said") {
    const Crate crate;
    crate.add("taken", 122.0, 20, {{"key", {{"A minor", 0.6}, {"C major", 0.4}}}});
    crate.add("too fast", 140.0, 20, {{"key", 5}});
    const fs::path again = crate.struct_dir / "taken again.json";
    fs::copy_file(crate.struct_dir / "taken.json", again);
    crate.write_struct("no bars", R"({"path": "/gone/x.wav", "segments": [{"label": "intro"}]})");
    const auto ran = crate.export_to("parts", {"--bpm", "122"});
    CHECK_MESSAGE(ran.code == 0, ran.output);
    CHECK(rows_of(crate.folder / "parts/sections.csv").at(0).at("key") == "A minor");
    CHECK(ran.output.find("the highest of its 2 values is A minor") != std::string::npos);
    CHECK(ran.output.find("'key' is 5") == std::string::npos);
    CHECK(ran.output.find("speaks of the same file as") != std::string::npos);
    for (const auto& row : rows_of(crate.folder / "parts/skipped.csv")) {
        CHECK(row.at("path").find(".wav") != std::string::npos);
    }
}

TEST_CASE("a drummer's beats lie on the target's grid with --warp, and are said to be off without") {
    const Crate crate;
    std::mt19937 random{4};
    std::normal_distribution<double> hand{0.0, 0.012};
    std::vector<double> beats;
    for (int i = 0; i < 300; ++i) {
        beats.push_back(std::round((0.5 + i * 60.0 / 127.5 + 0.05 * std::sin(i / 25.0) + hand(random)) * 100.0) /
                        100.0);
    }
    std::vector<float> sound(static_cast<std::size_t>((beats.back() + 1.0) * 44100.0));
    for (const double beat : beats) {
        for (std::size_t i = 0; i < 176; ++i) {
            const double t = static_cast<double>(i);
            sound[static_cast<std::size_t>(beat * 44100.0) + i] =
                static_cast<float>(0.6 * std::cos(0.285 * t) * std::exp(-t / 50.0));
        }
    }
    write_audio(crate.audio_dir / "human.wav", as_channels(sound, 2), 2, 44100, SampleFormat::pcm16);
    Json segments = Json::array({{{"start", 0.0}, {"end", beats[16]}, {"label", "intro"}}});
    for (std::size_t i = 16; i + 32 < beats.size(); i += 32) {
        segments.push_back({{"start", beats[i]}, {"end", beats[i + 32]}, {"label", "verse"}});
    }
    crate.write_struct("human",
                       Json{{"path", "human.wav"}, {"bpm", 128}, {"beats", beats}, {"segments", segments}}.dump());
    const auto worst_off = [&](const std::string& parts, std::vector<std::string> more) {
        more.insert(more.begin(), {"--bpm", "122", "--bpm-min", "100", "--bpm-max", "150", "--n-sections", "6"});
        std::vector<std::string> all{crate.struct_dir.string(), "--audio-dir", crate.audio_dir.string(), "--parts-dir",
                                     (crate.folder / parts).string()};
        all.insert(all.end(), more.begin(), more.end());
        const auto ran = crate.run(all);
        REQUIRE_MESSAGE(ran.code == 0, ran.output);
        const auto row = rows_of(crate.folder / parts / "sections.csv").at(0);
        const auto part = test::read_audio(row.at("part_file"));
        const double target = 122.0;
        const auto errors = click_errors(part, target, 1.0);
        CHECK(errors.size() >= 190);
        double worst = 0.0;
        const auto begin = static_cast<std::size_t>(std::lround(number(row.at("begin_cue_adj")) * target / 60.0));
        for (std::size_t i = begin; i < errors.size(); ++i) {
            worst = std::max(worst, std::abs(errors[i]) / 1000.0 * target / 60.0);
        }
        // What the CSV says is where it is: the hand-over begins on a beat of the part.
        CHECK(std::abs(number(row.at("begin_cue_adj")) * target / 60.0 - static_cast<double>(begin)) < 0.15);
        return std::pair{worst, ran.output};
    };
    const auto plain = worst_off("plain", {"--stretch", "wsola"});
    CHECK(plain.second.find("beats_off=0.") != std::string::npos);
    CHECK(plain.second.find("json says 128.00") != std::string::npos);
    const auto light = worst_off("light", {"--stretch", "wsola", "--warp"});
    CHECK(light.first < 0.05);
    CHECK(light.second.find("warped=true") != std::string::npos);
    const auto best = worst_off("best", {"--warp"});
    CHECK(best.first < 0.03);
    CHECK(best.first < plain.first);
}

TEST_CASE(
    "twelve drummers, each called by a whole number of BPM: with --warp all are on the grid where they hand over") {
    const Crate crate;
    std::map<std::string, double> called;
    for (unsigned drummer = 0; drummer < 12; ++drummer) {
        std::mt19937 random{100 + drummer};
        std::normal_distribution<double> hand{0.0, 0.012};
        const double bpm = 112.3 + 1.7 * drummer;
        const double sway = 15.0 + drummer;
        std::vector<double> beats;
        for (int i = 0; i < 130; ++i) {
            const double at = 0.5 + i * 60.0 / bpm + 0.05 * std::sin(i / sway) + hand(random);
            beats.push_back(std::round(at * 100.0) / 100.0);
        }
        std::vector<float> sound(static_cast<std::size_t>((beats.back() + 1.0) * 22050.0));
        for (const double beat : beats) {
            for (std::size_t i = 0; i < 88; ++i) {
                const double t = static_cast<double>(i);
                sound[static_cast<std::size_t>(beat * 22050.0) + i] =
                    static_cast<float>(0.6 * std::cos(0.57 * t) * std::exp(-t / 25.0));
            }
        }
        const std::string name = "drummer" + std::to_string(drummer);
        write_audio(crate.audio_dir / (name + ".wav"), sound, 1, 22050, SampleFormat::pcm16);
        Json segments = Json::array({{{"start", 0.0}, {"end", beats[8]}, {"label", "intro"}}});
        for (std::size_t i = 8; i + 32 < beats.size(); i += 32) {
            segments.push_back({{"start", beats[i]}, {"end", beats[i + 32]}, {"label", "verse"}});
        }
        called[name + ".wav"] = std::floor(bpm);
        const Json json{
            {"path", name + ".wav"}, {"bpm", static_cast<int>(bpm)}, {"beats", beats}, {"segments", segments}};
        crate.write_struct(name, json.dump());
    }
    const double target = 122.0;
    const auto ran = crate.run({crate.struct_dir.string(), "--audio-dir", crate.audio_dir.string(), "--parts-dir",
                                (crate.folder / "parts").string(), "--bpm", "122", "--bpm-min", "100", "--bpm-max",
                                "150", "--n-sections", "3", "--stretch", "wsola", "--warp"});
    REQUIRE_MESSAGE(ran.code == 0, ran.output);
    const auto rows = rows_of(crate.folder / "parts/sections.csv");
    REQUIRE(rows.size() == 12);
    double worst = 0.0;
    double worst_called = 0.0;
    for (const auto& row : rows) {
        CAPTURE(row.at("path"));
        const auto errors = click_errors(test::read_audio(row.at("part_file")), target, 1.0);
        const auto begin = static_cast<std::size_t>(std::lround(number(row.at("begin_cue_adj")) * target / 60.0));
        REQUIRE(begin < errors.size());
        worst = std::max(worst, std::abs(errors[begin]) / 1000.0 * target / 60.0);
        // What the JSON's BPM alone would have done.
        const double bpm = called.at(std::filesystem::path{row.at("path")}.filename().string());
        const double seconds = number(row.at("begin_cue"));
        const double beats = std::round((seconds - number(row.at("ini_cue"))) * (bpm + 0.5) / 60.0);
        worst_called = std::max(worst_called, std::abs((seconds - number(row.at("ini_cue"))) * bpm / 60.0 - beats));
    }
    MESSAGE("worst phase at begin: " << worst << " beat; by the JSONs' BPM: " << worst_called);
    CHECK(worst < 0.05);
    CHECK(worst_called > 0.3);
}

TEST_CASE("Rekordbox: true tempo in memory, key, place of the audio, and keys written only when asked") {
    const Crate crate;
    crate.add("Café Noir", 122.0, 40, {{"bpm", 120}, {"extra", {1, 2.5}}});
    std::ofstream{crate.folder / "collection.xml"}
        << "<?xml version='1.0' encoding='UTF-8'?>\n<DJ_PLAYLISTS Version='1.0.0'>\n<COLLECTION Entries='1'>\n"
           "<TRACK TrackID='1' Name='Caf\xC3\xA9 Noir (Mix)' Artist='Somebody' AverageBpm='122.00' Tonality='Cm' "
           "Location='file://localhost" +
               crate.audio_dir.string() + "/Cafe%CC%81%20Noir.wav'/>\n</COLLECTION>\n</DJ_PLAYLISTS>\n";
    const fs::path structure = crate.struct_dir / "Café Noir.json";
    const std::string before = text_of(structure);
    const std::vector<std::string> arguments{crate.struct_dir.string(),
                                             "--bpm",
                                             "122.5",
                                             "--stretch",
                                             "rate",
                                             "--n-sections",
                                             "2",
                                             "--parts-dir",
                                             (crate.folder / "parts").string(),
                                             "--rekordbox-xml",
                                             (crate.folder / "collection.xml").string(),
                                             "--key",
                                             "cm"};
    const auto ran = crate.run(arguments);
    REQUIRE_MESSAGE(ran.code == 0, ran.output);
    const auto row = rows_of(crate.folder / "parts/sections.csv").at(0);
    CHECK(row.at("bpm") == "122");
    CHECK(row.at("key") == "Cm");
    CHECK(row.at("path") == (crate.audio_dir / "Café Noir.wav").string());
    CHECK(ran.output.find("json says 120.00 (-1.6 %)") != std::string::npos);
    CHECK(ran.output.find("source=rekordbox") != std::string::npos);
    CHECK(text_of(structure) == before);

    auto with_keys = arguments;
    with_keys.emplace_back("--write-keys");
    ::chmod(structure.c_str(), 0640);
    CHECK(crate.run(with_keys).code == 0);
    Json expected = Json::parse(before);
    expected["key"] = "Cm";
    CHECK(Json::parse(text_of(structure)) == expected);
    struct stat status {};
    REQUIRE(::stat(structure.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0640U);
    const auto written = fs::last_write_time(structure);
    CHECK(crate.run(with_keys).code == 0);  // nothing to change: not touched
    CHECK(fs::last_write_time(structure) == written);
}

TEST_CASE("the merged mapping holds every readable structure as it is, by name") {
    const Crate crate;
    crate.add("技能", 122.0, 20, {{"extra", {{"b", 1}, {"a", 0.1}}}});
    crate.add("plain", 90.0, 20);
    crate.write_struct("broken", "{");
    CHECK(crate.export_to("parts", {"--bpm", "122", "--output", (crate.folder / "all.json").string()}).code == 0);
    const Json merged = Json::parse(text_of(crate.folder / "all.json"));
    CHECK(merged.size() == 2);
    CHECK(merged["技能"] == Json::parse(text_of(crate.struct_dir / "技能.json")));
    CHECK(merged["plain"] == Json::parse(text_of(crate.struct_dir / "plain.json")));
}

TEST_CASE("each exported track is drawn") {
    const Crate crate;
    crate.add("A & B", 122.0, 20);
    CHECK(crate.export_to("parts", {"--bpm", "122.5", "--plot", (crate.folder / "plots").string()}).code == 0);
    pugi::xml_document document;
    CHECK(document.load_file((crate.folder / "plots/A & B.svg").c_str()));
    CHECK(document.select_nodes("//polygon").size() == 2);
}
