// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "struct-export/audio_lookup.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/rekordbox.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/text.hpp"
#include "struct-export/track_struct.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

using namespace crowdjack;
using test::TemporaryFolder;

namespace {

TrackStruct parsed(const std::string& json) {
    return track_struct(parse_python_json(json, "x.json", nan_as_text), "x.json");
}

std::string error_of(const std::string& json) {
    try {
        (void)parsed(json);
    } catch (const Failure& error) {
        return error.what();
    }
    return {};
}

struct Collection {
    explicit Collection(const std::string& xml)
        : read{RekordboxCollection::parse(xml, "r.xml", [this](const std::string& w) { warnings.push_back(w); })} {}
    std::vector<std::string> warnings;
    RekordboxCollection read;
};

std::string collection_xml(const std::string& tracks) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DJ_PLAYLISTS Version=\"1.0.0\">\n<COLLECTION>\n" + tracks +
           "</COLLECTION>\n</DJ_PLAYLISTS>\n";
}

std::string refusal(const std::string& xml) {
    try {
        const Collection collection{xml};
    } catch (const Failure& error) {
        return error.what();
    }
    return {};
}

void write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
}

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

const std::string cafe_composed = "Caf\xC3\xA9.wav";
const std::string cafe_decomposed = "Cafe\xCC\x81.wav";

}  // namespace

TEST_CASE("a structure is read in every shape the analyses write it") {
    const TrackStruct usual = parsed(R"({"path": "/m/a.wav", "bpm": 98, "beats": [0.33, 0.93], "downbeats": [0.33],
        "beat_positions": [1, 2], "segments": [{"start": 0.0, "end": 0.32, "label": "start"}]})");
    CHECK(usual.audio == "/m/a.wav");
    CHECK(usual.bpm == 98.0);
    CHECK(usual.beats == std::vector{0.33, 0.93});
    CHECK(usual.segments.size() == 1);
    CHECK(usual.segments[0].label == "start");

    SUBCASE("file_path instead of path, no bpm, no beats, extra keys") {
        const TrackStruct track = parsed(R"({"file_path": "b.flac", "embeddings": [[1, 2]], "key": " Gm ",
            "segments": [{"start": 1, "end": 2, "label": "verse", "score": 0.5}]})");
        CHECK(track.audio == "b.flac");
        CHECK(track.bpm == 0.0);
        CHECK(track.key == "Gm");
    }
    SUBCASE("null bpm, empty segments, escaped unicode") {
        const TrackStruct track = parsed(R"({"path": "\u6280\u80fd.mp3", "bpm": null, "segments": []})");
        CHECK(track.audio == "技能.mp3");
        CHECK(track.bpm == 0.0);
        CHECK(track.segments.empty());
    }
    SUBCASE("segments out of order are put in order, those of no length stay") {
        const TrackStruct track = parsed(R"({"path": "a", "segments": [{"start": 5, "end": 9, "label": "b"},
            {"start": 0, "end": 5, "label": "a"}, {"start": 5, "end": 5, "label": "c"}]})");
        CHECK(track.segments[0].label == "a");
        CHECK(track.segments[1].label == "b");
        CHECK(track.segments[2].label == "c");
    }
}

TEST_CASE("a wrong structure is refused with the field or line that is wrong") {
    CHECK(error_of("[1]").find("holds an array") != std::string::npos);
    CHECK(error_of(R"({"segments": []})").find("'path' is missing") != std::string::npos);
    CHECK(error_of(R"({"path": 3, "segments": []})").find("'path' is a number") != std::string::npos);
    CHECK(error_of(R"({"path": "a"})").find("'segments' is missing") != std::string::npos);
    CHECK(error_of(R"({"path": "a", "segments": [{"start": 1, "end": 2}, {"start": 2}]})")
              .find("'segments[1].end' is missing") != std::string::npos);
    CHECK(error_of(R"({"path": "a", "segments": [{"start": 3, "end": 2, "label": "x"}]})").find("'segments[0]' ends") !=
          std::string::npos);
    CHECK(error_of(R"({"path": "a", "segments": [{"start": 1, "end": 1e999, "label": "x"}]})").find("x.json") !=
          std::string::npos);
    CHECK(error_of("{\n\"path\": \"a\",\n\"bpm\": NaM}").find("line 3") != std::string::npos);
    CHECK(
        error_of(R"({"path": "a", "segments": [{"start": NaN, "end": 1}]})").find("'segments[0].start' is a string") !=
        std::string::npos);
    CHECK(error_of("{\"path\": \"a\xFF\"}").find("x.json") != std::string::npos);
    CHECK(error_of("").find("x.json") != std::string::npos);
}

TEST_CASE("a field that need not be there and is of another type costs itself and a warning, not the track") {
    const auto read = [](const std::string& field) {
        return parsed(R"({"path": "a", "segments": [{"start": 0, "end": 1, "label": "intro"}], )" + field + "}");
    };
    const auto warns = [](const TrackStruct& track, const std::string& text) {
        return track.warnings.size() == 1 && track.warnings.front().find(text) != std::string::npos;
    };
    const TrackStruct correlations = read(R"("key": {"A minor": 0.61, "C major": 0.44, "E minor": -0.2, "x": null})");
    CHECK(correlations.key == "A minor");
    CHECK(warns(correlations, "'key' is an object: the highest of its 4 values is A minor"));
    CHECK(warns(read(R"("key": 5)"), "'key' is 5, not a text"));
    CHECK(warns(read(R"("key": ["Am"])"), "'key' is an array"));
    CHECK(warns(read(R"("key": {})"), "'key' is an object"));
    CHECK(read(R"("bpm": "124.5")").bpm == 124.5);
    CHECK(warns(read(R"("bpm": "124.5")"), "'bpm' is a text: read as 124.5"));
    for (const auto* bpm : {R"("bpm": "fast")", R"("bpm": NaN)", R"("bpm": -Infinity)", R"("bpm": -3)",
                            R"("bpm": [120])", R"("bpm": {"value": 120})", R"("bpm": true)"}) {
        CAPTURE(bpm);
        CHECK(read(bpm).bpm == 0.0);
        CHECK(warns(read(bpm), "'bpm'"));
    }
    const TrackStruct beats = read(R"("beats": [1, null, "two", NaN, 3])");
    CHECK(beats.beats == std::vector{1.0, 3.0});
    CHECK(warns(beats, "3 are no times, the first at 1"));
    CHECK(warns(read(R"("downbeats": "none")"), "'downbeats' is a string, not a list"));
    CHECK(read(R"("bpm": null, "beats": null, "key": null)").warnings.empty());
    CHECK(read(R"("title": "NaN and \"Infinity\" -Infinity", "bpm": NaN)").warnings.size() == 1);
    const TrackStruct label = parsed(R"({"path": "a", "segments": [{"start": 0, "end": 1, "label": 7}]})");
    CHECK(label.segments.front().label.empty());
    CHECK(warns(label, "'segments[0].label'"));
}

TEST_CASE("an end too short to mix in is no hand-over") {
    TrackStruct track;
    track.segments = {{{0.0}, {8.0}, "intro"}, {{8.0}, {60.0}, "verse"}, {{60.0}, {60.9}, "end"}};
    CHECK_THROWS_WITH_AS((void)find_cues(track, 2, IntroFallback::none), doctest::Contains("too short to mix in"),
                         NotExported);
    track.segments.back().end = Seconds{68.0};
    CHECK(find_cues(track, 2, IntroFallback::none).end.value == 68.0);
    track.segments.back() = {{60.0}, {62.0}, "verse"};
    CHECK(find_cues(track, 2, IntroFallback::none).end.value == 62.0);
}

TEST_CASE("hostile JSON is refused before it costs anything") {
    CHECK(error_of(repeated("[", 100'000)).find("nested deeper than 64") != std::string::npos);
    CHECK(error_of(repeated("{\"a\":", 100'000)).find("nested deeper than 64") != std::string::npos);

    const TemporaryFolder folder;
    const auto big = folder / "big.json";
    std::ofstream{big} << "{";
    std::filesystem::resize_file(big, std::uintmax_t{1} << 30U);  // sparse: were it read, memory would tell
    CHECK_THROWS_WITH_AS((void)read_json(big), doctest::Contains("1024 MB is more than the 16 MB"), Failure);
    CHECK_THROWS_WITH_AS((void)RekordboxCollection::read(big, [](const std::string&) {}), doctest::Contains("256 MB"),
                         Failure);

    const auto fifo = folder / "fifo.json";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK_THROWS_WITH_AS((void)read_json(fifo), doctest::Contains("not a regular file"), Failure);
    CHECK_THROWS_WITH_AS((void)read_json(folder.path()), doctest::Contains("not a regular file"), Failure);
    CHECK_THROWS_WITH_AS((void)read_json(folder / "none.json"), doctest::Contains("No such file"), Failure);
}

TEST_CASE("cues: from the end of the last intro to the end of the n-th segment") {
    const auto track = [](const std::string& segments) {
        return parsed(R"({"path": "a", "downbeats": [2.5, 0.5], "segments": [)" + segments + "]}");
    };
    const std::string intros = R"({"start":0,"end":0.02,"label":"intro"},{"start":0.02,"end":12.82,"label":"Intro"},)";
    const std::string rest = R"({"start":12.82,"end":25.62,"label":"verse"},{"start":25.62,"end":25.62,"label":"x"},
        {"start":25.62,"end":57.62,"label":"chorus"},{"start":57.62,"end":58,"label":"end"},
        {"start":58,"end":58.01,"label":"end"})";
    const Cues first = find_cues(track(intros + rest), 1, IntroFallback::none);
    CHECK(first.ini.value == 12.82);
    CHECK(first.begin.value == 12.82);
    CHECK(first.end.value == 25.62);
    const Cues third = find_cues(track(intros + rest), 3, IntroFallback::none);
    CHECK(third.begin.value == 25.62);
    CHECK(third.end.value == 57.62);

    const auto why = [&track](const std::string& segments, int n, IntroFallback fallback) {
        try {
            (void)find_cues(track(segments), n, fallback);
        } catch (const NotExported& reason) {
            return reason.reason();
        }
        return std::string{};
    };
    CHECK(why(intros + rest, 6, IntroFallback::none) == "fewer than n sections");
    CHECK(why(intros + rest, 5, IntroFallback::none) == "fewer than n sections");  // nobody mixes in 10 ms
    CHECK(why(intros + rest, 2, IntroFallback::none) == "empty section");
    CHECK(why(rest, 1, IntroFallback::none) == "no intro segment");
    CHECK(why(R"({"start":0,"end":9,"label":"intro"},{"start":9,"end":9,"label":"x"})", 1, IntroFallback::none) ==
          "empty section");
    CHECK(find_cues(track(rest), 1, IntroFallback::downbeat).ini.value == 0.5);
    CHECK(find_cues(track(intros + rest), 1, IntroFallback::downbeat).ini.value == 12.82);
    CHECK_THROWS_AS((void)find_cues(parsed(R"({"path":"a","segments":[]})"), 1, IntroFallback::downbeat), NotExported);
}

TEST_CASE("a Rekordbox Location becomes the path it means") {
    CHECK(location_path("file://localhost/Users/DJ/R%C3%A9gine%20-%20Reine.mp3") == "/Users/DJ/Régine - Reine.mp3");
    CHECK(location_path("file://localhost/Users/DJ/Régine - Reine.mp3") == "/Users/DJ/Régine - Reine.mp3");
    CHECK(location_path("file://localhost/D:/Music/a%23b.mp3") == "D:/Music/a#b.mp3");
    CHECK(location_path("file://localhost/C:/Music/#1 + 100% mix?.mp3") == "C:/Music/#1 + 100% mix?.mp3");
    CHECK(location_path("FILE:///home/dj/x.wav") == "/home/dj/x.wav");
    CHECK(location_path("file:/home/dj/x.wav") == "/home/dj/x.wav");
    CHECK(location_path("file://nas/share/x.wav") == "//nas/share/x.wav");
    CHECK(location_path("file://localhost{testLibraryDirectory}/x.wav") == "{testLibraryDirectory}/x.wav");
    CHECK(location_path("D:\\Music\\x.wav") == "D:/Music/x.wav");
    CHECK(location_path("  /plain/path%20kept.wav ") == "/plain/path%20kept.wav");
    CHECK(location_path("file://localhost/a%00b%zz%2") == "/a%00b%zz%2");
    CHECK(location_path("").empty());
}

TEST_CASE("a track is found in the collection by path, then by file name, in any spelling") {
    const Collection collection{collection_xml(
        "<TRACK Name='one' Location='file://localhost/Music/Cafe%CC%81.wav' AverageBpm='122.50' Tonality='Gm'/>\n"
        "<TRACK Name='two' Location='file://localhost/C:/Sets/2019/Intro.mp3' AverageBpm='120.00'/>\n"
        "<TRACK Name='three' Location='file://localhost/C:/Sets/2021/Intro.mp3' AverageBpm='128.00'/>\n"
        "<TRACK Name='four' Location='file://localhost/E:/copy/Same.mp3' AverageBpm='99.00'/>\n"
        "<TRACK Name='five' Location='file://localhost/F:/copy/Same.mp3' AverageBpm='99.00'/>\n")};
    const auto bpm = [&collection](const std::string& path) {
        const auto match = collection.read.match(path);
        return match.track == nullptr ? 0.0 : match.track->bpm();
    };
    CHECK(bpm("/Music/" + cafe_composed) == 122.5);
    CHECK(bpm("/music/" + cafe_decomposed) == 122.5);
    CHECK(bpm("/elsewhere/CAF\xC3\x89.WAV") == 122.5);
    CHECK(bpm("D:\\Sets\\2021\\Intro.mp3") == 128.0);
    CHECK(bpm("/home/dj/2019/intro.mp3") == 120.0);
    CHECK(bpm("/home/dj/intro.mp3") == 0.0);
    CHECK(collection.read.match("/home/dj/intro.mp3").ambiguous());
    CHECK(bpm("Same.mp3") == 99.0);
    CHECK(bpm("unknown.mp3") == 0.0);
    CHECK_FALSE(collection.read.match("unknown.mp3").ambiguous());
}

TEST_CASE("a collection says what is odd in it, by line, and is read all the same") {
    const Collection collection{"<DJ_PLAYLISTS>\n<COLLECTION Entries='7'>\n<TRACK Name='no place'/>\n"
                                "<TRACK Location='file://localhost/a.wav' AverageBpm='0.00' TotalTime='100'>\n"
                                "  <TEMPO Inizio='0' Bpm='120'/><TEMPO Inizio='50' Bpm='130'/><TEMPO/>\n</TRACK>\n"
                                "<TRACK Location='file://localhost/b.wav' AverageBpm='fast' Tonality=''/>\n"
                                "<TRACK Location='file://localhost/c.wav' AverageBpm='128,5'/>\n"
                                "</COLLECTION></DJ_PLAYLISTS>"};
    REQUIRE(collection.read.tracks().size() == 3);
    CHECK(collection.read.tracks()[0].bpm() == 125.0);
    CHECK(collection.read.tracks()[1].bpm() == 0.0);
    CHECK(collection.read.tracks()[2].bpm() == 128.5);
    REQUIRE(collection.warnings.size() == 3);
    CHECK(collection.warnings[0].find("r.xml:3: TRACK 'no place' has no Location") != std::string::npos);
    CHECK(collection.warnings[1].find("r.xml:7: AverageBpm is 'fast'") != std::string::npos);
    CHECK(collection.warnings[2].find("r.xml:2: Entries is '7' but there are 4 tracks") != std::string::npos);
}

TEST_CASE("what is no collection is refused by line") {
    CHECK(refusal("<DJ_PLAYLISTS>\n<COLLECTION>\n<TRACK\n</COLLECTION>").find("r.xml:4") != std::string::npos);
    CHECK(refusal("<plist>\n</plist>").find("r.xml:1: <plist> is no Rekordbox collection") != std::string::npos);
    CHECK(refusal("<DJ_PLAYLISTS/>").find("no Rekordbox collection") != std::string::npos);
    CHECK(refusal("not xml at all").find("r.xml:1") != std::string::npos);
    CHECK(refusal("").find("r.xml:1") != std::string::npos);
    CHECK(refusal(repeated("<a>\n", 100'000)).find("r.xml") != std::string::npos);
    CHECK(refusal(collection_xml(repeated("<N>\n", 100'000) + repeated("</N>", 100'000))).find("deeper than 64") !=
          std::string::npos);
    // Entities that would expand to gigabytes are not expanded.
    CHECK(refusal("<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><x>&b;</x>").find("<x>") !=
          std::string::npos);
}

TEST_CASE("eighteen thousand tracks are indexed, each found again") {
    std::string tracks;
    for (int i = 0; i < 18'000; ++i) {
        const std::string n = std::to_string(i);
        tracks += "<TRACK TrackID=\"" + n + "\" Name=\"Track " + n + "\" Artist=\"Somebody\" AverageBpm=\"" +
                  std::to_string(100 + i % 60) + ".00\" Location=\"file://localhost/D:/Music/Folder%20" +
                  std::to_string(i % 97) + "/Track%20" + n +
                  ".mp3\" Tonality=\"Am\"><TEMPO Inizio=\"0.1\" Bpm=\"120.00\" Metro=\"4/4\" Battito=\"1\"/>"
                  "<POSITION_MARK Name=\"\" Type=\"0\" Start=\"0.1\" Num=\"-1\"/></TRACK>\n";
    }
    const auto begun = std::chrono::steady_clock::now();
    const Collection collection{collection_xml(tracks)};
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun;
    MESSAGE("18,000 tracks (", tracks.size() >> 20U, " MB) indexed in ", taken.count(), " ms");
    REQUIRE(collection.read.tracks().size() == 18'000);
    for (int i = 0; i < 18'000; i += 999) {
        const auto match = collection.read.match("/mnt/usb/track " + std::to_string(i) + ".MP3");
        REQUIRE(match.track != nullptr);
        CHECK(match.track->bpm() == 100 + i % 60);
    }
}

TEST_CASE("audio is found where it lies now") {
    const TemporaryFolder folder;
    const auto music = folder.path() / "music";
    write(music / "Artist" / "Album" / "one.wav", "1");
    write(music / "Artist" / "Other" / "one.wav", "2");
    write(music / cafe_decomposed, "3");
    write(folder.path() / "json" / "near.wav", "4");
    TrackStruct track;
    track.file = folder.path() / "json" / "x.json";
    const AudioLookup by_dir{music};
    const AudioLookup plain{std::nullopt};
    const auto find = [&track](const AudioLookup& lookup, const std::string& audio, const std::string& rekordbox = {}) {
        track.audio = audio;
        return lookup.find(track, rekordbox).file;
    };
    CHECK(find(by_dir, "/gone/Artist/Other/one.wav") == music / "Artist" / "Other" / "one.wav");
    CHECK(find(by_dir, "C:\\gone\\artist\\album\\ONE.WAV") == music / "Artist" / "Album" / "one.wav");
    CHECK(find(by_dir, "Artist/Other/one.wav") == music / "Artist" / "Other" / "one.wav");
    CHECK(find(by_dir, "/gone/" + cafe_composed) == music / cafe_decomposed);
    CHECK(find(plain, (music / cafe_composed).string()) == music / cafe_decomposed);
    CHECK(find(plain, "near.wav") == folder.path() / "json" / "near.wav");
    CHECK(find(plain, "/gone/x.wav", (music / "Artist" / "Album" / "one.wav").string()) ==
          music / "Artist" / "Album" / "one.wav");
    CHECK(find(by_dir, (folder.path() / "json" / "near.wav").string()) == folder.path() / "json" / "near.wav");
    try {
        (void)find(by_dir, "/gone/nowhere.wav", "/rekordbox/nowhere.wav");
        FAIL("found what is not there");
    } catch (const NotExported& why) {
        CHECK(why.reason() == "audio missing");
        const std::string detail = why.what();
        CHECK(detail.find("/gone/nowhere.wav") != std::string::npos);
        CHECK(detail.find("/rekordbox/nowhere.wav") != std::string::npos);
        CHECK(detail.find(music.string()) != std::string::npos);
    }
}

TEST_CASE("audio files that fit equally well are said, and the nearer one is no matter of doubt") {
    const TemporaryFolder folder;
    const auto music = folder.path() / "music";
    write(music / "A" / "one.wav", "1");
    write(music / "B" / "one.wav", "2");
    TrackStruct track;
    track.file = folder.path() / "x.json";
    const AudioLookup lookup{music};
    track.audio = "/gone/one.wav";
    const auto tie = lookup.find(track, {});
    CHECK(tie.file == music / "A" / "one.wav");
    CHECK(tie.doubt == (music / "B" / "one.wav").string());
    track.audio = "/gone/B/one.wav";
    CHECK(lookup.find(track, {}).file == music / "B" / "one.wav");
    CHECK(lookup.find(track, {}).doubt.empty());
}

TEST_CASE(
    "of several tracks of one name the one of the same length is meant, then the nearest, then those that agree") {
    const auto read = [](const std::string& tracks) { return Collection{collection_xml(tracks)}; };
    const auto entry = [](const char* folder, const char* bpm, const char* key, const char* seconds) {
        return std::string{"<TRACK Name='T' Location='file://localhost/"} + folder + "/track.wav' AverageBpm='" + bpm +
               "' Tonality='" + key + "' TotalTime='" + seconds + "'/>\n";
    };
    // One of them was never analysed: it says nothing.
    const auto twice = read(entry("a", "0.00", "", "101") + entry("b", "124.60", "8A", "101"));
    const auto found = twice.read.match("/elsewhere/track.wav");
    REQUIRE(found.track != nullptr);
    CHECK(found.track->bpm() == 124.6);
    CHECK(found.tonality() == "8A");
    // But a folder of its own is more than an analysis of another track.
    CHECK(twice.read.match("/music/a/track.wav").track->bpm() == 0.0);

    const auto lengths = read(entry("a", "124.60", "8A", "101") + entry("b", "126.00", "9A", "240"));
    CHECK(lengths.read.match("/elsewhere/track.wav", Seconds{239.2}).track->bpm() == 126.0);
    CHECK(lengths.read.match("/elsewhere/a/track.wav", Seconds{239.2}).track->bpm() == 126.0);
    CHECK(lengths.read.match("/elsewhere/a/track.wav", Seconds{500.0}).track->bpm() == 124.6);
    const auto torn = lengths.read.match("/elsewhere/track.wav", Seconds{500.0});
    CHECK(torn.ambiguous());
    CHECK(torn.differences == "AverageBpm 124.60 and 126.00, Tonality 8A and 9A, TotalTime 101 and 240 (lines 4, 5)");

    const auto keys = read(entry("a", "124.60", "8A", "101") + entry("b", "124.60", "9A", "101"));
    const auto agreed = keys.read.match("/elsewhere/track.wav");
    REQUIRE(agreed.track != nullptr);
    CHECK(agreed.track->bpm() == 124.6);
    CHECK(agreed.key_differs);
    CHECK(agreed.tonality().empty());
    CHECK(agreed.differences.find("Tonality 8A and 9A") != std::string::npos);
}

TEST_CASE("every real file is read, or refused with its name") {
    const auto data = test::real_data();
    if (!data) {
        MESSAGE("no real-world files beside this checkout: skipped");
        return;
    }
    for (const auto& entry : std::filesystem::directory_iterator{*data / "allin1"}) {
        INFO(entry.path().string());
        const TrackStruct track = read_track_struct(entry.path());
        CHECK(track.bpm > 0.0);
        CHECK(track.beats.size() > 90);
        CHECK(track.segments.size() >= 4);
    }
    std::size_t tracks = 0;
    for (const auto& entry : std::filesystem::directory_iterator{*data / "rekordbox"}) {
        INFO(entry.path().string());
        std::vector<std::string> warnings;
        const auto collection =
            RekordboxCollection::read(entry.path(), [&warnings](const std::string& text) { warnings.push_back(text); });
        tracks += collection.tracks().size();
        CHECK_FALSE(collection.tracks().empty());
        for (const std::string& warning : warnings) {
            CHECK(warning.starts_with(entry.path().string() + ":"));
        }
        for (const RekordboxTrack& track : collection.tracks()) {
            CHECK(collection.match(track.path).track != nullptr);
        }
    }
    CHECK(tracks >= 30);
}
