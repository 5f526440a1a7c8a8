// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_name.hpp"

#include "common/error.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view two_digits = "mdHIMSyCgUVWeklu";
constexpr std::string_view words = "aAbBhpPsFTRGwzZ";  ///< no slash, no line's end in any of them

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// What fnmatch() takes for one field of strftime.
std::string pattern_of(char field) {
    const std::string digit = "[0-9]";
    if (two_digits.find(field) != std::string_view::npos) {
        return field == 'u' ? digit : field == 'e' || field == 'k' || field == 'l' ? "?" + digit : digit + digit;
    }
    return field == 'Y' ? digit + digit + digit + digit : field == 'j' ? digit + digit + digit : "*";
}

/// The N of STEM-N, where the rest of `name` is that of `path`; 1 for the name itself; 0 for any other.
std::int64_t number_of(const std::string& name, const fs::path& path) {
    if (name == path.filename().string()) {
        return 1;
    }
    const std::string before = path.stem().string() + "-";
    const std::string after = path.extension().string();
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after)) {
        return 0;
    }
    std::int64_t number = 0;
    const char* const end = name.data() + name.size() - after.size();
    const auto [stop, error] = std::from_chars(name.data() + before.size(), end, number);
    return error == std::errc{} && stop == end && number < std::int64_t{1} << 40 ? number : 0;
}

}  // namespace

fs::path next_free_name(const fs::path& path) {
    std::int64_t highest = 0;
    std::error_code failed;
    for (fs::directory_iterator entry{path.has_parent_path() ? path.parent_path() : ".", failed}, end;
         !failed && entry != end; entry.increment(failed)) {
        highest = std::max(highest, number_of(entry->path().filename().string(), path));
    }
    if (highest <= 0) {
        return path;
    }
    fs::path name = path;
    return name.replace_filename(path.stem().string() + "-" + std::to_string(highest + 1) + path.extension().string());
}

RecordingName::RecordingName(fs::path asked) : asked_{std::move(asked)} {
    const std::string stem = asked_.stem().string();
    for (std::size_t i = 0; i < stem.size(); ++i) {
        if (stem[i] != '%' || i + 1 == stem.size() || (!is_letter(stem[i + 1]) && stem[i + 1] != '%')) {
            pattern_ += std::string_view{"*?[]\\"}.find(stem[i]) == std::string_view::npos ? "" : "\\";
            pattern_ += stem[i];
            continue;
        }
        const char field = stem[++i];
        if (field == '%') {
            pattern_ += '%';
            has_fields_ = true;
        } else if (field == 'Y' || field == 'j' || two_digits.find(field) != std::string_view::npos ||
                   words.find(field) != std::string_view::npos) {
            pattern_ += pattern_of(field);
            has_fields_ = true;
        } else {
            throw Failure{"'" + asked_.filename().string() + "': %" + field +
                          " can't stand in a file's name: use fields such as %Y %m %d %H %M %S"};
        }
    }
}

fs::path RecordingName::at(std::time_t when) const {
    if (!has_fields_) {
        return asked_;
    }
    std::tm local{};
    localtime_r(&when, &local);
    const std::string stem = asked_.stem().string();
    std::string name;
    for (std::size_t i = 0; i < stem.size(); ++i) {
        if (stem[i] == '%' && i + 1 < stem.size() && (is_letter(stem[i + 1]) || stem[i + 1] == '%')) {
            const std::array<char, 3> field{'%', stem[++i], '\0'};
            std::array<char, 64> text{};
            name.append(text.data(), std::strftime(text.data(), text.size(), field.data(), &local));
        } else {
            name += stem[i];
        }
    }
    std::replace(name.begin(), name.end(), '/', '-');
    fs::path path = asked_;
    return path.replace_filename(name + asked_.extension().string());
}

fs::path RecordingName::free_name(std::time_t when) const { return next_free_name(at(when)); }

bool RecordingName::matches(const std::string& name) const {
    const fs::path other{name};
    if (other.extension() != asked_.extension()) {
        return false;
    }
    std::string stem = other.stem().string();
    const auto fits = [&] { return fnmatch(pattern_.c_str(), stem.c_str(), FNM_PERIOD) == 0; };
    if (fits()) {
        return true;
    }
    const auto dash = stem.rfind('-');
    const bool counted = dash != std::string::npos && dash + 1 < stem.size() &&
                         std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(dash) + 1, stem.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0; });
    stem.resize(counted ? dash : stem.size());
    return counted && fits();
}

}  // namespace crowdjack
