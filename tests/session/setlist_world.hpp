// SPDX-License-Identifier: GPL-3.0-or-later
// A running suite for setlists: three decks, a mixer, perhaps a follower, on a server of its own, and ears everywhere.
#pragma once

#include "common/tempo_line.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace crowdjack::test {

class SetlistWorld {
public:
    struct Settings {
        bool follower{false};
        double capture_s{60.0};
    };

    explicit SetlistWorld(Settings settings)
        : server_{{.rate = 48000, .period = 512, .name = "set"}}, settings_{settings} {
        launch("mixer-bus", {program_path("crowdjack-mixer-bus"), "--music-dir", folder.path().string()});
        for (const char letter : {'A', 'B', 'C'}) {
            launch_deck(letter);
        }
        if (settings_.follower) {
            launch("bpm-follower", {program_path("crowdjack-bpm-follower"), "--osc-port", "0"});
        }
        ears_ = std::make_unique<Capture>(
            server_.name(), Capture::Settings{.name = "ears", .channels = 5, .seconds = settings_.capture_s});
        ears_->listen_to("mixer-bus:master_l", 0);
        ears_->listen_to("mixer-bus:master_r", 1);
        for (const char letter : {'A', 'B', 'C'}) {
            listen_to_deck(letter);
        }
        if (settings_.follower) {
            osc.send(url("bpm-follower"), at::subscribe);
        }
    }

    /// The ears leave while everybody else stands still, and the server's observer when all are gone: libjack hangs in
    /// closing one client while it is told of another's ports (jack_closing.hpp).
    ~SetlistWorld() {
        setlist.reset();
        ears_.reset();
        processes.clear();
        if (server_.observer() != nullptr && server_.process().running()) {
            (void)eventually([this] { return server_.ports("(deck-.|mixer-bus|bpm-follower):.*").empty(); },
                             Deadline{2000});
        }
    }
    SetlistWorld(const SetlistWorld&) = delete;
    SetlistWorld& operator=(const SetlistWorld&) = delete;

    void launch_deck(char letter, const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{program_path("crowdjack-deck"), "--name", std::string(1, letter),
                                         "--music-dir", folder.path().string()};
        command.insert(command.end(), more.begin(), more.end());
        launch(deck_name(letter), command);
        for (const char* side : {"l", "r"}) {
            server_.connect(deck_name(letter) + ":out_" + side, "mixer-bus:" + std::string(1, letter) + "_" + side);
        }
    }
    void listen_to_deck(char letter) {
        ears_->listen_to(deck_name(letter) + ":out_l", static_cast<std::size_t>(2 + letter - 'A'));
    }

    void launch(const std::string& name, std::vector<std::string> command) {
        command.insert(command.end(), {"--server", server_.name()});
        processes[name] = std::make_unique<Process>(command, armed(at_home()));
        (void)wait_for_client(server_.name(), name);
    }

    /// The setlist program on rows that were added.
    Process& start_setlist(const std::vector<std::string>& options) {
        const auto csv = folder / "set.csv";
        std::ofstream{csv} << "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,"
                              "duration_orig,duration_sectioned,part_file_orig,part_file\n"
                           << rows_;
        return start_setlist_of(csv, options);
    }
    /// The setlist program on any source.
    Process& start_setlist_of(const std::filesystem::path& source, const std::vector<std::string>& options) {
        std::vector<std::string> command{
            program_path("crowdjack-session"), "setlist", source.string(), "--server", server_.name(), "--played-out",
            (folder / "played.csv").string()};
        command.insert(command.end(), options.begin(), options.end());
        setlist = std::make_unique<Process>(command, at_home());
        return *setlist;
    }

    void add_section(const std::string& part, double target_bpm, double begin_s, double end_s) {
        std::ostringstream row;
        row.precision(9);
        row << part << ",120,Am," << target_bpm << ",1,0,0,0," << begin_s << ',' << end_s << ",0:10.00,0:10.00," << part
            << ',' << part << '\n';
        rows_ += row.str();
    }

    /// Lines of the played CSV, split at commas (no field of these tests holds one).
    [[nodiscard]] std::vector<std::map<std::string, std::string>> played() const {
        std::ifstream file{folder / "played.csv"};
        std::string line;
        std::vector<std::string> names;
        std::vector<std::map<std::string, std::string>> result;
        while (std::getline(file, line)) {
            std::vector<std::string> fields;
            std::istringstream stream{line};
            for (std::string field; std::getline(stream, field, ',');) {
                fields.push_back(field);
            }
            if (names.empty()) {
                names = fields;
                continue;
            }
            auto& row = result.emplace_back();
            for (std::size_t i = 0; i < names.size() && i < fields.size(); ++i) {
                row[names[i]] = fields[i];
            }
        }
        return result;
    }

    /// Every tempo line the follower has sent, in order of their serials.
    /// Every line that was told, by serial.
    [[nodiscard]] std::vector<TempoLine> lines() const {
        std::map<std::int64_t, TempoLine> lines;
        for (const OscReceived& message : osc.received(at::tempo_line)) {
            const auto frame = [&](std::size_t i) {
                return JackFrame{static_cast<std::int64_t>(
                    static_cast<std::uint32_t>(static_cast<std::int64_t>(message.number(i))))};
            };
            lines.insert_or_assign(static_cast<std::int64_t>(message.number(0)),
                                   TempoLine{frame(1), Beats{message.number(2)}, Bpm{message.number(3)}, frame(4),
                                             Bpm{message.number(5)}, static_cast<double>(server_.rate())});
        }
        std::vector<TempoLine> result;
        for (const auto& [serial, line] : lines) {
            result.push_back(line);
        }
        return result;
    }
    /// The latest of them.
    [[nodiscard]] TempoMap tempo() const {
        TempoMap map;
        for (const TempoLine& line : lines()) {
            map.add(line);
        }
        return map;
    }

    [[nodiscard]] std::string url(const std::string& client) const { return wait_for_client(server_.name(), client); }
    [[nodiscard]] static std::string deck_name(char letter) { return std::string{"deck-"} + letter; }
    [[nodiscard]] Capture& ears() noexcept { return *ears_; }
    [[nodiscard]] JackServer& server() noexcept { return server_; }
    [[nodiscard]] static std::size_t channel_of(const std::string& deck) {
        return static_cast<std::size_t>(2 + deck.back() - 'A');
    }

    TemporaryFolder folder;
    OscClient osc;

private:
    [[nodiscard]] Process::Options at_home() const {
        Process::Options options;
        options.environment = {{"HOME", folder.path().string()}};
        return options;
    }

    JackServer server_;
    Settings settings_;
    std::unique_ptr<Capture> ears_;
    std::string rows_;

public:
    std::map<std::string, std::unique_ptr<Process>> processes;
    std::unique_ptr<Process> setlist;
};

}  // namespace crowdjack::test
