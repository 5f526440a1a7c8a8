// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tune/stage.hpp"

#include "common/error.hpp"
#include "session/session_file.hpp"
#include "session/toml_bound.hpp"

#include <sndfile.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr const char* usual_session = R"([jack]
autostart = true
driver = "dummy"
rate = 48000
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus"]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A"]
[[client]]
name = "deck-B"
run = ["crowdjack-deck", "--name", "B"]
[[client]]
name = "deck-C"
run = ["crowdjack-deck", "--name", "C"]
[[client]]
name = "deck-D"
run = ["crowdjack-deck", "--name", "D"]
[[client]]
name = "bpm-follower"
run = ["crowdjack-bpm-follower"]
[patch]
connect = [
  "deck-A:out_* -> mixer-bus:A_*",
  "deck-B:out_* -> mixer-bus:B_*",
  "deck-C:out_* -> mixer-bus:C_*",
  "deck-D:out_* -> mixer-bus:D_*",
  "mixer-bus:master_l -> system:playback_1",
  "mixer-bus:master_r -> system:playback_2",
]
)";

bool runs(const toml::array& command, std::string_view program) {
    const auto* first = command.get_as<std::string>(0);
    return first != nullptr && fs::path{first->get()}.filename() == program;
}

bool has(const toml::array& command, std::string_view option) {
    return std::any_of(command.begin(), command.end(), [option](const toml::node& node) {
        return node.value<std::string>().value_or("").starts_with(option);
    });
}

void adapt_client(toml::table& client, const std::string& folder) {
    toml::array* const command = client["run"].as_array();
    if (command == nullptr) {
        return;
    }
    if (runs(*command, "crowdjack-deck")) {
        command->push_back("--music-dir");
        command->push_back(folder);
    }
    if (runs(*command, "crowdjack-bpm-follower") && !has(*command, "--osc-port")) {
        command->push_back("--osc-port");
        command->push_back("0");
    }
}

/// Pink enough to be music to a CPU: noise through a leaky sum, stereo, at a rate that must be converted.
void write_track(const fs::path& path, double seconds) {
    SF_INFO format{};
    format.samplerate = 44100;
    format.channels = 2;
    format.format = SF_FORMAT_WAV | SF_FORMAT_PCM_24;
    SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &format);
    if (file == nullptr) {
        throw Failure{"cannot write " + path.string() + ": " + sf_strerror(nullptr)};
    }
    std::minstd_rand random{1};
    std::uniform_real_distribution<float> noise{-0.05F, 0.05F};
    std::array<float, 2> level{};
    std::vector<float> block(44100UL * 2);
    for (double written = 0.0; written < seconds; written += 1.0) {
        for (std::size_t i = 0; i < block.size(); ++i) {
            level[i % 2] = 0.97F * level[i % 2] + noise(random);
            block[i] = level[i % 2];
        }
        sf_writef_float(file, block.data(), format.samplerate);
    }
    sf_close(file);
}

}  // namespace

std::string private_session(const std::string& text, const std::string& source, const std::string& folder,
                            const std::optional<std::string>& driver) {
    toml::table table;
    if (const SessionProblem bound = toml_bound(text); !bound.what.empty()) {
        throw UsageError{problem_text(source, bound)};
    }
    try {
        table = toml::parse(text, source);
    } catch (const toml::parse_error& error) {
        throw UsageError{source + ":" + std::to_string(error.source().begin.line) + ": " +
                         std::string{error.description()}};
    }
    table.erase("guard");  // nobody is to be called because of a measurement
    table.insert_or_assign("osc", toml::table{{"ports", toml::array{0}}});
    toml::table* jack = table["jack"].as_table();
    if (jack == nullptr) {
        table.insert_or_assign("jack", toml::table{});
        jack = table["jack"].as_table();
    }
    jack->erase("server");
    jack->insert_or_assign("autostart", true);
    if (driver) {
        jack->insert_or_assign("driver", *driver);
        jack->erase("device");
        jack->erase("options");
    }
    if (toml::array* const clients = table["client"].as_array()) {
        for (toml::node& client : *clients) {
            if (client.is_table()) {
                adapt_client(*client.as_table(), folder);
            }
        }
    }
    std::ostringstream out;
    out << table << '\n';
    return out.str();
}

TuneStage::TuneStage(const std::optional<fs::path>& session, const std::optional<std::string>& driver, double track_s) {
    std::string name = (fs::temp_directory_path() / "crowdjack-tune-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw Failure{"cannot make a folder in " + fs::temp_directory_path().string() + ": " + errno_text(errno)};
    }
    folder_ = name;
    const std::string source = session ? session->string() : "the usual session";
    const std::string text = session ? read_session_text(*session) : usual_session;
    const std::string adapted = private_session(text, source, name, driver);
    std::ofstream{this->session()} << adapted;
    std::ofstream{log()} << "";
    rate_ = toml::parse(adapted)["jack"]["rate"].value_or(48000.0);
    write_track(track(), track_s);
}

TuneStage::~TuneStage() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

}  // namespace crowdjack
