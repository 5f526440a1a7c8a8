// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/json_file.hpp"

#include "common/error.hpp"
#include "common/text_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace crowdjack {

namespace {

constexpr int deepest = 64;
constexpr std::uintmax_t largest_json = std::uintmax_t{16} << 20U;

/// "[json.exception.parse_error.101] parse error at line 3, column 5: …" without its catalogue number.
std::string plain(const char* what) {
    const std::string text{what};
    const std::size_t bracket = text.find("] ");
    return bracket == std::string::npos ? text : text.substr(bracket + 2);
}

/// The text with `instead` for each number that isn't one.
std::string without_nan(std::string_view text, std::string_view instead) {
    std::string result;
    result.reserve(text.size());
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string && c == '\\' && at + 1 < text.size()) {
            result += c;
            result += text[++at];
            continue;
        }
        in_string = in_string != (c == '"');
        const bool may_begin = !in_string && (c == 'N' || c == 'I' || c == '-');
        std::string_view word;
        for (const std::string_view each : {"NaN", "-NaN", "Infinity", "-Infinity"}) {
            word = may_begin && text.substr(at, each.size()) == each ? each : word;
        }
        if (word.empty()) {
            result += c;
        } else {
            result += instead;
            at += word.size() - 1;
        }
    }
    return result;
}

}  // namespace

nlohmann::ordered_json parse_json(const std::string& text, const std::string& name) {
    const auto not_too_deep = [&name](int depth, nlohmann::ordered_json::parse_event_t /*event*/,
                                      nlohmann::ordered_json& /*parsed*/) {
        if (depth > deepest) {
            throw Failure{name + ": nested deeper than " + std::to_string(deepest) + " levels"};
        }
        return true;
    };
    try {
        return nlohmann::ordered_json::parse(text, not_too_deep);
    } catch (const nlohmann::json::exception& error) {
        throw Failure{name + ": not JSON: " + plain(error.what())};
    }
}

nlohmann::ordered_json parse_python_json(const std::string& text, const std::string& name, std::string_view nan) {
    return parse_json(without_nan(text, nan), name);
}

nlohmann::ordered_json read_python_json(const std::filesystem::path& file, std::string_view nan) {
    return parse_python_json(read_bounded(file, largest_json), file.string(), nan);
}

nlohmann::ordered_json read_json(const std::filesystem::path& file) {
    return parse_json(read_bounded(file, largest_json), file.string());
}

std::string tidy_json(const nlohmann::ordered_json& object) {
    // A file's name may be no UTF-8: what can't be written is replaced, the rest is kept.
    constexpr auto lenient = nlohmann::ordered_json::error_handler_t::replace;
    std::string text = "{";
    const char* separator = "\n";
    for (const auto& [key, value] : object.items()) {
        text.append(separator).append("  ").append(nlohmann::ordered_json(key).dump(-1, ' ', false, lenient));
        text.append(": ").append(value.dump(-1, ' ', false, lenient));
        separator = ",\n";
    }
    return text + "\n}\n";
}

}  // namespace crowdjack
