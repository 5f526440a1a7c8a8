// SPDX-License-Identifier: GPL-3.0-or-later
// What a benchmark prints: one row of the table of figures per measurement.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::test {

/// Prints `| T1 | figure | measured | target | met |`; `tests/bench/run` collects these lines.
inline void print_figure(const std::string& id, const std::string& figure, const std::string& measured,
                         const std::string& target, bool met) {
    std::printf("| %s | %s | %s | %s | %s |\n", id.c_str(), figure.c_str(), measured.c_str(), target.c_str(),
                met ? "met" : "NOT MET");
    std::fflush(stdout);
}

/// A row for a peer that this machine does not have.
inline void print_absent(const std::string& id, const std::string& figure, const std::string& program) {
    std::printf("| %s | %s | %s is not installed | stated | not here |\n", id.c_str(), figure.c_str(), program.c_str());
    std::fflush(stdout);
}

/// Prints a point of a series that a picture is drawn from: `point SERIES {"x": 1, …}`; the same collects these.
inline void print_point(const std::string& series, const std::vector<std::pair<std::string, double>>& values) {
    std::string text;
    for (const auto& [name, value] : values) {
        char number[40];
        std::snprintf(number, sizeof number, "%.9g", value);
        text += (text.empty() ? "\"" : ", \"") + name + "\": " + number;
    }
    std::printf("point %s {%s}\n", series.c_str(), text.c_str());
    std::fflush(stdout);
}

/// A number in few digits: shown(0.12345) is "0.123".
inline std::string shown(double value, int digits = 3) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

/// The value below which `part` (0…1) of the values lie; 0 of none.
inline double percentile(std::vector<double> values, double part) {
    if (values.empty()) {
        return 0.0;
    }
    std::sort(values.begin(), values.end());
    const double index = part * static_cast<double>(values.size() - 1) + 0.5;
    return values[std::min(values.size() - 1, static_cast<std::size_t>(index))];
}

inline double median(const std::vector<double>& values) { return percentile(values, 0.5); }

}  // namespace crowdjack::test
