// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/track_plot.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "struct-export/section_csv.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <thread>

namespace crowdjack {

namespace {

constexpr double width = 1600.0;
constexpr double height = 330.0;
constexpr double left = 24.0;
constexpr double right = width - 24.0;
constexpr double bands_top = 66.0;  ///< segment names
constexpr double wave_top = 90.0;
constexpr double wave_bottom = 264.0;
constexpr double beats_bottom = 284.0;
constexpr double axis_text = 304.0;
constexpr double flag_top = 308.0;
constexpr double flag_row = 21.0;
constexpr std::size_t wave_columns = 1552;
static_assert(right - left == static_cast<double>(wave_columns));

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        default:
            result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return result;
}

/// A soft colour for each kind of segment; what is unknown is grey.
const char* colour_of(std::string_view label) {
    struct Colour {
        std::string_view label;
        const char* colour;
    };
    static constexpr std::array colours{Colour{"intro", "#b8d8e8"},  Colour{"verse", "#cde7c4"},
                                        Colour{"chorus", "#f9cfa6"}, Colour{"bridge", "#dccbee"},
                                        Colour{"inst", "#f6e6a2"},   Colour{"solo", "#f3c6d3"},
                                        Colour{"break", "#bfe3dc"},  Colour{"outro", "#c9cfe8"}};
    const auto* const found = std::ranges::find(colours, label, &Colour::label);
    return found == colours.end() ? "#e4e4e4" : found->colour;
}

class Drawing {
public:
    Drawing(const ExportPlan& plan, const Waveform& waveform) : plan_{plan}, waveform_{waveform} {}

    std::string svg() {
        place_flags();
        const std::string tall = fixed(height + flag_row * static_cast<double>(rows_ - 1), 0);
        svg_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1600\" height=\"" + tall + "\" viewBox=\"0 0 1600 " +
               tall + "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n<rect width=\"1600\" height=\"" +
               tall + "\" fill=\"#ffffff\"/>\n";
        heading();
        segments();
        unused_parts();
        wave();
        beats();
        axis();
        for (const Flag& flag : flags_) {
            draw(flag);
        }
        return svg_ + "</svg>\n";
    }

private:
    [[nodiscard]] double x(double seconds) const {
        return left + (right - left) * std::clamp(seconds / waveform_.length.value, 0.0, 1.0);
    }

    void text(double at_x, double at_y, int size, const char* colour, const std::string& attributes,
              std::string_view words) {
        svg_ += "<text x=\"" + fixed(at_x, 1) + "\" y=\"" + fixed(at_y, 1) + "\" font-size=\"" + std::to_string(size) +
                "\" fill=\"" + colour + "\" " + attributes + ">" + escaped(words) + "</text>\n";
    }

    void rectangle(double from, double to, double top, double bottom, const std::string& style) {
        svg_ += "<rect x=\"" + fixed(from, 2) + "\" y=\"" + fixed(top, 1) + "\" width=\"" +
                fixed(std::max(to - from, 0.0), 2) + "\" height=\"" + fixed(bottom - top, 1) + "\" " + style + "/>\n";
    }

    void heading() {
        const PartTags& tags = plan_.order.tags;
        const std::string title = tags.title.empty() ? plan_.order.audio.stem().string() : tags.title;
        text(left, 28, 18, "#222222", "font-weight=\"bold\"", (tags.artist.empty() ? "" : tags.artist + " – ") + title);
        text(left, 50, 13, "#666666", "",
             fixed(plan_.tempo.bpm, 2) + " BPM (" + to_text(plan_.tempo.source) + ") → " + fixed(plan_.target_bpm, 2) +
                 " BPM · speed " + fixed(plan_.order.speed, 4) + (plan_.key.empty() ? "" : " · key " + plan_.key) +
                 " · section " + minutes_text(Seconds{plan_.order.cues.end.value - plan_.order.cues.ini.value}) +
                 " of " + minutes_text(waveform_.length));
    }

    void segments() {
        for (const Segment& segment : plan_.track.segments) {
            const double from = x(segment.start.value);
            const double to = x(segment.end.value);
            const std::string label = match_key(segment.label);
            rectangle(from, to, bands_top, wave_bottom,
                      std::string{"fill=\""} + colour_of(label) + "\" stroke=\"#ffffff\" stroke-width=\"1\"");
            if (to - from > 8.0 * static_cast<double>(label.size()) + 6.0) {
                text((from + to) / 2.0, bands_top + 16.0, 12, "#444444", "text-anchor=\"middle\"", segment.label);
            }
        }
    }

    /// What is not exported, veiled.
    void unused_parts() {
        const std::string veil = "fill=\"#ffffff\" fill-opacity=\"0.55\"";
        rectangle(left, x(plan_.order.cues.ini.value), wave_top, wave_bottom, veil);
        rectangle(x(plan_.order.cues.end.value), right, wave_top, wave_bottom, veil);
    }

    void wave() {
        float peak = 0.001F;
        for (const Waveform::Column& column : waveform_.columns) {
            peak = std::max({peak, column.high, -column.low});
        }
        outline("#4a5a6a", 0.55, peak, [](const Waveform::Column& c) { return std::pair{c.low, c.high}; });
        outline("#24323f", 0.9, peak, [](const Waveform::Column& c) { return std::pair{-c.rms, c.rms}; });
    }

    template <typename Range>
    void outline(const char* colour, double opacity, float peak, const Range& range) {
        const double middle = (wave_top + wave_bottom) / 2.0;
        const double scale = (wave_bottom - wave_top - 8.0) / 2.0 / static_cast<double>(peak);
        std::string upper;
        std::string lower;
        for (std::size_t i = 0; i < waveform_.columns.size(); ++i) {
            const auto [low, high] = range(waveform_.columns[i]);
            const std::string at = fixed(left + static_cast<double>(i) + 0.5, 1) + ",";
            upper += at + fixed(middle - static_cast<double>(high) * scale, 1) + " ";
            lower.insert(0, at + fixed(middle - static_cast<double>(low) * scale, 1) + " ");
        }
        svg_ += "<polygon fill=\"" + std::string{colour} + "\" fill-opacity=\"" + fixed(opacity, 2) + "\" points=\"" +
                upper + lower + "\"/>\n";
    }

    void beats() {
        ticks(plan_.track.beats, wave_bottom + 10.0, "#9aa5b1", "0.6");
        ticks(plan_.track.downbeats, beats_bottom - 2.0, "#37474f", "1");
    }

    void ticks(const std::vector<double>& times, double bottom, const char* colour, const char* thickness) {
        std::string path;
        for (const double time : times) {
            path += "M" + fixed(x(time), 2) + " " + fixed(wave_bottom + 2.0, 0) + "V" + fixed(bottom, 0);
        }
        svg_ +=
            "<path d=\"" + path + "\" stroke=\"" + colour + "\" stroke-width=\"" + thickness + "\" fill=\"none\"/>\n";
    }

    void axis() {
        const double length = waveform_.length.value;
        const double step = length > 1200.0 ? 120.0 : length > 300.0 ? 30.0 : length > 90.0 ? 15.0 : 5.0;
        for (double time = 0.0; time < length - step / 3.0; time += step) {
            const std::string minutes = minutes_text(Seconds{time});
            text(x(time), axis_text, 11, "#888888", time > 0.0 ? "text-anchor=\"middle\"" : "",
                 minutes.substr(0, minutes.size() - 3));
        }
    }

    /// A cue's line and the label at its foot.
    struct Flag {
        std::string words;
        const char* colour;
        double position, from, to;
        int row;
    };

    /// Each label stands right of its line, or else left of it, in the first row where it covers no other.
    void place_flags() {
        const Cues& cues = plan_.order.cues;
        add_flag("ini", cues.ini, "#1769aa");
        add_flag("begin", cues.begin, "#2e7d32");
        add_flag("end", cues.end, "#c62828");
    }

    void add_flag(const char* name, Seconds at, const char* colour) {
        constexpr double apart = 4.0;
        Flag flag{std::string{name} + " " + minutes_text(at), colour, x(at.value), 0.0, 0.0, 0};
        const double wide = 7.4 * static_cast<double>(flag.words.size()) + 10.0;
        for (;; ++flag.row) {
            for (const double from : {flag.position, flag.position - wide}) {
                flag.from = from;
                flag.to = from + wide;
                const bool free = std::ranges::none_of(flags_, [&](const Flag& other) {
                    return other.row == flag.row && flag.from < other.to + apart && other.from < flag.to + apart;
                });
                if (free && flag.from >= 0.0 && flag.to <= width) {
                    rows_ = std::max(rows_, flag.row + 1);
                    flags_.push_back(std::move(flag));
                    return;
                }
            }
        }
    }

    void draw(const Flag& flag) {
        const double top = flag_top + flag_row * flag.row;
        svg_ += "<line x1=\"" + fixed(flag.position, 2) + "\" x2=\"" + fixed(flag.position, 2) + "\" y1=\"" +
                fixed(bands_top - 4.0, 1) + "\" y2=\"" + fixed(top + 6.0, 1) + "\" stroke=\"" + flag.colour +
                "\" stroke-width=\"2\"/>\n";
        rectangle(flag.from, flag.to, top, top + 18.0, std::string{"fill=\""} + flag.colour + "\" rx=\"3\"");
        text(flag.from + 5.0, top + 13.0, 12, "#ffffff", "", flag.words);
    }

    const ExportPlan& plan_;
    const Waveform& waveform_;
    std::vector<Flag> flags_;
    int rows_{1};
    std::string svg_;
};

void plot_track(const ExportPlan& plan, const std::filesystem::path& folder, const std::atomic<bool>& stop) {
    std::string name = plan.order.part_fitted.stem().string();
    name.resize(name.size() - std::string_view{"_sectioned"}.size());
    const Waveform waveform = read_waveform(plan.order.audio, wave_columns, stop);
    write_atomically(folder / (name + ".svg"), track_svg(plan, waveform), Durability::process, 0644);
}

}  // namespace

std::string track_svg(const ExportPlan& plan, const Waveform& waveform) { return Drawing{plan, waveform}.svg(); }

void plot_tracks(std::span<const ExportPlan> plans, std::span<const Outcome> outcomes,
                 const std::filesystem::path& folder, unsigned jobs, Progress& progress,
                 const std::atomic<bool>& stop) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw Failure{"cannot make the folder --plot " + folder.string() + ": " + error.message()};
    }
    std::atomic<std::size_t> next{0};  // taken by every worker (relaxed: each picture is its own)
    const auto work = [&] {
        for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < plans.size();
             i = next.fetch_add(1, std::memory_order_relaxed)) {
            try {
                if (outcomes[i].result) {
                    plot_track(plans[i], folder, stop);
                }
            } catch (const std::exception& problem) {
                progress.say(LogLevel::warning, "no picture",
                             {{"track", plans[i].order.audio.filename().string()}, {"why", problem.what()}});
            }
        }
    };
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min<std::size_t>(jobs, plans.size()); ++i) {
        workers.emplace_back(work);
    }
    work();
}

}  // namespace crowdjack
