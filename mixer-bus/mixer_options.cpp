// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_options.hpp"

#include "common/error.hpp"
#include "common/options.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

void describe(po::options_description& own) {
    // clang-format off
    own.add_options()
        ("strips", po::value<std::string>()->default_value("A,B,C,D,mic"), "names of the stereo inputs, 1 to 16")
        ("music-dir", po::value<std::vector<std::string>>()->composing(),
         "where recordings may go (again for more); else home and the working folder")
        ("eq-boost", po::value<double>()->default_value(0.0, "0"), "dB that an EQ band has at 100 %, 0 to 24")
        ("no-eq", po::bool_switch(), "leave the EQ out altogether")
        ("crossover-low", po::value<double>()->default_value(200.0, "200"), "Hz between low and mid")
        ("crossover-high", po::value<double>()->default_value(2000.0, "2000"), "Hz between mid and high")
        ("record", po::value<std::string>(), "record the master from the start: .wav, .rf64, .flac, .ogg, .opus or .mp3; the name may hold fields of the time, as strftime has them: set-%Y%m%d-%H%M.flac")
        ("record-split", po::value<std::string>(), "a new file each so often: 60m (s m h d w), without a lost frame")
        ("record-keep", po::value<std::vector<std::string>>()->composing(),
         "remove recordings of the same name that are older than 14d (m h d w), or the oldest beyond 200G (M G T); again for both")
        ("record-format", po::value<std::string>(), "samples of .wav, .rf64 and .flac: s16, s24 or f32 (the default; .flac s24)")
        ("stream-url-file", po::value<std::string>(),
         "stream from the start to the address in this file: icecast://source:PASSWORD@HOST:PORT/MOUNT [vorbis|opus|mp3]")
        ("stream-name", po::value<std::string>()->default_value(""), "the station's name")
        ("stream-genre", po::value<std::string>()->default_value(""), "its genre")
        ("stream-url", po::value<std::string>()->default_value(""), "its web page")
        ("stream-public", po::bool_switch(), "may be listed in public directories")
        ("stream-bitrate", po::value<int>()->default_value(0, "about 190"), "kbit/s, 32 to 320");
    // clang-format on
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What JACK and a session file's patterns can take in a port's name.
bool is_strip_name(const std::string& name) {
    constexpr std::string_view special{":*\"\\"};
    return !name.empty() && name.size() <= 32 && name != "master" && name != "phones" &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte >= 0x20 && byte != 0x7F && special.find(c) == std::string_view::npos;
           });
}

std::vector<std::string> parse_strips(const std::string& text) {
    std::vector<std::string> strips;
    std::istringstream names{text};
    for (std::string part; std::getline(names, part, ',');) {
        const std::string name = trimmed(part);
        if (!is_strip_name(name)) {
            throw UsageError{"bad strip name '" + name +
                             "' in --strips: 1 to 32 characters without : * \" or \\, not master or phones"};
        }
        strips.push_back(name);
    }
    if (strips.empty() || strips.size() > max_strips) {
        throw UsageError{"--strips names " + std::to_string(strips.size()) + " strips: there may be 1 to 16"};
    }
    if (std::set<std::string>(strips.begin(), strips.end()).size() != strips.size()) {
        throw UsageError{"--strips " + text + " names a strip twice"};
    }
    return strips;
}

double in_range(const CommandLine& line, const std::string& option, double low, double high) {
    const auto value = line.values()[option].as<double>();
    if (!(value >= low && value <= high)) {
        std::ostringstream text;
        text << "--" << option << " " << value << " is not within " << low << " to " << high;
        throw UsageError{text.str()};
    }
    return value;
}

ControlSetup control_setup(const CommandLine& line) {
    ControlSetup control;
    control.strips = parse_strips(line.values()["strips"].as<std::string>());
    control.curve = EqCurve{{in_range(line, "eq-boost", 0.0, 24.0)}};
    control.mixer.strips = control.strips.size();
    control.mixer.has_eq = !line.values()["no-eq"].as<bool>();
    control.mixer.low_crossover_hz = in_range(line, "crossover-low", 40.0, 3000.0);
    control.mixer.high_crossover_hz = in_range(line, "crossover-high", 400.0, 10000.0);
    if (control.mixer.high_crossover_hz < 2.0 * control.mixer.low_crossover_hz) {
        throw UsageError{"--crossover-high must lie at least an octave above --crossover-low"};
    }
    return control;
}

/// Makes sure before anything starts that the recording can begin. A name that is taken is no reason not to start:
/// after a power cut the recording goes on under the next name.
fs::path recording_wish(const std::string& text, MusicFolders& folders) {
    if (!recording_format(text)) {
        throw UsageError{"--record " + text + ": use " + std::string{recording_formats}};
    }
    folders.add_folder_of(text);
    try {
        const RecordingName name{fs::absolute(text)};
        return folders.fresh(name.free_name(std::time(nullptr)).string()).parent_path() / name.asked().filename();
    } catch (const PathError& error) {
        throw Failure{"--record: " + std::string{error.what()}};
    } catch (const Failure& error) {
        throw UsageError{"--record: " + std::string{error.what()}};
    }
}

RecorderSettings recorder_settings(const CommandLine& line, MusicFolders& folders) {
    RecorderSettings settings;
    const auto& values = line.values();
    if (line.given("record")) {
        settings.from_start = recording_wish(values["record"].as<std::string>(), folders);
    }
    if (line.given("record-split")) {
        settings.split = parse_duration(values["record-split"].as<std::string>(), "record-split");
    }
    if (line.given("record-keep")) {
        for (const auto& rule : values["record-keep"].as<std::vector<std::string>>()) {
            settings.keep.add(rule);
        }
    }
    if (line.given("record-format")) {
        settings.width = parse_sample_width(values["record-format"].as<std::string>());
    }
    return settings;
}

/// The first line of the file that is not empty: an address and, perhaps, a format. Editors leave a byte order mark at
/// the beginning and carriage returns at the ends of lines.
RunningNote::Stream stream_wish(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    std::string line;
    bool first = true;
    while (std::getline(in, line)) {
        if (std::exchange(first, false)) {
            if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF")) {
                throw Failure{"the stream address in " + file + " is written in UTF-16: save the file as UTF-8"};
            }
            line.erase(0, line.starts_with("\xEF\xBB\xBF") ? 3 : 0);
        }
        std::istringstream words{line};
        std::string url;
        std::string format;
        if (!(words >> url)) {
            continue;
        }
        RunningNote::Stream stream{StreamTarget::parse(url), StreamFormat::vorbis};
        if (words >> format) {
            stream.format = parse_stream_format(format);
        }
        return stream;
    }
    throw Failure{"cannot read a stream address from " + file + ": it should hold one line"};
}

StreamerSettings streamer_settings(const CommandLine& line) {
    StreamerSettings settings;
    const auto& values = line.values();
    settings.station.name = values["stream-name"].as<std::string>();
    settings.station.genre = values["stream-genre"].as<std::string>();
    settings.station.url = values["stream-url"].as<std::string>();
    settings.station.listed = values["stream-public"].as<bool>();
    settings.station.bitrate = values["stream-bitrate"].as<int>();
    if (line.given("stream-bitrate") && (settings.station.bitrate < 32 || settings.station.bitrate > 320)) {
        throw UsageError{"--stream-bitrate " + std::to_string(settings.station.bitrate) + " is not within 32 to 320"};
    }
    if (line.given("stream-url-file")) {
        settings.from_start = stream_wish(values["stream-url-file"].as<std::string>());
    }
    return settings;
}

}  // namespace

std::optional<MixerOptions> read_mixer_options(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-mixer-bus", "mixes, meters, records and streams what is patched into its strips"};
    describe(line.own);
    const auto common = line.parse(argc, argv);
    if (!common) {
        return {};
    }
    MixerOptions options;
    options.common = *common;
    options.control = control_setup(line);
    const auto& values = line.values();
    std::vector<fs::path> roots;
    if (line.given("music-dir")) {
        for (const auto& root : values["music-dir"].as<std::vector<std::string>>()) {
            roots.emplace_back(root);
        }
    } else if (!common->osc_bind.starts_with("127.")) {
        throw UsageError{"--osc-bind " + common->osc_bind + " lets others command: name the folders with --music-dir"};
    }
    options.folders = MusicFolders{roots};
    options.recorder = recorder_settings(line, options.folders);
    options.streamer = streamer_settings(line);
    return options;
}

}  // namespace crowdjack
