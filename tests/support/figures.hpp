// SPDX-License-Identifier: GPL-3.0-or-later
// What a benchmark prints: one row of the table of figures per measurement.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace crowdjack::test {

/// Prints `| T1 | figure | measured | target | met |`; `tests/bench/run` collects these lines.
inline void print_figure(const std::string& id, const std::string& figure, const std::string& measured,
                         const std::string& target, bool met) {
    std::printf("| %s | %s | %s | %s | %s |\n", id.c_str(), figure.c_str(), measured.c_str(), target.c_str(),
                met ? "met" : "NOT MET");
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
