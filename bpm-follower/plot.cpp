// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <vector>

namespace crowdjack {

namespace {

constexpr double width = 1200.0, height = 640.0;
constexpr double left = 72.0, right = width - 28.0;

constexpr auto ink = "#22303c", faint = "#e3e8ec", quiet = "#7b8894";
constexpr auto tempo_colour = "#d1495b", target_colour = "#8d99a6", movement_colour = "#2e6f95", dot_colour = "#9cc3dc";

/// printf into a string: an SVG is mostly numbers in text.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
    std::array<char, 512> text{};
    va_list arguments;
    va_start(arguments, pattern);
    const int length = std::vsnprintf(text.data(), text.size(), pattern, arguments);
    va_end(arguments);
    return {text.data(), static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(text.size()) - 1))};
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        default:
            safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return safe;
}

/// A round distance (1, 2, 3, 5, 6 or so times a unit people count in) that cuts `span` into at most `most` parts.
double round_step(double span, int most, const std::vector<double>& steps) {
    for (const double step : steps) {
        if (span / step <= most) {
            return step;
        }
    }
    return steps.back() * std::ceil(span / most / steps.back());
}

/// One of the two drawings, with its own vertical scale over the common time.
struct Panel {
    double top, bottom, low, high, seconds;

    [[nodiscard]] double x(double time_s) const { return left + (right - left) * time_s / seconds; }
    [[nodiscard]] double y(double value) const {
        return bottom - (bottom - top) * (std::clamp(value, low, high) - low) / (high - low);
    }

    [[nodiscard]] std::string grid(double step, const char* pattern, double shown_as) const {
        std::string svg;
        for (double value = std::ceil(low / step) * step; value <= high + 1e-9; value += step) {
            svg += format("<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/>\n", left, right, y(value),
                          y(value), faint);
            svg += format("<text x='%.1f' y='%.1f' text-anchor='end' fill='%s'>", left - 8, y(value) + 4, quiet);
            svg += format(pattern, value * shown_as) + "</text>\n";
        }
        return svg;
    }
};

using Points = std::vector<std::pair<double, double>>;

/// Where more than a few points fall into one pixel's width, the first, the lowest, the highest and the last of them
/// draw the same picture.
Points thinned(const Points& points) {
    constexpr std::size_t few = 4;
    Points result;
    for (auto from = points.begin(); from != points.end();) {
        const double pixel = std::floor(from->first);
        const auto to =
            std::find_if(from, points.end(), [&](const auto& each) { return std::floor(each.first) != pixel; });
        if (static_cast<std::size_t>(to - from) <= few) {
            result.insert(result.end(), from, to);
        } else {
            auto [lowest, highest] =
                std::minmax_element(from, to, [](const auto& a, const auto& b) { return a.second < b.second; });
            result.insert(result.end(), {*from, *std::min(lowest, highest), *std::max(lowest, highest), *(to - 1)});
        }
        from = to;
    }
    return result;
}

std::string polyline(const Points& every_point, const char* style) {
    const auto points = thinned(every_point);
    std::string svg = "<polyline fill='none' stroke-linejoin='round' ";
    svg += style;
    svg += " points='";
    for (const auto& [x, y] : points) {
        svg += format("%.1f,%.1f ", x, y);
    }
    return svg + "'/>\n";
}

std::string clock_time(double seconds) {
    const auto whole = static_cast<long>(std::lround(seconds));
    return whole >= 3600 ? format("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60)
                         : format("%ld:%02ld", whole / 60, whole % 60);
}

std::string time_axis(const Panel& panel, double upper_top) {
    const double step = round_step(panel.seconds, 12, {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600});
    std::string svg;
    for (double time = 0.0; time <= panel.seconds; time += step) {
        svg += format("<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s'/>\n", panel.x(time), panel.x(time),
                      upper_top, panel.bottom, faint);
        svg +=
            format("<text x='%.1f' y='%.1f' text-anchor='middle' fill='%s'>", panel.x(time), panel.bottom + 20, quiet);
        svg += clock_time(time) + "</text>\n";
    }
    return svg;
}

std::string legend(double x, double y, const char* colour, const char* dash, const char* text) {
    return format("<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s' stroke-width='2.5'%s/>"
                  "<text x='%.1f' y='%.1f' fill='%s'>%s</text>\n",
                  x, x + 26, y - 4, y - 4, colour, dash, x + 34, y, ink, text);
}

Panel tempo_panel(const Rehearsal& rehearsal, double seconds) {
    double low = 1e9;
    double high = 0.0;
    for (const auto& moment : rehearsal.moments) {
        low = std::min({low, moment.bpm, moment.target_bpm});
        high = std::max({high, moment.bpm, moment.target_bpm});
    }
    return {84.0, 372.0, std::floor((low - 0.5) / 5.0) * 5.0, std::ceil((high + 0.5) / 5.0) * 5.0, seconds};
}

Panel movement_panel(const Rehearsal& rehearsal, double seconds) {
    double high = 0.1;
    for (const auto& report : rehearsal.reports) {
        high = std::max(high, report.movement);
    }
    return {424.0, 588.0, 0.0, std::min(1.0, std::ceil(high * 10.0 + 1e-9) / 10.0), seconds};
}

std::string tempo_drawing(const Rehearsal& rehearsal, const Panel& panel) {
    Points tempo, target;
    for (const auto& moment : rehearsal.moments) {
        const double x = panel.x(moment.time_s);
        if (!target.empty() && target.back().second != panel.y(moment.target_bpm)) {
            target.emplace_back(x, target.back().second);
        }
        target.emplace_back(x, panel.y(moment.target_bpm));
        tempo.emplace_back(x, panel.y(moment.bpm));
    }
    return polyline(target, "stroke='#8d99a6' stroke-width='1.8' stroke-dasharray='5 4'") +
           polyline(tempo, "stroke='#d1495b' stroke-width='2.8'");
}

/// A dot each; where they would lie on each other, one stroke a pixel from the lowest to the highest.
std::string report_marks(const Rehearsal& rehearsal, const Panel& panel) {
    constexpr std::ptrdiff_t few = 3;
    std::string svg;
    const auto& reports = rehearsal.reports;
    const auto pixel_of = [&](const Rehearsal::Report& report) { return std::floor(panel.x(report.time_s)); };
    for (auto from = reports.begin(); from != reports.end();) {
        const double pixel = pixel_of(*from);
        const auto to = std::find_if(from, reports.end(), [&](const auto& each) { return pixel_of(each) != pixel; });
        if (to - from <= few) {
            for (; from != to; ++from) {
                svg +=
                    format("<circle cx='%.1f' cy='%.1f' r='1.8'/>\n", panel.x(from->time_s), panel.y(from->movement));
            }
            continue;
        }
        const auto [lowest, highest] =
            std::minmax_element(from, to, [](const auto& a, const auto& b) { return a.movement < b.movement; });
        svg += format("<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke-width='1.2' stroke-linecap='round'/>\n",
                      pixel + 0.5, pixel + 0.5, panel.y(lowest->movement), panel.y(highest->movement));
        from = to;
    }
    return svg;
}

std::string movement_drawing(const Rehearsal& rehearsal, const Panel& panel) {
    std::string svg = format("<g fill='%s' stroke='%s' stroke-width='0'>\n", dot_colour, dot_colour);
    svg += report_marks(rehearsal, panel);
    Points median;
    for (const auto& moment : rehearsal.moments) {
        median.emplace_back(panel.x(moment.time_s), panel.y(moment.movement));
    }
    return svg + "</g>\n" + polyline(median, "stroke='#2e6f95' stroke-width='1.8'");
}

}  // namespace

std::string plot_svg(const Rehearsal& rehearsal, const std::string& title, const std::string& subtitle) {
    const double seconds = rehearsal.moments.empty() ? 1.0 : std::max(1.0, rehearsal.moments.back().time_s);
    const auto tempo = tempo_panel(rehearsal, seconds);
    const auto movement = movement_panel(rehearsal, seconds);

    std::string svg = format("<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' "
                             "viewBox='0 0 %.0f %.0f' font-family='DejaVu Sans, Helvetica, sans-serif' "
                             "font-size='13'>\n<rect width='100%%' height='100%%' fill='#ffffff'/>\n",
                             width, height, width, height);
    svg += format("<text x='%.1f' y='34' font-size='19' font-weight='bold' fill='%s'>", left, ink);
    svg += escaped(title) + "</text>\n";
    svg += format("<text x='%.1f' y='56' fill='%s'>", left, quiet) + escaped(subtitle) + "</text>\n";
    svg += time_axis(movement, tempo.top);
    svg += tempo.grid(round_step(tempo.high - tempo.low, 8, {1, 2, 5, 10, 20, 50}), "%.0f", 1.0);
    svg += movement.grid(round_step(movement.high, 5, {0.02, 0.05, 0.1, 0.2}), "%.0f %%", 100.0);
    svg += format("<text x='%.1f' y='76' fill='%s'>BPM</text>\n", left, ink);
    svg += format("<text x='%.1f' y='416' fill='%s'>movement</text>\n", left, ink);
    svg += legend(right - 190, 76, tempo_colour, "", "tempo");
    svg += legend(right - 100, 76, target_colour, " stroke-dasharray='5 4'", "target");
    svg += legend(right - 250, 416, movement_colour, "", "median of the last five reports");
    svg += tempo_drawing(rehearsal, tempo) + movement_drawing(rehearsal, movement);
    return svg + "</svg>\n";
}

}  // namespace crowdjack
