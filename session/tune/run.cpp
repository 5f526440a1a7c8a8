// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tune/run.hpp"

#include "common/error.hpp"
#include "common/jack_client.hpp"
#include "common/protocol/deck_messages.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "session/status/collector.hpp"
#include "session/supervision/child_process.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr double start_patience_s = 20.0;
constexpr double stop_patience_s = 5.0;
constexpr double settle_s = 1.0;  ///< after the start, before counting
constexpr ControlLoop::Duration look{50};

/// Counts the frames by which the server's clock jumps.
class ClockWatch final : public AudioProcess {
public:
    void prepare(const ServerFormat&) override { expected_ = -1; }
    CROWDJACK_REALTIME void process(const AudioCycle& cycle) noexcept override {
        if (expected_ >= 0 && cycle.frame.value > expected_) {
            const auto jumped = static_cast<std::uint64_t>(cycle.frame.value - expected_);
            lost_.store(lost_.load(std::memory_order_relaxed) + jumped, std::memory_order_relaxed);
        }
        expected_ = cycle.frame.value + cycle.frames;
    }
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    std::int64_t expected_{-1};           ///< audio thread only
    std::atomic<std::uint64_t> lost_{0};  ///< written by audio (relaxed), read by control (relaxed)
};

/// Everything of the suite that only counts up.
struct Counts {
    std::uint64_t xruns{}, lost{}, starved{};
};

class PeriodRun {
public:
    PeriodRun(const TuneStage& stage, std::uint32_t period)
        : stage_{stage},
          server_{"tune-" + std::to_string(::getpid()) + "-" + std::to_string(period)},
          link_{options()},
          collector_{link_} {
        result_.period = period;
        for (const int signal : {SIGINT, SIGTERM}) {
            link_.loop().on_signal(signal, [this] {
                interrupted_ = true;
                link_.loop().stop();
            });
        }
    }

    TuneResult measure(double seconds, bool& interrupted) {
        try {
            launch();
            load();
            count(seconds);
        } catch (const std::exception& error) {
            result_.failure = error.what();
        }
        watcher_.reset();
        end();
        interrupted = interrupted_;
        return result_;
    }

private:
    [[nodiscard]] CommonOptions options() const {
        CommonOptions options;
        options.server = server_;
        return options;
    }

    /// Runs the loop until `reached`. False after `patience_s`, or when interrupted.
    bool wait(const std::function<bool()>& reached, double patience_s) {
        const double until_s = steady_seconds() + patience_s;
        bool fine = false;
        const auto timer = link_.loop().every(look, [&] {
            fine = reached();
            if (fine || steady_seconds() > until_s) {
                link_.loop().stop();
            }
        });
        if (!interrupted_) {
            link_.loop().run();
        }
        link_.loop().cancel(timer);
        return fine;
    }

    void launch() {
        child_ =
            ChildProcess::start(link_.loop(),
                                {{"/proc/self/exe", "run", stage_.session().string(), "--server", server_, "--period",
                                  std::to_string(result_.period), "--osc-port", "0", "--log-level", "warning"},
                                 {{"NSM_URL", ""}, {"CROWDJACK_PERIOD", ""}},
                                 stage_.log()},
                                [this](const Ending&) { child_.reset(); });
        const bool whole = wait(
            [this] {
                collector_.ask();
                const SuiteSnapshot seen = collector_.snapshot();
                return !child_ || (seen.patch && seen.patch->running && seen.patch->complete);
            },
            start_patience_s);
        if (interrupted_) {
            throw Failure{"interrupted"};
        }
        if (!child_ || !whole) {
            throw Failure{last_line()};
        }
    }

    [[nodiscard]] std::string last_line() const {
        std::ifstream log{stage_.log()};
        std::string last = "the session did not come up";
        for (std::string line; std::getline(log, line);) {
            last = line.empty() ? last : line;
        }
        return last;
    }

    [[nodiscard]] std::vector<std::string> decks() {
        std::vector<std::string> names;
        for (const PeerInfo& peer : link_.peers().all()) {
            if (peer.kind == "deck") {
                names.push_back(peer.client);
            }
        }
        return names;
    }

    void load() {
        for (const std::string& deck : decks()) {
            link_.peers().tell(deck, protocol::DeckCue{stage_.track().string(), 0.0, 118.0}.write());
        }
        (void)wait([this] { return in_state("cued") == decks().size(); }, start_patience_s);
        for (const std::string& deck : decks()) {
            link_.peers().tell(deck, protocol::DeckStart{}.write());
            link_.peers().tell(deck, OscMessage{at::deck_loop}.flag(true));
        }
        if (const auto mixer = link_.peers().of_kind("mixer-bus")) {
            for (const char strip : {'A', 'B', 'C', 'D'}) {
                const std::string name(1, strip);
                link_.peers().tell(*mixer, protocol::MixerBands{name, {40.0F, 45.0F, 35.0F}}.write());
                link_.peers().tell(*mixer, protocol::MixerGain{name, 0.25F}.write(at::mixer_gain));
            }
        }
        watcher_ = std::make_unique<JackClient>(
            link_.loop(), JackClient::Settings{.server = server_, .name = "tune", .ports = {}}, clock_, nullptr);
        watcher_->open();
        (void)wait([] { return false; }, settle_s);
    }

    [[nodiscard]] std::size_t in_state(const std::string& state) {
        collector_.ask();
        const SuiteSnapshot seen = collector_.snapshot();
        return static_cast<std::size_t>(std::count_if(seen.decks.begin(), seen.decks.end(),
                                                      [&](const auto& deck) { return deck.second.state == state; }));
    }

    [[nodiscard]] Counts counts() {
        (void)wait(
            [this] {
                if (!asked_) {
                    collector_.ask();
                    asked_ = true;
                }
                return collector_.complete();
            },
            settle_s);
        asked_ = false;
        const SuiteSnapshot seen = collector_.snapshot();
        Counts counts{0, clock_.lost(), 0};
        for (const auto& [name, deck] : seen.decks) {
            for (const char* key : {"starved", "stretch_missing"}) {
                counts.starved += static_cast<std::uint64_t>(health_number(deck.health, key).value_or(0.0));
            }
            note_load(name, deck.health);
        }
        if (seen.mixer) {
            counts.xruns = static_cast<std::uint64_t>(health_number(seen.mixer->health, "xruns").value_or(0.0));
            note_load("mixer-bus", seen.mixer->health);
        }
        return counts;
    }

    void note_load(const std::string& name, const NamedValues& health) {
        const double mean = health_number(health, "mean").value_or(0.0);
        const double worst = health_number(health, "worst").value_or(0.0);
        if (mean > result_.mean_us) {
            result_.mean_us = mean;
            result_.busiest = name;
        }
        result_.worst_us = std::max(result_.worst_us, worst);
        result_.budget_us = health_number(health, "budget").value_or(result_.budget_us);
    }

    void count(double seconds) {
        const Counts before = counts();
        result_.playing_decks = static_cast<int>(in_state("playing"));
        result_.latency_ms = latency_ms();
        (void)wait(
            [this] {
                result_.dsp_load =
                    std::max(result_.dsp_load, static_cast<double>(jack_cpu_load(watcher_->raw())) / 100.0);
                return !child_;
            },
            seconds);
        if (!child_ || !watcher_->connected()) {
            throw Failure{"the session ended while it was measured: " + last_line()};
        }
        const Counts after = counts();
        result_.seconds = seconds;
        result_.xruns = after.xruns - before.xruns;
        result_.lost_frames = after.lost - before.lost;
        result_.starved_frames = after.starved - before.starved;
    }

    /// From the mixer's inputs to where its master ends, as the ports declare it.
    [[nodiscard]] double latency_ms() const {
        const char** const ports = jack_get_ports(watcher_->raw(), ".*:master_l", nullptr, JackPortIsOutput);
        double frames = result_.period;
        if (ports != nullptr) {
            jack_port_t* const port = jack_port_by_name(watcher_->raw(), ports[0]);
            jack_latency_range_t below{}, above{};
            jack_port_get_latency_range(port, JackCaptureLatency, &below);
            jack_port_get_latency_range(port, JackPlaybackLatency, &above);
            frames = std::max(frames, static_cast<double>(below.max + above.max));
            jack_free(ports);
        }
        return frames * 1000.0 / watcher_->format().rate;
    }

    void end() {
        if (child_) {
            child_->signal(SIGTERM);
            const bool was = std::exchange(interrupted_, false);
            if (!wait([this] { return !child_; }, stop_patience_s) && child_) {
                child_->signal(SIGKILL);
            }
            interrupted_ = was || interrupted_;
        }
        std::error_code ignored;
        fs::remove_all(registry_folder(server_), ignored);
    }

    const TuneStage& stage_;
    std::string server_;
    SuiteLink link_;
    StatusCollector collector_;
    std::optional<ChildProcess> child_;
    ClockWatch clock_;
    std::unique_ptr<JackClient> watcher_;
    TuneResult result_;
    bool asked_{false};
    bool interrupted_{false};
};

}  // namespace

TuneResult measure_period(const TuneStage& stage, std::uint32_t period, double seconds, bool& interrupted) {
    return PeriodRun{stage, period}.measure(seconds, interrupted);
}

}  // namespace crowdjack
