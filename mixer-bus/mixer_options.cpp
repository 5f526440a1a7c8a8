// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/mixer_options.hpp"

#include "common/error.hpp"
#include "common/options.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

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
        ("record", po::value<std::string>(), "record the master from the start: .wav, .rf64, .flac or .ogg")
        ("stream-url-file", po::value<std::string>(),
         "stream from the start to the address in this file: icecast://source:PASSWORD@HOST:PORT/MOUNT [vorbis|opus|mp3]");
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

DeskSetup desk_setup(const CommandLine& line) {
    DeskSetup desk;
    desk.strips = parse_strips(line.values()["strips"].as<std::string>());
    desk.curve = EqCurve{{in_range(line, "eq-boost", 0.0, 24.0)}};
    desk.mixer.strips = desk.strips.size();
    desk.mixer.has_eq = !line.values()["no-eq"].as<bool>();
    desk.mixer.low_crossover_hz = in_range(line, "crossover-low", 40.0, 3000.0);
    desk.mixer.high_crossover_hz = in_range(line, "crossover-high", 400.0, 10000.0);
    if (desk.mixer.high_crossover_hz < 2.0 * desk.mixer.low_crossover_hz) {
        throw UsageError{"--crossover-high must lie at least an octave above --crossover-low"};
    }
    return desk;
}

/// Makes sure before anything starts that the recording can begin.
fs::path recording_wish(const std::string& text, bool resuming, MusicFolders& folders) {
    if (!recording_format(text)) {
        throw UsageError{"--record " + text + ": use .wav, .rf64, .flac or .ogg"};
    }
    folders.add_folder_of(text);
    const fs::path path = fs::absolute(text);
    return resuming ? path : folders.fresh(path.string());
}

void read_stream_wish(const std::string& file, Takes::Wishes& wishes) {
    std::ifstream in{file};
    std::string url;
    std::string format;
    if (!(in >> url)) {
        throw Failure{"cannot read a stream address from " + file + ": it should hold one line"};
    }
    wishes.stream = StreamTarget::parse(url);
    if (in >> format) {
        wishes.format = parse_stream_format(format);
    }
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
    options.desk = desk_setup(line);
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
    if (line.given("record")) {
        // Started again as it was started: what it recorded then lies there and stays.
        const bool resuming = common->resume || !common->resume_from.empty();
        options.wishes.recording = recording_wish(values["record"].as<std::string>(), resuming, options.folders);
    }
    if (line.given("stream-url-file")) {
        read_stream_wish(values["stream-url-file"].as<std::string>(), options.wishes);
    }
    return options;
}

}  // namespace crowdjack
