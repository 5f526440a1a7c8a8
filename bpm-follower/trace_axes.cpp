// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_axes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace crowdjack {

namespace {

using Axes = TraceLayout::Axes;

/// Three columns whose names differ in nothing but x, y, z.
struct Triple {
    std::vector<std::string> words;  ///< what they have in common
    std::array<std::optional<std::size_t>, 3> columns;

    [[nodiscard]] bool complete() const noexcept {
        return std::all_of(columns.begin(), columns.end(), [](const auto& each) { return each.has_value(); });
    }
    [[nodiscard]] bool says(std::initializer_list<std::string_view> beginnings) const {
        return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
            return std::any_of(beginnings.begin(), beginnings.end(),
                               [&](std::string_view each) { return word.starts_with(each); });
        });
    }
    [[nodiscard]] bool is_other_sensor() const {
        return says({"gyr", "rot", "omega", "mag", "quat", "orient", "attitude", "ang", "pos", "vel", "speed", "euler",
                     "deg", "rad", "dps", "coord"});
    }
    [[nodiscard]] bool is_gravity() const { return says({"grav"}); }
    [[nodiscard]] bool is_user() const { return says({"user", "lin"}); }
    [[nodiscard]] bool is_acceleration() const {
        return says({"acc", "gforce", "imu"}) || std::any_of(words.begin(), words.end(), [](const std::string& word) {
                   return word == "a" || word == "g" || word == "gf";
               });
    }
};

/// Takes the axis out of the words of a name: x, or ax, accx, accelx, fx.
std::optional<std::size_t> take_axis(std::vector<std::string>& words) {
    constexpr std::array<std::string_view, 9> beginnings{"",   "a",   "acc",  "accel", "acceleration",
                                                         "gf", "lin", "user", "f"};
    for (auto word = words.begin(); word != words.end(); ++word) {
        const char last = word->back();
        const auto beginning = word->substr(0, word->size() - 1);
        if (last < 'x' || last > 'z' ||
            std::find(beginnings.begin(), beginnings.end(), beginning) == beginnings.end()) {
            continue;
        }
        if (beginning.empty() || beginning == "f") {
            words.erase(word);
        } else {
            *word = beginning;
        }
        return static_cast<std::size_t>(last - 'x');
    }
    return {};
}

std::vector<Triple> triples_of(const std::vector<std::string>& names, const TraceLayout& layout) {
    std::vector<Triple> triples;
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto words = words_of(names[i]);
        const auto axis = layout.columns[i] == TraceColumn::ignored ? take_axis(words) : std::nullopt;
        if (!axis) {
            continue;
        }
        auto found = std::find_if(triples.begin(), triples.end(),
                                  [&](const Triple& each) { return each.words == words && !each.columns[*axis]; });
        if (found == triples.end()) {
            found = triples.insert(triples.end(), Triple{words, {}});
        }
        found->columns[*axis] = i;
    }
    std::erase_if(triples, [](const Triple& each) { return !each.complete() || each.is_other_sensor(); });
    return triples;
}

void mark(const Triple& triple, TraceColumn first, TraceLayout& layout) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
        layout.columns[*triple.columns[axis]] = static_cast<TraceColumn>(static_cast<std::size_t>(first) + axis);
    }
}

}  // namespace

std::vector<std::string> words_of(const std::string& name) {
    std::vector<std::string> words;
    bool inside = false;
    bool was_small = false;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        const bool belongs = std::isalnum(byte) != 0;
        const bool begins = belongs && (!inside || (was_small && std::isupper(byte) != 0));
        if (begins) {
            words.emplace_back();
        }
        if (belongs) {
            words.back() += static_cast<char>(std::tolower(byte));
        }
        inside = belongs;
        was_small = std::islower(byte) != 0;
    }
    return words;
}

void mark_axes(const std::vector<std::string>& names, TraceLayout& layout) {
    const auto triples = triples_of(names, layout);
    const auto first = [&](auto&& is) {
        const auto found = std::find_if(triples.begin(), triples.end(), is);
        return found == triples.end() ? nullptr : &*found;
    };
    const auto* const whole =
        first([](const Triple& each) { return each.is_acceleration() && !each.is_user() && !each.is_gravity(); });
    const auto* const user = first([](const Triple& each) { return each.is_user() && !each.is_gravity(); });
    const auto* const bare = first([](const Triple& each) { return !each.is_gravity(); });
    const auto* const gravity = first([](const Triple& each) { return each.is_gravity(); });
    const auto* const chosen = whole != nullptr ? whole : user != nullptr ? user : bare;
    if (chosen == nullptr) {
        return;
    }
    mark(*chosen, TraceColumn::axis_x, layout);
    layout.axes = chosen == whole ? Axes::named : chosen == user ? Axes::user : Axes::bare;
    if (gravity != nullptr && chosen != whole) {
        layout.axes = Axes::user;
        mark(*gravity, TraceColumn::other_x, layout);
    }
    const auto& words = chosen->words;
    layout.metric = std::find(words.begin(), words.end(), "m") != words.end() ||
                    std::find(words.begin(), words.end(), "ms2") != words.end();
}

}  // namespace crowdjack
