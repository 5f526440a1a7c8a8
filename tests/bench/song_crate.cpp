// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a crate of made-up, tagged music in four formats, some of it 12 dB quieter, with the truth beside it.
//
// usage: song_crate FOLDER TRACKS BARS [SEED]
#include "tests/support/song.hpp"
#include "tests/support/waves.hpp"

#include <taglib/fileref.h>
#include <taglib/tpropertymap.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

void tag(const fs::path& file, const std::string& title, const std::string& artist) {
    TagLib::FileRef reference{file.c_str()};
    TagLib::PropertyMap properties = reference.file()->properties();
    properties.replace("TITLE", TagLib::String{title, TagLib::String::UTF8});
    properties.replace("ARTIST", TagLib::String{artist, TagLib::String::UTF8});
    reference.file()->setProperties(properties);
    reference.save();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: song_crate FOLDER TRACKS BARS [SEED]\n");
        return 2;
    }
    const fs::path folder = argv[1];
    const int tracks = std::atoi(argv[2]);
    const int seed = argc > 4 ? std::atoi(argv[4]) : 1;
    fs::create_directories(folder);
    std::ofstream truth{folder / "truth.csv"};
    truth << "file,bpm,first_beat_s,key\n";
    constexpr std::array endings{".wav", ".mp3", ".flac", ".ogg"};
    constexpr std::array styles{test::Style::house,      test::Style::loud_hats, test::Style::trance,
                                test::Style::slow_intro, test::Style::techno,    test::Style::rock};
    for (int i = 0; i < tracks; ++i) {
        auto spec = test::random_spec(styles[static_cast<std::size_t>(i) % styles.size()],
                                      static_cast<std::uint32_t>(seed * 1000 + i));
        spec.bars = std::atoi(argv[3]);
        test::Song song = test::make_song(spec);
        const float gain = i % 3 == 1 ? 0.25F : 1.0F;
        for (float& sample : song.stereo) {
            sample *= gain;
        }
        const fs::path file =
            folder / ("Täck №" + std::to_string(i + 1) + " 🎶" + endings[static_cast<std::size_t>(i) % 4]);
        test::write_audio(file, song.stereo, 2, spec.rate, test::SampleFormat::pcm16);
        tag(file, std::string{"Größe "} + std::to_string(i + 1) + " 🎵",
            std::string{"Künstler "} + test::style_name(spec.style));
        truth << file.filename().string() << ',' << song.bpm << ',' << song.first_beat_s << ',' << song.key << '\n';
    }
    return 0;
}
