// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/audio/sound_files.hpp"

#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

namespace crowdjack::test {

namespace {

namespace fs = std::filesystem;

std::string anything(std::size_t size, unsigned seed) {
    std::mt19937 random{seed};
    std::string bytes(size, '\0');
    for (char& each : bytes) {
        each = static_cast<char>(random() & 0xFFU);
    }
    return bytes;
}

std::string little_endian(std::uint32_t value) {
    std::string bytes;
    for (int i = 0; i < 4; ++i, value >>= 8U) {
        bytes += static_cast<char>(value & 0xFFU);
    }
    return bytes;
}

/// An APEv2 tag with a head.
std::string ape_tag(std::uint32_t size) {
    const auto end = [&](std::uint32_t flags) {
        return "APETAGEX" + little_endian(2000) + little_endian(size + 32) + little_endian(1) + little_endian(flags) +
               std::string(8, '\0');
    };
    return end(0xA0000000U) + std::string(size, '\1') + end(0x80000000U);
}

bool is_stream(const std::string& ending) {
    return ending == ".mp3" || ending == ".mp2" || ending == ".flac" || ending == ".ogg" || ending == ".opus" ||
           ending == ".oga";
}

/// Another count of frames in the Xing header; `change` may also take the whole field away.
std::optional<std::string> with_count(const std::string& bytes,
                                      const std::function<std::int64_t(std::int64_t)>& change) {
    std::size_t at = bytes.find("Xing");
    at = at > 2000 ? bytes.find("Info") : at;
    if (at > 2000) {
        return std::nullopt;
    }
    std::int64_t count = 0;
    for (std::size_t i = at + 8; i < at + 12; ++i) {
        count = count * 256 + static_cast<unsigned char>(bytes[i]);
    }
    std::string changed = bytes;
    const std::int64_t wanted = change(count);
    if (wanted < 0) {  // no flag, no field
        changed[at + 7] = static_cast<char>(static_cast<unsigned char>(changed[at + 7]) & 0xFEU);
        changed.erase(at + 8, 4);
        changed.insert(at + 100, 4, '\0');
        return changed;
    }
    for (std::size_t i = 0; i < 4; ++i) {
        changed[at + 8 + i] = static_cast<char>(wanted >> (24U - 8U * i) & 0xFF);
    }
    return changed;
}

Damage counted(const std::string& name, std::function<std::int64_t(std::int64_t)> change) {
    return {name,
            [change = std::move(change)](const std::string& bytes, const std::string& ending) {
                return ending == ".mp3" ? with_count(bytes, change) : std::nullopt;
            },
            1};
}

/// The place of a RIFF file's size of the chunk called `name`.
std::optional<std::size_t> size_in_riff(const std::string& bytes, const std::string& name) {
    const std::size_t at = bytes.substr(0, 2000).find(name);
    return bytes.starts_with("RIFF") && at != std::string::npos ? std::optional{at + 4} : std::nullopt;
}

/// Another number where a WAV says how many bytes of sound follow.
Damage sized(const std::string& name, std::function<std::uint32_t(std::uint32_t)> change) {
    return {name,
            [change = std::move(change)](const std::string& bytes, const std::string& ending) {
                const auto at = ending == ".wav" ? size_in_riff(bytes, "data") : std::nullopt;
                if (!at) {
                    return std::optional<std::string>{};
                }
                std::string changed = bytes;
                changed.replace(*at, 4, little_endian(change(static_cast<std::uint32_t>(bytes.size() - *at - 4))));
                return std::optional{changed};
            },
            0};
}

/// A chunk that nobody knows before the sound.
Damage chunk_before(const std::string& name, const std::string& chunk) {
    return {name,
            [chunk](const std::string& bytes, const std::string& ending) {
                const auto at = ending == ".wav" ? size_in_riff(bytes, "data") : std::nullopt;
                return at ? std::optional{bytes.substr(0, *at - 4) + chunk + bytes.substr(*at - 4)} : std::nullopt;
            },
            0};
}

/// A VBRI frame, as Fraunhofer's encoder writes it, in the place of the first.
std::optional<std::string> with_vbri(const std::string& bytes, const std::string& ending) {
    std::size_t at = bytes.find("Xing");
    at = at > 2000 ? bytes.find("Info") : at;
    const std::size_t frame = at > 2000 ? at : bytes.rfind("\xFF\xFB", at);
    if (ending != ".mp3" || frame > 2000 || at - frame != 36) {
        return std::nullopt;
    }
    std::string changed = bytes;
    changed.replace(frame + 36, 50, std::string{"VBRI\0\1\2\0\0\x64\0\1\0\0\0\0\0\x50", 18} + std::string(32, '\0'));
    return changed;
}

/// For files that are read packet by packet: the others have one place for the sound and nothing else.
Damage to_streams(const std::string& name, int blocks, std::function<std::string(const std::string&)> change) {
    return {name,
            [change = std::move(change)](const std::string& bytes, const std::string& ending) {
                return is_stream(ending) ? std::optional{change(bytes)} : std::nullopt;
            },
            blocks};
}

bool run(const fs::path& folder, const std::string& command) {
    const std::string whole = "cd '" + folder.string() + "' && (" + command + ") </dev/null >/dev/null 2>&1";
    return std::system(whole.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe): one thread
}

}  // namespace

const std::vector<FileKind>& file_kinds() {
    static const std::vector<FileKind> kinds{
        {"lame-cbr", ".mp3", "lame -b 192 sound.wav OUT", 1152},
        {"lame-vbr", ".mp3", "lame -V 4 sound.wav OUT", 1152},
        {"lame-no-header", ".mp3", "lame -t -b 128 sound.wav OUT", 1152},
        {"lame-checksums", ".mp3", "lame -p -b 128 sound.wav OUT", 1152},
        {"lame-mpeg2-mono", ".mp3", "lame -m m small.wav OUT", 576},
        {"lame-mpeg2.5", ".mp3", "lame -m m --resample 8 -b 24 small.wav OUT", 576},
        {"ffmpeg", ".mp3", "ffmpeg -y -i sound.wav -c:a libmp3lame -b:a 160k OUT", 1152},
        {"ffmpeg-pipe", ".mp3", "ffmpeg -i sound.wav -f mp3 - > OUT", 1152},
        {"ffmpeg-layer2", ".mp2", "ffmpeg -y -i sound.wav -c:a mp2 -b:a 192k OUT", 1152},
        {"ffmpeg-mp3-in", ".wav", "ffmpeg -y -i sound.wav -c:a libmp3lame OUT", 1152},
        {"flac", ".flac", "flac -f -o OUT sound.wav", 4096},
        {"flac-small-blocks", ".flac", "flac -f -b 576 -o OUT sound.wav", 576},
        {"ffmpeg-pipe", ".flac", "ffmpeg -i sound.wav -f flac - > OUT", 4608},
        {"sox-24-bit", ".flac", "sox sound.wav -b 24 OUT", 4096},
        {"flac-in-ogg", ".oga", "flac --ogg -f -o OUT sound.wav", 4096},
        {"ffmpeg-flac-in-ogg", ".oga", "ffmpeg -y -i sound.wav -c:a flac -f ogg OUT", 4608},
        {"oggenc", ".ogg", "oggenc -q 5 -o OUT sound.wav", 1024},
        {"oggenc-chain", ".ogg",
         "oggenc -s 1 -o one.ogg sound.wav && oggenc -s 2 -q 3 -o two.ogg sound.wav && cat one.ogg two.ogg > OUT",
         1024},
        {"ffmpeg", ".ogg", "ffmpeg -y -i sound.wav -c:a libvorbis OUT", 1024},
        {"opusenc", ".opus", "opusenc sound.wav OUT", 960},
        {"ffmpeg", ".opus", "ffmpeg -y -i sound.wav -c:a libopus OUT", 960},
        {"opusenc-chain", ".opus",
         "opusenc --serial 1 sound.wav one.opus && opusenc --serial 2 sound.wav two.opus && cat one.opus two.opus > "
         "OUT",
         960},
        {"sox-24-bit", ".wav", "sox sound.wav -b 24 OUT", 1},
        {"sox-8-bit", ".wav", "sox -D sound.wav -b 8 OUT", 1},
        {"sox-mu-law", ".wav", "sox sound.wav -e mu-law OUT", 1},
        {"sox-a-law", ".au", "sox sound.wav -e a-law OUT", 1},
        {"ffmpeg-six-channels", ".wav",
         "ffmpeg -y -i sound.wav -af 'pan=6c|c0=c0|c1=c1|c2=c0|c3=c1|c4=c0|c5=c1' -c:a pcm_s24le OUT", 1},
        {"ffmpeg-pipe", ".wav", "ffmpeg -i sound.wav -f wav - > OUT", 1},
        {"sox-pipe", ".wav", "sox sound.wav -t wav - > OUT", 1},
        {"ffmpeg-float", ".wav", "ffmpeg -y -i sound.wav -c:a pcm_f32le OUT", 1},
        {"ffmpeg-rf64", ".wav", "ffmpeg -y -i sound.wav -rf64 always OUT", 1},
        {"ffmpeg", ".aiff", "ffmpeg -y -i sound.wav OUT", 1},
        {"sox-pipe", ".aiff", "sox sound.wav -t aiff - > OUT", 1},
        {"ffmpeg-little-endian", ".aifc", "ffmpeg -y -i sound.wav -c:a pcm_s16le -f aiff OUT", 1},
        {"ffmpeg-float", ".aifc", "ffmpeg -y -i sound.wav -c:a pcm_f32be -f aiff OUT", 1},
        {"ffmpeg-mu-law", ".aifc", "ffmpeg -y -i sound.wav -c:a pcm_mulaw -f aiff OUT", 1},
        {"ffmpeg", ".caf", "ffmpeg -y -i sound.wav OUT", 1},
        {"ffmpeg-pipe", ".caf", "ffmpeg -i sound.wav -f caf - > OUT", 1},
        {"ffmpeg-float-pipe", ".caf", "ffmpeg -i sound.wav -c:a pcm_f32le -f caf - > OUT", 1},
        {"ffmpeg", ".au", "ffmpeg -y -i sound.wav OUT", 1},
        {"ffmpeg-pipe", ".au", "ffmpeg -i sound.wav -f au - > OUT", 1},
        {"ffmpeg", ".w64", "ffmpeg -y -i sound.wav OUT", 1},
    };
    return kinds;
}

const std::vector<Damage>& damages() {
    static const std::vector<Damage> all{
        {"none", [](const std::string& bytes, const std::string& /*ending*/) { return std::optional{bytes}; }, 0},
        {"cut at 60 %",
         [](const std::string& bytes, const std::string& /*ending*/) {
             return std::optional{bytes.substr(0, bytes.size() * 6 / 10)};
         },
         1},
        counted("count 0", [](std::int64_t /*count*/) { return 0; }),
        counted("count 1", [](std::int64_t /*count*/) { return 1; }),
        counted("count half", [](std::int64_t count) { return count / 2; }),
        counted("count double", [](std::int64_t count) { return count * 2; }),
        counted("count huge", [](std::int64_t /*count*/) { return std::int64_t{0x7fffffff}; }),
        counted("no count", [](std::int64_t /*count*/) { return -1; }),
        {"VBRI", with_vbri, 2},
        sized("size 0", [](std::uint32_t /*there*/) { return 0U; }),
        sized("size of a pipe", [](std::uint32_t /*there*/) { return 0xFFFFFFFFU; }),
        sized("size too large", [](std::uint32_t there) { return there + 4000; }),
        sized("size half", [](std::uint32_t there) { return there / 144 * 72; }),
        chunk_before("LIST before", "LIST" + little_endian(12) + "INFOISFT" + little_endian(0)),
        chunk_before("odd chunk before", "note" + little_endian(5) + std::string("hello\0", 6)),
        {"chunk behind",
         [](const std::string& bytes, const std::string& ending) {
             return ending == ".wav" && bytes.starts_with("RIFF")
                        ? std::optional{bytes + "id3 " + little_endian(64) + std::string(64, 'x')}
                        : std::nullopt;
         },
         0},
        to_streams("ID3 with footer", 0, [](const std::string& bytes) { return id3_tag(300, true) + bytes; }),
        to_streams("ID3 with picture", 0, [](const std::string& bytes) { return id3_tag(3'000'000) + bytes; }),
        to_streams("zeros before", 0, [](const std::string& bytes) { return std::string(5000, '\0') + bytes; }),
        to_streams("APE before", 0, [](const std::string& bytes) { return ape_tag(700) + bytes; }),
        to_streams("tags behind", 0,
                   [](const std::string& bytes) { return bytes + ape_tag(300) + "TAG" + std::string(125, 'x'); }),
        to_streams("begins mid-frame", 1, [](const std::string& bytes) { return bytes.substr(3333); }),
        to_streams("twice", 3, [](const std::string& bytes) { return bytes + bytes; }),
        to_streams("ID3 in the middle", 3,
                   [](const std::string& bytes) {
                       return bytes.substr(0, bytes.size() / 2) + id3_tag(4000) + bytes.substr(bytes.size() / 2);
                   }),
        to_streams("a tenth is missing", 3,
                   [](const std::string& bytes) {
                       return bytes.substr(0, bytes.size() * 3 / 10) + bytes.substr(bytes.size() * 4 / 10);
                   }),
    };
    return all;
}

void make_sounds(const fs::path& folder, std::int64_t frames) {
    std::mt19937 random{7};
    std::normal_distribution<float> noise{0.0F, 0.02F};
    const auto tone = sine(441.0, static_cast<double>(frames) / 44100.0, 44100.0, 0.2);
    std::vector<float> sound;
    for (const float sample : tone) {
        sound.push_back(sample + noise(random));
        sound.push_back(sample + noise(random));
    }
    write_audio(folder / "sound.wav", sound, 2, 44100, SampleFormat::pcm16);
    auto small = sine(441.0, static_cast<double>(frames) / 44100.0, 22050.0, 0.2);
    for (float& sample : small) {
        sample += noise(random);
    }
    write_audio(folder / "small.wav", small, 1, 22050, SampleFormat::pcm16);
}

std::optional<fs::path> make_file(const FileKind& kind, const fs::path& folder) {
    const fs::path file = folder / (kind.name + kind.ending);
    std::string command = kind.command;
    command.replace(command.find("OUT"), 3, "'" + file.string() + "'");
    const bool made = run(folder, command) && fs::exists(file) && fs::file_size(file) > 1000;
    return made ? std::optional{file} : std::nullopt;
}

std::string id3_tag(std::size_t size, bool footer) {
    std::string head{"ID3\x04\0", 5};
    head += footer ? '\x10' : '\0';
    for (const unsigned shift : {21U, 14U, 7U, 0U}) {
        head += static_cast<char>(size >> shift & 0x7FU);
    }
    std::string tag = head + anything(size, 5);
    return footer ? tag + "3DI" + head.substr(3) : tag;
}

std::vector<std::vector<float>> ffmpeg_decode(const std::vector<fs::path>& files) {
    // One process for all, since a start of FFmpeg takes longer than its work; unless it refuses one of them.
    const auto raw = [](const fs::path& file) { return file.string() + ".raw"; };
    const auto quoted = [](const std::string& name) { return " '" + name + "'"; };
    std::string inputs;
    std::string outputs;
    for (std::size_t i = 0; i < files.size(); ++i) {
        inputs += " -i" + quoted(files[i].string());
        outputs += " -map " + std::to_string(i) + ":a:0 -f f32le" + quoted(raw(files[i]));
    }
    const std::string command = "ffmpeg -v quiet -nostdin -y" + inputs + outputs + " 2>/dev/null </dev/null";
    const bool all = std::system(command.c_str()) == 0;  // NOLINT: one thread
    std::vector<std::vector<float>> sounds;
    for (const fs::path& file : files) {
        if (!all && files.size() > 1) {
            sounds.push_back(ffmpeg_decode({file}).front());
            continue;
        }
        const std::string bytes = text_of(raw(file));
        std::vector<float> sound(bytes.size() / sizeof(float));
        std::memcpy(sound.data(), bytes.data(), sound.size() * sizeof(float));
        sounds.push_back(std::move(sound));
        fs::remove(raw(file));
    }
    return sounds;
}

void write_bytes(const fs::path& file, const std::string& bytes) { std::ofstream{file, std::ios::binary} << bytes; }

}  // namespace crowdjack::test
