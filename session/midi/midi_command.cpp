// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session midi [MAP.toml] [--learn]: a controller plays the suite.
#include "common/error.hpp"
#include "common/jack_client.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "session/commands.hpp"
#include "session/midi/learning.hpp"
#include "session/midi/mapper.hpp"
#include "session/midi/midi_process.hpp"
#include "session/web/suite.hpp"

#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <optional>
#include <utility>

namespace crowdjack {

namespace {

namespace po = boost::program_options;

constexpr ControlLoop::Duration look_period{5};      ///< a command leaves soon after its note
constexpr ControlLoop::Duration answer_period{200};  ///< for lamps and soft take-over
constexpr ControlLoop::Duration learn_period{50};

/// The controller at work. Control thread only.
class MidiControl {
public:
    MidiControl(SuiteLink& link, midi::MidiMap map, const std::string& name)
        : link_{link},
          suite_{link},
          map_{std::move(map)},
          mapper_{map_, outlets()},
          jack_{link.loop(),
                {link.server(),
                 name,
                 {{"in", PortDirection::input, PortKind::midi, "Controller in"},
                  {"out", PortDirection::output, PortKind::midi, "Controller lamps"}},
                 0,
                 false},
                process_,
                nullptr} {
        jack_.on_server([this](bool connected) {
            if (connected) {
                mapper_.set_rate(jack_.format().rate);
                mapper_.forget_lamps();
            }
        });
        jack_.open();
        mapper_.set_rate(jack_.format().rate);
        link_.loop().every(look_period, [this] { take_messages(); });
        link_.loop().every(answer_period, [this] { ask(); });
    }
    ~MidiControl() { jack_.close(); }
    MidiControl(const MidiControl&) = delete;
    MidiControl& operator=(const MidiControl&) = delete;

    void learn(const std::string& file) {
        learner_.emplace(file);
        std::cout << "Move a control. What it shall move is asked then. Ctrl-C ends; everything is in " << file
                  << " at once." << std::endl;
        link_.loop().every(learn_period, [this] {
            if (const auto text = learner_->look(steady_seconds())) {
                std::cout << *text << std::endl;
            }
        });
        link_.loop().watch(STDIN_FILENO, [this] { take_typed(); });
    }

private:
    midi::Mapper::Outlets outlets() {
        return {[this](const midi::Mapper::Wish& wish) {
                    suite_.say(
                        wish.address, wish.arguments, [this, address = wish.address](const web::Suite::Answer& answer) {
                            if (!answer.good) {
                                log_event(LogLevel::warning, "refused", {{"address", address}, {"why", answer.error}});
                            }
                        });
                },
                [this](const midi::RawMidi& message) { (void)process_.show(message); }};
    }

    void take_messages() {
        midi::RawMidi message;
        while (process_.pop(message)) {
            if (learner_) {
                learner_->heard(message, steady_seconds());
            } else {
                mapper_.heard(message, steady_seconds());
            }
        }
        if (const std::uint64_t lost = process_.lost(); lost != lost_) {
            log_event(LogLevel::warning, "messages-lost",
                      {{"count", lost - lost_}, {"why", "more came than can be handled"}});
            lost_ = lost;
        }
    }

    void ask() {
        if (learner_) {
            return;
        }
        if (const std::uint32_t times = jack_.times_patched(); std::exchange(times_patched_, times) != times) {
            fresh_ = 2;  // the connection may carry nothing yet
        }
        if (fresh_ > 0) {
            --fresh_;
            mapper_.forget_lamps();
        }
        for (const midi::Mapper::Question& question : mapper_.questions()) {
            suite_.say(question.address, question.arguments,
                       [this, control = question.control](const web::Suite::Answer& answer) {
                           if (answer.good) {
                               mapper_.answered(control, answer.values, steady_seconds());
                           }
                       });
        }
    }

    void take_typed() {
        std::array<char, 512> bytes{};
        const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count <= 0) {
            link_.loop().unwatch(STDIN_FILENO);
            return;
        }
        typed_.append(bytes.data(), static_cast<std::size_t>(count));
        for (std::size_t end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
            const std::string line = typed_.substr(0, end);
            typed_.erase(0, end + 1);
            std::cout << learner_->answered(line) << std::endl;
        }
    }

    SuiteLink& link_;
    web::Suite suite_;
    midi::MidiMap map_;
    midi::Mapper mapper_;
    midi::MidiProcess process_;
    JackClient jack_;
    std::optional<midi::Learner> learner_;
    std::string typed_;
    std::uint64_t lost_{0};
    std::uint32_t times_patched_{0};
    int fresh_{0};  ///< rounds in which a controller that was just patched is shown all its lamps
};

}  // namespace

int run_midi(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session midi", "Lets a MIDI controller play the suite: JACK client midi-control."};
    line.hidden.add_options()("map", po::value<std::string>(), "");
    line.positional.add("map", 1);
    line.usage_tail = "[MAP.toml]";
    line.own.add_options()("learn", po::bool_switch(), "write the map: move a control, name an address, done")(
        "check", po::bool_switch(), "only say what is wrong with the map");
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    set_up_log("midi", options->log_level);
    const bool learn = line.values()["learn"].as<bool>();
    const std::string file = line.given("map") ? line.values()["map"].as<std::string>() : learn ? "midi.toml" : "";
    if (file.empty()) {
        throw UsageError{"no map given: crowdjack-session midi MAP.toml (the manual names those that come with it), or "
                         "crowdjack-session midi MAP.toml --learn writes one"};
    }
    midi::MidiMap map = learn ? midi::MidiMap{} : midi::load_map(file);
    for (const std::string& conflict : map.conflicts) {
        log_event(LogLevel::warning, "conflict", {{"map", conflict}});
    }
    if (line.values()["check"].as<bool>()) {
        std::cout << file << ": " << map.controls.size() << " controls, " << map.conflicts.size() << " conflicts\n";
        return map.conflicts.empty() ? 0 : 1;
    }
    SuiteLink link{*options};
    for (const int signal : {SIGINT, SIGTERM}) {
        link.loop().on_signal(signal, [&link] { link.loop().stop(); });
    }
    MidiControl control{link, std::move(map), options->client_name.empty() ? "midi-control" : options->client_name};
    if (learn) {
        control.learn(file);
    }
    link.loop().run();
    return 0;
}

}  // namespace crowdjack
