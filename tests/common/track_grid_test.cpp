// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/track_grid.hpp"
#include "common/track_tags.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <taglib/fileref.h>
#include <taglib/tpropertymap.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

/// A music folder of its own, with an empty cache.
struct Shelf {
    test::TemporaryFolder folder;
    Shelf() { ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1); }

    [[nodiscard]] fs::path track(const std::string& name, const char* bpm_tag = nullptr) const {
        const fs::path file = folder / name;
        fs::create_directories(file.parent_path());
        test::write_audio(file, test::sine(440.0, 0.5, 44100.0), 1, 44100, test::SampleFormat::pcm16);
        if (bpm_tag != nullptr) {
            TagLib::FileRef reference{file.c_str()};
            TagLib::PropertyMap properties = reference.file()->properties();
            properties.replace("BPM", TagLib::String{bpm_tag});
            properties.replace("TITLE", TagLib::String{"Straße 🎵", TagLib::String::UTF8});
            properties.replace("ARTIST", TagLib::String{"Björk", TagLib::String::UTF8});
            reference.file()->setProperties(properties);
            REQUIRE(reference.save());
        }
        return file;
    }
};

/// As all-in-one writes it: beats to 10 ms, a whole BPM.
void write_structure(const fs::path& json, const std::string& path, double bpm, double first, int bar_offset) {
    fs::create_directories(json.parent_path());
    std::ostringstream beats;
    std::ostringstream downbeats;
    std::ostringstream positions;
    for (int i = 0; i < 64; ++i) {
        const double at = std::round((first + i * 60.0 / bpm) * 100.0) / 100.0;
        beats << (i > 0 ? "," : "") << at;
        positions << (i > 0 ? "," : "") << (i + 4 - bar_offset) % 4 + 1;
        if (i % 4 == bar_offset) {
            downbeats << (i > bar_offset ? "," : "") << at;
        }
    }
    std::ofstream{json} << R"({"path":")" << path << R"(","bpm":)" << std::lround(bpm) << R"(,"beats":[)" << beats.str()
                        << R"(],"downbeats":[)" << downbeats.str() << R"(],"beat_positions":[)" << positions.str()
                        << R"(],"segments":[]})";
}

}  // namespace

TEST_CASE("a track's grid comes from the structure JSON beside it, exact though its BPM is rounded") {
    const Shelf shelf;
    for (const char* place : {"a/one.json", "a/struct/one.json", "struct/one.json"}) {
        CAPTURE(place);
        const fs::path track = shelf.track("a/one.wav", "99");
        write_structure(shelf.folder / place, "/another/machine/one.wav", 124.37, 0.53, 2);
        const TrackGrid grid = find_track_grid(track);
        CHECK(std::string{to_text(grid.source)} == "structure");
        CHECK(grid.bpm == doctest::Approx(124.37).epsilon(0.0002));
        // The downbeat is the third beat: two beats after the first, less the bars before it that fit in.
        const double bar = 240.0 / 124.37;
        const double expected = std::fmod(0.53 + 2 * 60.0 / 124.37, bar);
        CHECK(std::abs(grid.first_beat_s - expected) < 0.006);  // beats are written to 10 ms
        CHECK(grid.beat_known);
        CHECK(grid.steady);
        fs::remove(shelf.folder / place);
    }
}

TEST_CASE("a structure of another track, or none that can be read, is passed over") {
    const Shelf shelf;
    const fs::path track = shelf.track("b/two.wav", "127,5");
    write_structure(shelf.folder / "b/two.json", "/music/somebody else.wav", 100.0, 0.0, 0);
    CHECK(find_track_grid(track).bpm == doctest::Approx(127.5));
    CHECK(std::string{to_text(find_track_grid(track).source)} == "tag");
    std::ofstream{shelf.folder / "b/two.json"} << "{ not json";
    CHECK(std::string{to_text(find_track_grid(track).source)} == "tag");
}

TEST_CASE("a rounded tag gives way to the analysis that agrees with it, and prevails over one that does not") {
    const Shelf shelf;
    const fs::path track = shelf.track("c/three.flac", "128");
    write_structure(analysis_cache_file(track), track.string(), 127.93, 0.25, 0);
    TrackGrid grid = find_track_grid(track);
    CHECK(std::string{to_text(grid.source)} == "analysis");
    CHECK(grid.bpm == doctest::Approx(127.93).epsilon(0.0002));
    write_structure(analysis_cache_file(track), track.string(), 64.0, 0.25, 0);
    grid = find_track_grid(track);
    CHECK(std::string{to_text(grid.source)} == "tag");
    CHECK(grid.bpm == doctest::Approx(128.0));
    CHECK_FALSE(grid.beat_known);
}

TEST_CASE("a track that nobody knows is at 120, and says so") {
    const Shelf shelf;
    const TrackGrid grid = find_track_grid(shelf.track("d/four.wav"));
    CHECK(grid.bpm == doctest::Approx(120.0));
    CHECK(std::string{to_text(grid.source)} == "default");
    CHECK(std::string{to_text(find_track_grid(shelf.folder / "is not there.wav").source)} == "default");
}

TEST_CASE("titles and artists are read as UTF-8 from every container") {
    const Shelf shelf;
    for (const char* name : {"t.wav", "t.flac", "t.ogg", "t.mp3", "t.aiff"}) {
        CAPTURE(name);
        const TrackTags tags = read_track_tags(shelf.track(name, "126.4"));
        CHECK(tags.title == "Straße 🎵");
        CHECK(tags.artist == "Björk");
        CHECK(tags.bpm == doctest::Approx(126.4));
        CHECK(track_name(tags, "x.wav") == "Björk - Straße 🎵");
    }
    CHECK(track_name({}, "/music/My Song.mp3") == "My Song");
}
