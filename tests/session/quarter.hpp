// SPDX-License-Identifier: GPL-3.0-or-later
// A season alone, on paper: a set under a fake clock that is played night after night by the real player, opened and
// closed by the real hours, logged in the real file, while recordings are named, split and given up by the real rules.
#pragma once

#include "session/programme/opening_hours.hpp"
#include "session/programme/seed_count.hpp"
#include "session/setlist/clock.hpp"
#include "session/setlist/played.hpp"
#include "tests/session/quarter_recordings.hpp"
#include "tests/session/setlist_paper_suite.hpp"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace crowdjack::test {

/// What came of it. Everything that went wrong is said once in words.
struct QuarterFindings {
    std::uint64_t handovers{}, openings{}, files{}, removed{}, leaps{};
    double open_h{};
    double silent_s{};                     ///< while open, without the first seconds after an opening
    double heard_s{};                      ///< while closed, without the fade after a closing
    double memory_early{}, memory_late{};  ///< MB taken from the heap
    std::vector<std::string> wrong;
};

class Quarter {
public:
    struct Settings {
        double hours{2160.0};
        std::string open{};                 ///< as [setlist] hours; empty: always
        std::time_t begin{1'774'000'000};   ///< on the wall: 20 March 2026
        double clock_leaps_each_h{0.0};     ///< an hour either way; 0: never
        std::vector<double> boots_in_1970;  ///< hours into it: the clock says 1970 for so long:
        double wrong_for_h{1.5};
        std::uint64_t seed{1};
        double early_h{100.0};         ///< when memory is first looked at
        std::filesystem::path folder;  ///< an empty one
    };

    explicit Quarter(Settings settings)
        : settings_{std::move(settings)},
          hours_{settings_.open.empty() ? OpeningHours{} : *OpeningHours::parse(settings_.open)},
          recordings_{settings_.folder / "set-%Y%m%d-%H%M.flac", settings_.wrong_for_h * 3600.0},
          log_{std::make_unique<PlayedLog>(settings_.folder / "played.csv")},
          random_{settings_.seed} {
        for (int i = 0; i < 45; ++i) {
            // About four minutes each, of whole phrases: 30,000 hand-overs in a quarter.
            const double bpm = 104.0 + 0.7 * i;
            const double beats = 16.0 * std::round(4.25 * bpm / 16.0);
            set_.push_back(section("track" + std::to_string(i), beats, beats + 32.0, bpm, bpm));
        }
    }

    QuarterFindings run() {
        while (seconds_ < settings_.hours * 3600.0) {
            set_clock();
            look_at_hours();
            const double step = suite_ ? play() : 1.0;
            seconds_ += step;
            count_sound(step);
            recordings_.go_on(seconds_, wall(), [this](const std::string& what) { wrong(what); });
            look_at_memory();
        }
        finish_night();
        check_log();
        found_.files = recordings_.written();
        found_.removed = recordings_.removed();
        return found_;
    }

private:
    static constexpr double quiet_step_s = 2.0, busy_step_s = 0.25;
    static constexpr double grace_s = 15.0;  ///< after an opening, and for the fade of a closing

    void wrong(const std::string& what) {
        if (found_.wrong.size() < 20) {
            found_.wrong.push_back("after " + std::to_string(seconds_ / 3600.0) + " h: " + what);
        }
    }

    /// What the clock on the wall says.
    [[nodiscard]] std::time_t wall() const {
        const bool boots =
            std::any_of(settings_.boots_in_1970.begin(), settings_.boots_in_1970.end(), [this](double at) {
                return seconds_ >= at * 3600.0 && seconds_ < (at + settings_.wrong_for_h) * 3600.0;
            });
        if (boots) {
            return 60 + static_cast<std::time_t>(std::fmod(seconds_, 86400.0));
        }
        return settings_.begin + static_cast<std::time_t>(seconds_) + leapt_s_;
    }

    void set_clock() {
        if (settings_.clock_leaps_each_h > 0.0 && seconds_ >= next_leap_s_) {
            if (next_leap_s_ > 0.0) {
                leapt_s_ = leapt_s_ != 0 ? 0 : (random_() % 2 == 0 ? 3600 : -3600);
                ++found_.leaps;
            }
            next_leap_s_ += settings_.clock_leaps_each_h * 3600.0;
        }
    }

    void look_at_hours() {
        const bool open = hours_.open_at(wall());
        if (open == open_) {
            return;
        }
        open_ = open;
        changed_s_ = seconds_;
        if (open_) {
            finish_night();
            begin_night();
        } else if (suite_) {
            (void)suite_->player.stop(suite_->now);
        }
    }

    /// A new process: it knows the server's frames by their low 32 bits only.
    void begin_night() {
        ++found_.openings;
        const std::uint64_t begun = next_beginning(settings_.folder / "session.toml");
        if (begun + 1 != found_.openings) {
            wrong("the set begins for the " + std::to_string(begun) + "th time with the same seed");
        }
        SetPlayer::Settings player;
        player.choice.seed = settings_.seed + begun;
        player.choice.loop = true;
        clock_ = SetClock{};
        clock_.hear(wire_frame(server_frame()), seconds_);
        suite_ = std::make_unique<PaperSuite>(set_, player, clock_.at(seconds_));
        suite_->now.seconds = seconds_;
        const JackFrame from = suite_->now.frame;
        suite_->timeline.add({from, Beats{beat_}, Bpm{bpm_}, from, Bpm{bpm_}, PaperSuite::rate});
        next_line_s_ = seconds_ + 60.0;
        previous_.reset();
        round_.clear();
    }

    void finish_night() {
        if (!suite_) {
            return;
        }
        if (!suite_->player.finished()) {
            (void)suite_->player.stop(suite_->now);
            for (int i = 0; i < 100 && !suite_->player.finished(); ++i) {
                suite_->step();
            }
        }
        take_rows();
        if (previous_) {
            beat_ = suite_->timeline.at(suite_->now.frame).at;
        }
        suite_.reset();
    }

    [[nodiscard]] JackFrame server_frame() const {
        return JackFrame{static_cast<std::int64_t>(std::llround(seconds_ * PaperSuite::rate))};
    }

    /// @returns how long a step it was
    double play() {
        PaperSuite& suite = *suite_;
        const auto next = suite.player.next_start();
        const double left_s = next ? static_cast<double>((*next - suite.now.frame).value) / PaperSuite::rate : 0.0;
        const double since_s = seconds_ - last_start_s_;
        const double step = open_ && left_s > 30.0 && since_s > 40.0 ? quiet_step_s : busy_step_s;
        follow_crowd();
        const double then = seconds_ + step;
        const WireFrame wire = wire_frame(JackFrame{std::llround(then * PaperSuite::rate)});
        if (clock_.hear(wire, then) != SetClock::Heard::fine) {
            wrong("the frames' wrap was taken for a new server");
        }
        suite.step_to({clock_.at(then), then});
        take_starts();
        take_rows();
        suite.events.clear();
        if (suite.ramps.size() > 200) {
            suite.ramps.clear();
        }
        if (suite.player.finished()) {
            if (open_) {
                wrong("the set ended by itself");
            }
            finish_night();
        }
        return step;
    }

    /// New targets at random, and a line anew each hour at least.
    void follow_crowd() {
        if (seconds_ < next_line_s_) {
            return;
        }
        std::uniform_real_distribution<double> any{0.0, 1.0};
        PaperSuite& suite = *suite_;
        const JackFrame from = suite.now.frame + Frames{24000};
        bpm_ = suite.timeline.bpm_at(from, Bpm{120.0}).value;
        const double target = any(random_) < 0.2 ? bpm_ : 105.0 + 25.0 * any(random_);
        suite.timeline.add({from, Beats{suite.timeline.at(from).at}, Bpm{bpm_}, from + Frames{30 * 48000}, Bpm{target},
                            PaperSuite::rate});
        bpm_ = target;
        suite.player.movement(seconds_, any(random_));
        next_line_s_ = seconds_ + 60.0 + 3000.0 * any(random_) * any(random_);
    }

    void take_starts() {
        for (const PaperSuite::Start& start : suite_->starts) {
            const auto found = std::find_if(set_.begin(), set_.end(),
                                            [&](const Section& each) { return each.part_file == start.path; });
            const auto track = static_cast<std::size_t>(found - set_.begin());
            if (previous_) {
                const double beats = start.at.at - previous_->at;
                const double planned = set_[previous_->track].begin_beats();
                ++found_.handovers;
                if (std::abs(beats - planned) > 1e-6) {
                    wrong("a track began " + std::to_string(beats - planned) + " beats off its place");
                }
                if (track == previous_->track) {
                    wrong("a track follows itself");
                }
            }
            if (!round_.insert(track).second) {
                wrong("a track came twice before all had come");
            }
            if (round_.size() == set_.size()) {
                round_.clear();
            }
            previous_ = Previous{track, start.at.at};
            last_start_s_ = seconds_;
            ++starts_;
        }
        suite_->starts.clear();
    }

    void take_rows() {
        for (const PlayedTrack& track : suite_->rows) {
            log_->add(track, set_[track.section], wall());
            if (track.late.value != 0) {
                wrong("a track was late by " + std::to_string(track.late.value) + " frames");
            }
        }
        rows_ += suite_->rows.size();
        suite_->rows.clear();
    }

    void count_sound(double step) {
        const bool sounds = suite_ && std::any_of(suite_->decks.begin(), suite_->decks.end(), [](const auto& deck) {
                                return deck.second.state == DeckReport::State::playing;
                            });
        found_.open_h += open_ ? step / 3600.0 : 0.0;
        const bool settled = seconds_ - changed_s_ > grace_s;
        found_.silent_s += open_ && settled && !sounds ? step : 0.0;
        found_.heard_s += !open_ && settled && sounds ? step : 0.0;
    }

    void look_at_memory() {
        const auto taken = [] {
            const struct mallinfo2 info = ::mallinfo2();
            return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
        };
        if (found_.memory_early == 0.0 && seconds_ >= settings_.early_h * 3600.0) {
            found_.memory_early = taken();
        }
        found_.memory_late = taken_each_hour(taken);
    }
    template <typename Take>
    double taken_each_hour(const Take& taken) {
        if (seconds_ < next_memory_s_) {
            return found_.memory_late;
        }
        next_memory_s_ = seconds_ + 3600.0;
        return taken();
    }

    /// Every track that began has its line, and nothing else.
    void check_log() {
        log_.reset();
        std::ifstream stream{settings_.folder / "played.csv"};
        std::uint64_t lines = 0;
        for (std::string line; std::getline(stream, line);) {
            lines += line.empty() ? 0U : 1U;
        }
        if (lines != starts_ + 1 || rows_ != starts_) {
            wrong(std::to_string(starts_) + " tracks began, " + std::to_string(lines - 1) + " lines tell of " +
                  std::to_string(rows_));
        }
    }

    struct Previous {
        std::size_t track{};
        double at{};
    };

    Settings settings_;
    OpeningHours hours_;
    QuarterRecordings recordings_;
    std::unique_ptr<PlayedLog> log_;
    std::mt19937_64 random_;
    std::vector<Section> set_;
    QuarterFindings found_;

    double seconds_{0.0}, changed_s_{0.0}, last_start_s_{0.0}, next_line_s_{0.0}, next_leap_s_{0.0};
    double next_memory_s_{0.0};
    std::time_t leapt_s_{0};
    double bpm_{120.0}, beat_{0.0};
    bool open_{false};
    SetClock clock_;
    std::unique_ptr<PaperSuite> suite_;
    std::optional<Previous> previous_;
    std::set<std::size_t> round_;
    std::uint64_t starts_{0}, rows_{0};
};

}  // namespace crowdjack::test
