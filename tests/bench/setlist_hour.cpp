// SPDX-License-Identifier: GPL-3.0-or-later
// A set of generated sections under a replayed dance, in real time: every start on its frame, every hand-over
// click-free and evenly loud, the log true to what was heard.
//
// usage: setlist_hour [MINUTES]   (2 by default; FIGURES' set takes 60)
#include "common/tempo_line.hpp"
#include "tests/session/setlist_ears.hpp"
#include "tests/session/setlist_world.hpp"
#include "tests/support/figures.hpp"

#include <array>
#include <cstdlib>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double target_bpm = 120.0;
constexpr double section_beats = 64.0, begin_beats = 48.0;

/// Hears three decks begin: the first sound after a tenth of a second of nothing. Also counts the clock's jumps.
class Onsets {
public:
    struct Onset {
        std::size_t deck;
        std::int64_t frame;
    };

    explicit Onsets(const std::string& server)
        : probe_{server, "onsets", 3, 0, [this](const JackProbe::Cycle& cycle) { listen(cycle); }} {
        for (std::size_t deck = 0; deck < 3; ++deck) {
            probe_.connect("deck-" + std::string(1, static_cast<char>('A' + deck)) + ":out_l", probe_.input(deck));
        }
    }

    [[nodiscard]] std::vector<Onset> heard() const {
        return {heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(count_.load(std::memory_order_acquire))};
    }
    [[nodiscard]] std::vector<Capture::Gap> gaps() const {
        return {gaps_.begin(), gaps_.begin() + static_cast<std::ptrdiff_t>(gap_count_.load(std::memory_order_acquire))};
    }
    [[nodiscard]] std::int64_t lost() const { return lost_.load(std::memory_order_relaxed); }

private:
    void listen(const JackProbe::Cycle& cycle) {
        if (expected_ >= 0 && cycle.frame != expected_) {
            lost_.store(lost_.load(std::memory_order_relaxed) + cycle.frame - expected_, std::memory_order_relaxed);
            if (const std::size_t gap = gap_count_.load(std::memory_order_relaxed); gap < gaps_.size()) {
                gaps_[gap] = {expected_, cycle.frame};
                gap_count_.store(gap + 1, std::memory_order_release);
            }
        }
        expected_ = cycle.frame + cycle.frames;
        for (std::size_t deck = 0; deck < 3; ++deck) {
            for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                if (cycle.inputs[deck][i] == 0.0F) {
                    ++silent_[deck];
                    continue;
                }
                const std::size_t count = count_.load(std::memory_order_relaxed);
                if (silent_[deck] > 4800 && count < heard_.size()) {
                    heard_[count] = {deck, cycle.frame + i};
                    count_.store(count + 1, std::memory_order_release);
                }
                silent_[deck] = 0;
            }
        }
    }

    std::array<Capture::Gap, 4096> gaps_{};
    std::atomic<std::size_t> gap_count_{0};  ///< written by audio (release)
    std::array<Onset, 4096> heard_{};
    std::atomic<std::size_t> count_{0};  ///< written by audio (release)
    std::atomic<std::int64_t> lost_{0};  ///< written by audio (relaxed)
    std::int64_t expected_{-1};          ///< audio only
    std::array<std::int64_t, 3> silent_{4801, 4801, 4801};
    JackProbe probe_;
};

void make_sections(SetlistWorld& world, int count) {
    for (int i = 0; i < count; ++i) {
        const auto part = world.folder / ("part" + std::to_string(i) + ".wav");
        const double seconds = section_beats * 60.0 / target_bpm;
        write_audio(part, as_channels(texture(static_cast<unsigned>(i), seconds, 0.04 * (1 + i % 4)), 2), 2, 48000,
                    SampleFormat::pcm24);
        world.add_section(part.string(), target_bpm, begin_beats * 60.0 / target_bpm, seconds);
    }
}

/// A crowd that wakes and tires, a report a second.
void write_dance(const std::filesystem::path& path, double seconds) {
    std::ofstream trace{path};
    trace << "time,value\n";
    std::mt19937 random{7};
    std::normal_distribution<double> step{0.0, 0.02};
    double movement = 0.1;
    for (double at = 0.0; at < seconds; at += 1.0) {
        movement = std::clamp(movement + step(random), 0.0, 0.7);
        trace << at << ',' << movement << '\n';
    }
}

struct Judgement {
    double quietest{0.0}, loudest{-100.0}, click{0.0};
    std::int64_t frames{0};  ///< listened to
};

using Span = std::pair<std::int64_t, std::int64_t>;

/// Parts of the recording, in its own frames, a second to ten long, that lie 0.2 s from any jump of the server's clock:
/// a server that loses samples says nothing about hand-overs. @param begin  the recording's first frame
std::vector<Span> calm_spans(std::int64_t begin, std::int64_t first, std::int64_t last,
                             const std::vector<Capture::Gap>& gaps) {
    constexpr std::int64_t margin = 9600, longest = 96000, shortest = 48000;
    std::vector<Span> spans;
    std::int64_t lost = 0;
    std::int64_t from = first;
    const auto add = [&](std::int64_t to) {
        for (; to - from >= shortest; from += longest) {
            spans.emplace_back(from - begin - lost, std::min(from + longest, to) - begin - lost);
        }
    };
    for (const Capture::Gap& gap : gaps) {
        if (gap.expected > begin && gap.came < last) {
            add(gap.expected - margin);
            lost += gap.came - gap.expected;
            from = std::max(first, gap.came + margin);
        }
    }
    add(last);
    return spans;
}

Judgement judge(const std::filesystem::path& recording, const std::vector<Span>& spans) {
    SF_INFO format{};
    SNDFILE* const file = sf_open(recording.c_str(), SFM_READ, &format);
    Judgement judgement;
    for (const auto& [from, to] : spans) {
        if (from < 0 || to > format.frames || sf_seek(file, from, SEEK_SET) < 0) {
            continue;
        }
        std::vector<float> both(static_cast<std::size_t>(to - from) * 2), left, right;
        sf_readf_float(file, both.data(), to - from);
        for (std::size_t i = 0; i < both.size(); i += 2) {
            left.push_back(both[i]);
            right.push_back(both[i + 1]);
        }
        for (const double lufs : momentary(left, right)) {
            judgement.quietest = std::min(judgement.quietest, lufs);
            judgement.loudest = std::max(judgement.loudest, lufs);
        }
        const double click = click_peak(left);
        if (click > 1e-4) {
            std::fprintf(stderr, "a click of %.5f between frames %lld and %lld of the recording\n", click,
                         static_cast<long long>(from), static_cast<long long>(to));
        }
        judgement.click = std::max(judgement.click, click);
        judgement.frames += to - from;
    }
    sf_close(file);
    return judgement;
}

/// Every line that was ever told, in order: a TempoMap forgets, and a start is judged by the lines of its time.
class AllLines {
public:
    explicit AllLines(const SetlistWorld& world) : lines_{world.lines()} {}

    /// The beat at `frame`, and how many frames a beat takes there.
    [[nodiscard]] std::pair<double, double> at(std::int64_t frame) const {
        const TempoLine* line = &lines_.front();
        for (const TempoLine& each : lines_) {
            line = each.from().value <= frame ? &each : line;
        }
        const auto beat = [line](double f) { return line->beat_at(f).value; };
        const auto here = static_cast<double>(frame);
        return {beat(here), 1.0 / (beat(here + 1.0) - beat(here))};
    }

private:
    std::vector<TempoLine> lines_;
};

/// The distance, in frames, of each start from where its predecessor's begin cue puts it.
std::vector<double> start_errors(const std::vector<Onsets::Onset>& starts, const AllLines& lines) {
    std::vector<double> errors;
    for (std::size_t i = 1; i < starts.size(); ++i) {
        const auto [beat, frames_per_beat] = lines.at(starts[i].frame);
        errors.push_back(std::abs(beat - lines.at(starts[i - 1].frame).first - begin_beats) * frames_per_beat);
    }
    return errors;
}

}  // namespace

int main(int argc, char** argv) {
    const double minutes = argc > 1 ? std::atof(argv[1]) : 2.0;
    SetlistWorld world{{.follower = false, .capture_s = 1.0}};
    make_sections(world, 8);
    write_dance(world.folder / "dance.csv", minutes * 60.0 + 120.0);
    world.launch("bpm-follower", {program_path("crowdjack-bpm-follower"), "--osc-port", "0", "--replay",
                                  (world.folder / "dance.csv").string()});
    Onsets onsets{world.server().name()};
    const auto recording = world.folder / "set.rf64";
    const std::uint32_t record_from = world.server().frame() + 24000;
    (void)world.osc.request(world.url("mixer-bus"), at::mixer_record_start,
                            {recording.string(), 0.0, static_cast<std::int32_t>(record_from)});
    world.osc.send(world.url("bpm-follower"), at::subscribe);
    world.start_setlist({"--loop", "--lufs", "-20", "--seed", "3"});

    const std::uint32_t end = world.server().frame() + static_cast<std::uint32_t>(minutes * 60.0 * set_rate);
    while (!world.server().wait_for_frame(end, Deadline{5000})) {
        world.osc.send(world.url("bpm-follower"), at::subscribe);
    }
    const auto heard = onsets.heard();
    const std::vector<double> errors = start_errors(heard, AllLines{world});
    (void)world.osc.request(world.url("setlist"), at::setlist_stop);
    (void)world.setlist->wait();
    (void)world.osc.request(world.url("mixer-bus"), at::mixer_record_stop);

    std::fprintf(stderr, "%s", world.setlist->whole_output().c_str());
    const auto rows = world.played();
    std::size_t true_rows = 0;
    for (std::size_t i = 0; i < rows.size() && i < heard.size(); ++i) {
        true_rows += std::stoll(rows[i].at("start_frame")) == heard[i].frame ? 1U : 0U;
    }
    const double worst = errors.empty() ? 0.0 : *std::max_element(errors.begin(), errors.end());
    const std::int64_t last =
        rows.empty() ? 0 : std::stoll(rows.back().at("end_frame")) - 96000;  // before the stop's fade
    const std::int64_t first = heard.empty() ? 0 : heard.front().frame + 4800;
    for (const Onsets::Onset& onset : heard) {
        std::fprintf(stderr, "deck %zu starts at frame %lld of the recording\n", onset.deck,
                     static_cast<long long>(onset.frame - record_from));
    }
    for (const Capture::Gap& gap : onsets.gaps()) {
        std::fprintf(stderr, "the server lost %lld frames at %lld\n", static_cast<long long>(gap.came - gap.expected),
                     static_cast<long long>(gap.expected - record_from));
    }
    const Judgement judgement = judge(recording, calm_spans(record_from, first, last, onsets.gaps()));
    const double click_db = 20.0 * std::log10(judgement.click);
    const double off = std::max(judgement.loudest + 20.0, -20.0 - judgement.quietest);
    const std::string length = shown(minutes) + " min, " + std::to_string(heard.size()) + " starts, " +
                               std::to_string(onsets.lost()) + " frames lost by the server, " +
                               shown(static_cast<double>(judgement.frames) / set_rate, 4) + " s listened to";
    print_figure("S6", "set: loudness through hand-overs, " + length, "±" + shown(off) + " dB", "±1.5 dB", off <= 1.5);
    print_figure("T1", "set: starts from where the begin cue lies (a frame is 1)", shown(worst), "≤ 1.5", worst <= 1.5);
    print_figure("S4", "set: loudest click", shown(click_db) + " dBFS", "≤ -80 dBFS", click_db <= -80.0);
    print_figure("T1", "set: log rows true to the frame",
                 std::to_string(true_rows) + " of " + std::to_string(rows.size()), "all", true_rows == rows.size());
    return 0;
}
