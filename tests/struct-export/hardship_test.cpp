// SPDX-License-Identifier: GPL-3.0-or-later
// The real program killed, stopped, run twice at once, and among hostile files.
#include "tests/struct-export/crate.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>

using namespace crowdjack;
using namespace crowdjack::test;

TEST_CASE("what was exported from the same inputs is left alone, what changed is made again") {
    const Crate crate;
    crate.add("a", 122.0, 20);
    crate.add("b", 123.0, 20);
    const std::vector<std::string> options{"--bpm", "122.5"};
    REQUIRE(crate.export_to("parts", options).code == 0);
    const auto first = content_of(crate.folder / "parts");
    const auto part = [&crate](const char* name) {
        return crate.folder / "parts" / (std::string{name} + "_sectioned.wav");
    };
    const auto written_a = fs::last_write_time(part("a"));
    const auto written_b = fs::last_write_time(part("b"));

    const auto again = crate.export_to("parts", options);
    CHECK(again.code == 0);
    CHECK(again.output.find("up to date track=a.wav") != std::string::npos);
    CHECK(content_of(crate.folder / "parts") == first);
    CHECK(fs::last_write_time(part("a")) == written_a);

    fs::last_write_time(crate.audio_dir / "b.wav",
                        fs::last_write_time(crate.audio_dir / "b.wav") + std::chrono::hours{1});
    std::ofstream{part("a"), std::ios::app} << "x";
    const auto changed = crate.export_to("parts", options);
    CHECK(changed.output.find("exported track=a.wav") != std::string::npos);
    CHECK(changed.output.find("exported track=b.wav") != std::string::npos);
    CHECK(fs::last_write_time(part("b")) != written_b);
    CHECK(text_of(part("a")) == first.at("a_sectioned.wav"));
    CHECK(crate.export_to("parts", {"--bpm", "122.4"}).output.find("up to date") == std::string::npos);
}

TEST_CASE("killed in the middle and run again: the same bytes as a run that was left alone, whatever --jobs") {
    const Crate crate;
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
        crate.add(name, 122.0 + name[0] % 3, 400);
    }
    const auto arguments = [&crate](const std::string& jobs) {
        return std::vector<std::string>{"--bpm",  "122.5", "--n-sections", "98",
                                        "--jobs", jobs,    "--csv-out",    (crate.folder / "set.csv").string()};
    };
    const auto options = [&](const std::string& jobs) {
        auto all = arguments(jobs);
        all.insert(all.begin(), {crate.struct_dir.string(), "--audio-dir", crate.audio_dir.string(), "--parts-dir",
                                 (crate.folder / "parts").string(), "--stretch", "wsola"});
        return all;
    };
    REQUIRE(crate.run(options("1")).code == 0);
    const auto whole = content_of(crate.folder / "parts");
    const std::string csv = text_of(crate.folder / "set.csv");
    CHECK(whole.size() == 18);  // six parts, six originals, six receipts

    fs::remove_all(crate.folder / "parts");
    {
        test::Process process{crate.command(options("2")), {.environment = {}, .folder = crate.folder.path()}};
        REQUIRE(process.wait_for_line("exported track="));
        process.kill_hard();
    }
    const auto half = content_of(crate.folder / "parts");
    for (const auto& [name, bytes] : half) {
        if (!name.ends_with(".part")) {
            CHECK_MESSAGE(whole.at(name) == bytes, name);  // under its own name each file is whole
        }
    }
    const auto resumed = crate.run(options("2"));
    CHECK(resumed.code == 0);
    CHECK(resumed.output.find("up to date") != std::string::npos);
    CHECK(content_of(crate.folder / "parts") == whole);
    CHECK(text_of(crate.folder / "set.csv") == csv);
}

TEST_CASE("asked to stop it ends soon, leaves no half file and lists what is done") {
    const Crate crate;
    for (const char* name : {"a", "b", "c"}) {
        crate.add(name, 122.0, 200);
    }
    test::Process process{crate.command({crate.struct_dir.string(), "--audio-dir", crate.audio_dir.string(), "--bpm",
                                         "123", "--n-sections", "48", "--jobs", "1"}),
                          {.environment = {}, .folder = crate.folder.path()}};
    REQUIRE(test::eventually([&crate] { return fs::exists(crate.folder / "parts/.a_sectioned.wav.part"); }));
    process.signal(SIGTERM);
    CHECK(process.wait(test::Deadline{60'000}) == 1);  // Rubber Band was at the first of three: nothing is exported
    CHECK(rows_of(crate.folder / "parts/sections.csv").empty());
    CHECK(reasons_of(crate.folder / "parts/skipped.csv") ==
          std::map<std::string, std::string>{{"a", "interrupted"}, {"b", "interrupted"}, {"c", "interrupted"}});
    for (const auto& [name, bytes] : content_of(crate.folder / "parts")) {
        CHECK_MESSAGE(name.ends_with(".csv"), name);
    }
}

TEST_CASE("two tracks of one name both come out, each time under the same names") {
    const Crate crate;
    crate.add("same", 122.0, 20);
    fs::create_directories(crate.folder / "elsewhere");
    fs::copy(crate.audio_dir / "same.wav", crate.folder / "elsewhere/same.wav");
    Json other = Json::parse(text_of(crate.struct_dir / "same.json"));
    other["path"] = (crate.folder / "elsewhere/same.wav").string();
    crate.write_struct("other", other.dump());
    const std::vector<std::string> arguments{
        crate.struct_dir.string(), "--bpm", "122.5", "--stretch", "wsola", "--n-sections", "2"};
    fs::remove(crate.struct_dir / "same.json");
    Json mine = other;
    mine["path"] = (crate.audio_dir / "same.wav").string();
    crate.write_struct("mine", mine.dump());
    REQUIRE(crate.run(arguments).code == 0);
    const auto rows = rows_of(crate.folder / "parts/sections.csv");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].at("part_file") != rows[1].at("part_file"));
    const auto again = crate.run(arguments);
    CHECK(again.output.find("exported track") == std::string::npos);
}

TEST_CASE("a second export into the same folder waits for nobody: it says who is there") {
    const Crate crate;
    crate.add("a", 122.0, 400);
    test::Process first{crate.command({crate.struct_dir.string(), "--audio-dir", crate.audio_dir.string(), "--bpm",
                                       "123", "--n-sections", "98"}),
                        {.environment = {}, .folder = crate.folder.path()}};
    REQUIRE(test::eventually([&crate] { return fs::exists(crate.folder / "parts/.a_sectioned.wav.part"); }));
    const auto second = crate.export_to("parts", {"--bpm", "123"});
    CHECK(second.code == 1);
    CHECK(second.output.find("another export works in") != std::string::npos);
}

TEST_CASE("an unwritable or full place is one clear error") {
    const Crate crate;
    crate.add("a", 122.0, 20);
    std::ofstream{crate.folder / "file"} << "x";
    const auto ran = crate.export_to("file/below", {"--bpm", "122.5"});
    CHECK(ran.code == 1);
    CHECK(ran.output.find("cannot make the folder") != std::string::npos);
    const auto no_csv =
        crate.export_to("parts", {"--bpm", "122.5", "--csv-out", (crate.folder / "file/x.csv").string()});
    CHECK(no_csv.code == 1);
    CHECK(no_csv.output.find("file/x.csv") != std::string::npos);
}

TEST_CASE("hostile files beside good ones are skipped by name") {
    const Crate crate;
    crate.add("good", 122.0, 20);
    crate.write_struct("deep", std::string(100'000, '['));
    crate.write_struct("huge", "{");
    fs::resize_file(crate.struct_dir / "huge.json", std::uintmax_t{1} << 30U);
    REQUIRE(::mkfifo((crate.struct_dir / "fifo.json").c_str(), 0600) == 0);
    fs::create_symlink("/dev/zero", crate.struct_dir / "zero.json");
    fs::create_symlink("/nowhere", crate.struct_dir / "dangling.json");
    fs::create_directory(crate.struct_dir / "folder.json");
    const auto ran = crate.export_to("parts", {"--bpm", "122"});
    CHECK(ran.code == 0);
    CHECK(reasons_of(crate.folder / "parts/skipped.csv") ==
          std::map<std::string, std::string>{{"dangling", "unreadable"},
                                             {"deep", "unreadable"},
                                             {"fifo", "unreadable"},
                                             {"huge", "unreadable"},
                                             {"zero", "unreadable"}});
    for (const char* const xml : {"<a>", "", "{}", "<DJ_PLAYLISTS><COLLECTION>"}) {
        std::ofstream{crate.folder / "bad.xml"} << xml;
        const auto bad =
            crate.export_to("parts", {"--bpm", "122", "--rekordbox-xml", (crate.folder / "bad.xml").string()});
        CHECK(bad.code == 1);
        CHECK(bad.output.find("bad.xml:1") != std::string::npos);
    }
}

TEST_CASE("real analyses beside sound of their length are exported") {
    const auto data = test::real_data();
    if (!data) {
        MESSAGE("no real-world files beside this checkout: skipped");
        return;
    }
    const Crate crate;
    for (const auto& entry : fs::directory_iterator{*data / "allin1"}) {
        const Json document = Json::parse(text_of(entry.path()));
        const fs::path name = fs::path{document["path"].get<std::string>()}.filename();
        const double length = document["segments"].back()["end"].get<double>();
        test::write_audio(crate.audio_dir / name.stem().concat(".flac"),
                          test::click_track(document["bpm"].get<double>(), length, 22050), 1, 22050,
                          test::SampleFormat::pcm16);
        Json copy = document;
        copy["path"] = name.stem().string() + ".flac";
        crate.write_struct(entry.path().stem().string(), copy.dump());
    }
    const auto ran = crate.export_to(
        "parts", {"--bpm", "120", "--bpm-min", "60", "--bpm-max", "200", "--intro-fallback", "downbeat"});
    CHECK_MESSAGE(ran.code == 0, ran.output);
    CHECK(rows_of(crate.folder / "parts/sections.csv").size() == 6);
    for (const auto& entry : fs::directory_iterator{*data / "rekordbox"}) {
        const auto with = crate.export_to(
            "parts", {"--bpm", "120", "--bpm-min", "60", "--bpm-max", "200", "--rekordbox-xml", entry.path().string()});
        CHECK_MESSAGE(with.code == 0, with.output);
    }
}
