// SPDX-License-Identifier: GPL-3.0-or-later
// A table of real encoders × what happens to files: how long each is for a deck, a setlist, the exporter and FFmpeg.
#include "common/error.hpp"
#include "deck/track/sample_source.hpp"
#include "session/setlist/loudness.hpp"
#include "struct-export/audio_file.hpp"
#include "tests/audio/sound_files.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <random>

using namespace crowdjack;
using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

/// Lengths in frames; below 0: refused.
struct Lengths {
    std::int64_t deck{-1}, setlist{-1}, exporter{-1}, ffmpeg{-1};
    std::string why;  ///< the deck refuses

    [[nodiscard]] bool ours_agree() const { return deck == setlist && deck == exporter; }
};

struct Measurement {
    Lengths lengths;
    std::vector<float> left;   ///< as the deck plays it
    std::vector<float> other;  ///< as FFmpeg does
};

std::vector<float> left_of(SampleSource& source) {
    const auto frames = static_cast<std::size_t>(source.format().frames);
    std::vector<float> left(frames);
    std::vector<float> right(frames);
    for (std::size_t at = 0; at < frames; at += 10'000) {
        const std::size_t size = std::min<std::size_t>(10'000, frames - at);
        const std::size_t came =
            source.read(static_cast<std::int64_t>(at), {left.data() + at, size}, {right.data() + at, size});
        CHECK(came == size);  // all that was promised
    }
    return left;
}

/// @param theirs  what FFmpeg made of it
Measurement measured(const fs::path& file, const std::vector<float>& theirs = {}) {
    Measurement result;
    double rate = 44100.0;
    std::size_t channels = 2;
    try {
        const auto source = open_sample_source(file);
        result.lengths.deck = source->format().frames;
        rate = source->format().rate;
        channels = source->format().channels;
        result.left = left_of(*source);
    } catch (const Failure& failure) {
        result.lengths.why = failure.what();
    }
    try {
        result.lengths.exporter = AudioReader{file}.length().value;
    } catch (const Failure&) {
        result.lengths.exporter = -1;
    }
    const Measured set = measure_file(file.string(), 1e9);
    result.lengths.setlist = set.playable ? std::llround(set.length_s * rate) : -1;
    for (std::size_t i = 0; i + channels <= theirs.size(); i += channels) {
        result.other.push_back(theirs[i]);
    }
    result.lengths.ffmpeg = theirs.empty() ? -1 : static_cast<std::int64_t>(result.other.size());
    return result;
}

/// The greatest difference of two sounds from `begin` on, `size` frames long.
double difference(const std::vector<float>& a, const std::vector<float>& b, std::size_t begin, std::size_t size) {
    const std::size_t end = std::min({a.size(), b.size(), begin + size});
    double worst = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
        worst = std::max(worst, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    }
    return worst;
}

std::string shown(std::int64_t frames) { return frames < 0 ? "-" : std::to_string(frames); }

void print_row(const std::string& kind, const std::string& damage, const Lengths& lengths) {
    const auto column = [](std::string text, std::size_t width) {
        text.resize(std::max(width, text.size() + 1), ' ');
        return text;
    };
    std::cout << column(kind, 28) << column(damage, 20) << column(shown(lengths.deck), 9)
              << column(shown(lengths.setlist), 9) << column(shown(lengths.exporter), 9) << shown(lengths.ffmpeg)
              << '\n';
}

bool has(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT: one thread
}

}  // namespace

TEST_CASE("a deck, a setlist and the exporter find every file as long as FFmpeg does, whatever happened to it") {
    if (!has("ffmpeg")) {
        MESSAGE("skipped: ffmpeg is not installed (tests/packages)");
        return;
    }
    const TemporaryFolder folder;
    make_sounds(folder.path(), sound_frames / 2);  // thirty blocks of the largest kind: FFmpeg needs ten in a row
    std::cout << "kind                        damage              deck     setlist  exporter ffmpeg\n";
    for (const FileKind& kind : file_kinds()) {
        const auto whole = make_file(kind, folder.path());
        if (!whole) {
            MESSAGE("skipped: " << kind.name << kind.ending << " can't be made here");
            continue;
        }
        const std::string bytes = text_of(*whole);
        std::vector<fs::path> files;
        std::vector<Damage> done;
        for (const Damage& damage : damages()) {
            if (const auto damaged = damage.apply(bytes, kind.ending)) {
                files.push_back(folder / ("damaged-" + std::to_string(files.size()) + kind.ending));
                write_bytes(files.back(), *damaged);
                done.push_back(damage);
            }
        }
        const auto theirs = ffmpeg_decode(files);
        for (std::size_t i = 0; i < files.size(); ++i) {
            const Damage& damage = done[i];
            CAPTURE(kind.name);
            CAPTURE(kind.ending);
            CAPTURE(damage.name);
            const Measurement result = measured(files[i], theirs[i]);
            print_row(kind.name + kind.ending, damage.name, result.lengths);
            CHECK(result.lengths.ours_agree());
            if (result.lengths.ffmpeg < 0) {  // it gives up earlier: tags before an Ogg, an Ogg without its headers
                continue;
            }
            CHECK(result.lengths.deck > 0);
            const std::int64_t dispute = kind.block * std::max(damage.blocks, kind.block > 1 ? 1 : 0);
            if (kind.ending != ".oga" || damage.blocks < 3) {  // behind a hole in a FLAC in Ogg FFmpeg may give up
                CHECK(result.lengths.deck - result.lengths.ffmpeg <= dispute);
            }
            CHECK(result.lengths.ffmpeg - result.lengths.deck <= dispute);
            // A first frame that borrows bits from one before it can't be the same; a seam in the middle moves the end.
            constexpr double rounding = 1e-4;  // Layer II is dithered or rounded to 16 bit by one of both
            const std::size_t end = std::min(result.left.size(), result.other.size());
            const std::size_t looked_at = std::min<std::size_t>(end / 5, 48'000);
            if (damage.name != "begins mid-frame") {
                CHECK(difference(result.left, result.other, 0, looked_at) < rounding);
            }
            const bool seam = damage.blocks > 1 || kind.name.ends_with("-chain");
            if (!seam && damage.name != "count half") {  // where FFmpeg cuts out the padding half-way
                CHECK(difference(result.left, result.other, end - looked_at, looked_at) < rounding);
            }
        }
    }
}

TEST_CASE("the deck and the exporter refuse the same encodings, with one sentence that says how to convert them") {
    if (!has("ffmpeg")) {
        MESSAGE("skipped: ffmpeg is not installed (tests/packages)");
        return;
    }
    const TemporaryFolder folder;
    make_sounds(folder.path());
    const std::vector<FileKind> refused{
        {"aac", ".m4a", "ffmpeg -y -i sound.wav -c:a aac OUT", 1},
        {"alac", ".m4a", "ffmpeg -y -i sound.wav -c:a alac OUT", 1},
        {"adts", ".aac", "ffmpeg -y -i sound.wav OUT", 1},
        {"windows", ".wma", "ffmpeg -y -i sound.wav OUT", 1},
        {"wavpack", ".wv", "ffmpeg -y -i sound.wav OUT", 1},
        {"matroska", ".mka", "ffmpeg -y -i sound.wav -c:a flac OUT", 1},
        {"alac", ".caf", "ffmpeg -y -i sound.wav -c:a alac OUT", 1},
        {"ima", ".wav", "ffmpeg -y -i sound.wav -c:a adpcm_ima_wav OUT", 1},
        {"ms", ".wav", "ffmpeg -y -i sound.wav -c:a adpcm_ms OUT", 1},
        {"free-format", ".mp3", "lame --freeformat -b 200 sound.wav OUT", 1},
    };
    for (const FileKind& kind : refused) {
        CAPTURE(kind.name);
        CAPTURE(kind.ending);
        const auto file = make_file(kind, folder.path());
        if (!file) {
            continue;
        }
        const Measurement result = measured(*file);
        CHECK(result.lengths.deck < 0);
        CHECK(result.lengths.ours_agree());
        CHECK_MESSAGE(result.lengths.why.find("convert it, for example with: ffmpeg -i '" + kind.name + kind.ending) !=
                          std::string::npos,
                      result.lengths.why);
        CHECK(result.lengths.why.find('\n') == std::string::npos);
    }
}

TEST_CASE("a header that lies is noticed: what it claims is told beside what there is") {
    if (!has("lame") || !has("flac")) {
        MESSAGE("skipped: lame or flac is not installed (tests/packages)");
        return;
    }
    const TemporaryFolder folder;
    make_sounds(folder.path());
    for (const FileKind& kind : file_kinds()) {
        const bool counts = kind.name == "lame-vbr" || kind.name == "flac" || kind.name == "ffmpeg";
        const bool says = kind.ending == ".mp3" || kind.ending == ".flac" || kind.ending == ".aiff";
        const auto whole = counts && says ? make_file(kind, folder.path()) : std::nullopt;
        if (!whole) {
            continue;
        }
        CAPTURE(kind.name);
        CAPTURE(kind.ending);
        CHECK(!open_sample_source(*whole)->format().is_cut_off());
        const std::string bytes = text_of(*whole);
        const fs::path cut = folder / ("cut" + kind.ending);
        write_bytes(cut, bytes.substr(0, bytes.size() / 2));
        const TrackFormat format = open_sample_source(cut)->format();
        CHECK(format.is_cut_off());
        CHECK(std::abs(format.claimed_frames - sound_frames) < 2 * 1152);
        CHECK(std::abs(format.frames - sound_frames / 2) < 44100);
    }
}

TEST_CASE(
    "random cuts, joins and tags: never a death, never less than promised, never silence that is not in the file") {
    if (!has("ffmpeg")) {
        MESSAGE("skipped: ffmpeg is not installed (tests/packages)");
        return;
    }
    const TemporaryFolder folder;
    make_sounds(folder.path());
    std::vector<std::pair<std::string, FileKind>> good;
    for (const FileKind& kind : file_kinds()) {
        if (const auto file = make_file(kind, folder.path())) {
            good.emplace_back(text_of(*file), kind);
        }
    }
    REQUIRE(!good.empty());
    std::mt19937 random{20'261};
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random); };
    std::size_t played = 0;
    for (int round = 0; round < 250; ++round) {
        const auto& [bytes, kind] = good[below(good.size())];
        std::string damaged = bytes;
        for (std::size_t step = 0; step <= below(3); ++step) {
            const std::size_t at = below(damaged.size());
            switch (below(4)) {
            case 0:
                damaged.resize(std::max<std::size_t>(at, 100));
                break;
            case 1:
                damaged.erase(at, below(20'000));
                break;
            case 2:
                damaged.insert(at, id3_tag(below(9000), below(2) == 1));
                break;
            default:
                damaged += bytes.substr(below(bytes.size()));
                break;
            }
        }
        CAPTURE(round);
        CAPTURE(kind.name);
        CAPTURE(kind.ending);
        const fs::path file = folder / ("fuzzed" + kind.ending);
        write_bytes(file, damaged);
        std::shared_ptr<SampleSource> source;
        try {
            source = open_sample_source(file);
        } catch (const Failure&) {
            continue;
        }
        ++played;
        const std::vector<float> left = left_of(*source);
        std::size_t silent = 0;
        std::size_t longest = 0;
        for (const float sample : left) {
            silent = std::abs(sample) < 1e-6F ? silent + 1 : 0;
            longest = std::max(longest, silent);
        }
        // An encoder's delay (up to 1105 and, as FFmpeg has it, the info frame of a joined file), or up to three frames
        // that lack the bits they borrowed: that much an MP3 may be silent at a seam. Others never are.
        if (kind.name.starts_with("ffmpeg-float")) {
            continue;  // out of step, four bytes are mostly no number
        }
        CHECK(longest <= (kind.block == 1152 || kind.block == 576 ? 4 * 1152U : 64U));
    }
    CHECK(played > 150);
}

TEST_CASE("every place of a track is found exactly, also when it is decoded again within little memory") {
    const TemporaryFolder folder;
    make_sounds(folder.path());
    for (const FileKind& kind : file_kinds()) {
        const auto file = kind.block > 1 ? make_file(kind, folder.path()) : std::nullopt;
        if (!file) {
            continue;
        }
        CAPTURE(kind.name);
        CAPTURE(kind.ending);
        const auto whole = open_sample_source(*file);
        const std::vector<float> wanted = left_of(*whole);
        const auto budget = std::make_shared<DecodedMemory>(std::size_t{1} << 20U);  // 1 MB: 3 s of it
        const auto small = open_sample_source(*file, budget);
        std::mt19937 random{3};
        double worst = 0.0;
        for (int i = 0; i < 40; ++i) {
            const std::size_t at = random() % (wanted.size() - 3000);
            std::array<float, 3000> left{};
            std::array<float, 3000> right{};
            REQUIRE(small->read(static_cast<std::int64_t>(at), left, right) == left.size());
            for (std::size_t k = 0; k < left.size(); ++k) {
                worst =
                    std::max(worst, std::abs(static_cast<double>(left.at(k)) - static_cast<double>(wanted[at + k])));
            }
            small->work_ahead();
        }
        CHECK(worst < (kind.ending == ".opus" ? 1e-4 : 1e-7));  // an Opus decoder only draws near to what it was
        CHECK(small->memory() <= std::size_t{9} * 262'144);     // eight chunks it can't do without, and one more
        CHECK(budget->used() == small->memory());
    }
}
