// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/judgement.hpp"

#include "tests/support/figures.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace crowdjack::test::soak {

namespace {

std::string whole(std::int64_t number) { return std::to_string(number); }

const char* word_for(Break::Kind kind) {
    return kind == Break::Kind::lost ? "lost" : kind == Break::Kind::repeated ? "repeated" : "wrong";
}

}  // namespace

void Judgement::check(bool fine, const std::string& otherwise) {
    if (!fine) {
        faults_.push_back(otherwise);
    }
}

std::uintmax_t Judgement::streamed() const {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(stage_.icecast()->dump("set", 1), error);
    return error ? 0 : bytes;
}

void Judgement::begin() {
    before_ = counts_of_decks();
    skipped_before_ = stage_.marker().clock().skipped();
    streamed_at_first_ = streamed_ = stage_.icecast() == nullptr ? 0 : streamed();
    stage_.ears().begin();
}

void Judgement::look(double at_s, const Followed& recorded, std::int64_t witnessed) {
    const auto& held = held_.emplace_back(stage_.held());
    shm_.push_back(bytes_in("/dev/shm"));
    const auto own = std::accumulate(held.begin(), held.end(), std::size_t{0},
                                     [](std::size_t sum, const auto& each) { return sum + each.second.anonymous_kib; });
    const auto skipped = stage_.marker().clock().skipped() - skipped_before_;
    std::vector<std::pair<std::string, double>> point{{"minute", at_s / 60.0},
                                                      {"discontinuous", static_cast<double>(recorded.discontinuous())},
                                                      {"clock_skipped", static_cast<double>(skipped)},
                                                      {"witness_skipped", static_cast<double>(witnessed)},
                                                      {"memory_mib", static_cast<double>(own) / 1024.0}};
    for (const auto& [program, what] : held) {
        point.emplace_back(program + "_mib", static_cast<double>(what.anonymous_kib) / 1024.0);
    }
    print_point("soak", point);
    check(stage_.stressed(), "stress-ng ended before its time");
    if (stage_.icecast() != nullptr) {
        const auto now = streamed();
        check(now > streamed_, "nothing came to icecast in the time before " + shown(at_s, 4) + " s");
        streamed_ = now;
    }
}

void Judgement::end() { after_ = counts_of_decks(); }

void Judgement::judge(const Run& run, const RecordingFollower& recording) {
    judge_recording(run, recording);
    judge_decks(run);
    judge_clock(run);
    judge_stream(run);
    judge_growth(run);
}

/// A break belongs to the machine when it kept a processor from JACK's threads for a quarter of a period around it: a
/// cycle is lost when its clients, one after the other, don't come to their end within a period.
bool Judgement::machine_broke(std::int64_t frame, std::int64_t frames, std::uint32_t period) const {
    const std::int64_t cycle = period;
    return stage_.audio_stalls().stalled_within(frame - 2 * cycle, frame + frames + cycle) >= cycle / 4;
}

/// A silence belongs to the machine when it kept a processor for as long as the silence, and for 10 ms, in the time
/// that a deck's deepest reserve lasts.
bool Judgement::machine_silenced(const DeckEars::Silence& silence) const {
    const std::int64_t begin = silence.frame - rate * 140 / 1000;
    const std::int64_t end = silence.frame + silence.frames;
    const std::int64_t stalled =
        std::max(stage_.worker_stalls().stalled_within(begin, end), stage_.audio_stalls().stalled_within(begin, end));
    return stalled >= std::max(silence.frames, rate / 100);
}

void Judgement::judge_recording(const Run& run, const RecordingFollower& recording) {
    const Followed& followed = recording.followed();
    std::int64_t machine = 0;
    std::map<Break::Kind, std::int64_t> found;
    int shown_places = 0;
    for (const Break& place : followed.breaks) {
        const bool explained = machine_broke(place.frame, place.frames, run.period);
        machine += explained ? place.frames : 0;
        found[place.kind] += explained ? 0 : place.frames;
        if (++shown_places <= 20) {
            std::printf("  recording: %lld frames %s, %s%s\n", static_cast<long long>(place.frames),
                        word_for(place.kind), place.where.c_str(), explained ? " (the machine stalled)" : "");
        }
    }
    const std::string sums = whole(found[Break::Kind::lost]) + ", " + whole(found[Break::Kind::repeated]) + ", " +
                             whole(found[Break::Kind::wrong]);
    const bool none = found[Break::Kind::lost] + found[Break::Kind::repeated] + found[Break::Kind::wrong] == 0;
    const std::int64_t asked = run.last - run.first;
    const std::int64_t accounted =
        followed.frames + followed.left_out + followed.sum(Break::Kind::lost) - followed.sum(Break::Kind::repeated);
    print_figure("R1",
                 "four decks (a method each), EQ, splits, stream, CPU and disk load, " + shown(run.seconds, 4) +
                     " s at " + whole(run.period) +
                     " frames: frames lost, repeated, changed in the recording; recorded, in files; beside it, left "
                     "out by the clock; lost while the machine stalled",
                 sums + "; " + whole(followed.frames) + ", " + whole(recording.files()) + "; " +
                     whole(followed.left_out) + "; " + whole(machine),
                 "0, 0, 0", none && accounted == asked);
    const std::int64_t lost = found[Break::Kind::lost];
    const std::int64_t left_out = std::clamp<std::int64_t>(mixer_holes() - followed.left_out, 0, lost);
    const std::int64_t bound = std::max(run.witnessed, skipped(run).stalled);
    std::printf("  of the lost frames JACK left out the mixer alone in %lld\n", static_cast<long long>(left_out));
    // Stalls too short for their witness break a cycle, too, but seldom.
    const std::int64_t unseen = lost - left_out + found[Break::Kind::repeated];
    check(unseen <= machine / 8 && found[Break::Kind::wrong] == 0,
          "of the recording are lost, repeated, changed: " + sums + " frames; see above where");
    check(left_out <= bound, "JACK left out the mixer for " + whole(left_out) +
                                 " frames, but the machine made no clock "
                                 "leave out more than " +
                                 whole(bound));
    check(accounted == asked, "from start to stop the clock counted " + whole(asked) + " frames, but " +
                                  whole(followed.frames) + " were recorded, which accounts for " + whole(accounted));
    check(recording.next() == run.last - mixer_latency,
          "the recording ends with frame " + whole(recording.next() + mixer_latency) + ", not with " + whole(run.last));
    check(recording.files() > 1, "the recording was not split");
    for (const auto& file : recording.unreadable()) {
        check(false, "unreadable: " + file);
    }
    const auto tap = stage_.ask("mixer-bus", at::mixer_tap);
    for (std::size_t i = 0; i + 5 < tap.arguments.size(); i += 6) {
        check(tap.number(i + 3) == 0.0 || tap.text(i) == "meters",
              "the mixer's " + tap.text(i) + " lost " + shown(tap.number(i + 3), 8) + " frames");
    }
}

}  // namespace crowdjack::test::soak
