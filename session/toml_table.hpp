// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/nearest_name.hpp"
#include "session/session_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

[[nodiscard]] inline int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

/// Reads one table key by key; whatever is asked for is known, whatever else it holds is a mistake.
class TableReader {
public:
    TableReader(const toml::table& table, std::string name, std::vector<SessionProblem>& problems)
        : table_{table}, name_{std::move(name)}, problems_{problems} {}

    void problem(int line, std::string what) const { problems_.push_back({line, std::move(what)}); }

    void text(const char* key, std::string& value) {
        if (const toml::node* node = take(key)) {
            if (const auto found = node->value_exact<std::string>()) {
                value = *found;
            } else {
                wrong_type(key, *node, "a text in quotes");
            }
        }
    }

    void truth(const char* key, bool& value) {
        if (const toml::node* node = take(key)) {
            if (const auto found = node->value_exact<bool>()) {
                value = *found;
            } else {
                wrong_type(key, *node, "true or false");
            }
        }
    }

    template <typename Number>
    void number(const char* key, Number& value, std::int64_t low, std::int64_t high) {
        if (const toml::node* node = take(key)) {
            read_number(key, *node, value, low, high);
        }
    }

    void real(const char* key, std::optional<double>& value, double low, double high) {
        if (const toml::node* node = take(key)) {
            const auto found = node->is_number() ? node->value<double>() : std::nullopt;
            if (!found || !(*found >= low && *found <= high)) {
                wrong_type(key, *node,
                           "a number from " + std::to_string(std::lround(low)) + " to " +
                               std::to_string(std::lround(high)));
            } else {
                value = *found;
            }
        }
    }

    template <typename Number>
    bool read_number(const char* key, const toml::node& node, Number& value, std::int64_t low, std::int64_t high) {
        const auto found = node.value_exact<std::int64_t>();
        if (!found || *found < low || *found > high) {
            wrong_type(key, node, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
            return false;
        }
        value = static_cast<Number>(*found);
        return true;
    }

    void texts(const char* key, std::vector<std::string>& values) {
        const toml::array* list = array(key, "a list of texts, e.g. [\"crowdjack-deck\", \"--name\", \"A\"]");
        if (list == nullptr) {
            return;
        }
        for (const toml::node& node : *list) {
            if (const auto found = node.value_exact<std::string>()) {
                values.push_back(*found);
            } else {
                wrong_type(key, node, "a list of texts only");
            }
        }
    }

    const toml::array* array(const char* key, const std::string& expected) {
        const toml::node* node = take(key);
        if (node != nullptr && !node->is_array()) {
            wrong_type(key, *node, expected);
        }
        return node == nullptr ? nullptr : node->as_array();
    }

    const toml::table* table(const char* key) {
        const toml::node* node = take(key);
        if (node != nullptr && !node->is_table()) {
            wrong_type(key, *node, "a table");
        }
        return node == nullptr ? nullptr : node->as_table();
    }

    /// The value of `key` if it is one of `choices`, else a problem with the nearest one.
    void choice(const char* key, std::string& value, const std::vector<std::string>& choices) {
        const toml::node* node = table_.get(key);
        std::string found = value;
        text(key, found);
        if (node == nullptr || !node->is_string()) {
            return;
        }
        if (std::find(choices.begin(), choices.end(), found) != choices.end()) {
            value = found;
            return;
        }
        std::string all;
        for (const std::string& one : choices) {
            all += (all.empty() ? "" : ", ") + one;
        }
        problem(line_of(*node), std::string{key} + " = \"" + found + "\" in " + name_ + " is unknown" +
                                    suggestion(found, choices) + " (one of: " + all + ")");
    }

    void wrong_type(const char* key, const toml::node& node, const std::string& expected) const {
        problem(line_of(node), std::string{key} + " in " + name_ + " must be " + expected);
    }

    /// Call last: names every key that nothing asked for.
    void refuse_unknown_keys() const {
        for (const auto& [key, node] : table_) {
            const std::string wrong{key.str()};
            if (std::find(known_.begin(), known_.end(), wrong) == known_.end()) {
                const auto line = static_cast<int>(key.source().begin.line);
                problem(line, "unknown key '" + wrong + "' in " + name_ + suggestion(wrong, known_));
            }
        }
    }

    static std::string suggestion(const std::string& wrong, const std::vector<std::string>& names) {
        const std::string nearest = nearest_name(wrong, names);
        return nearest.empty() ? std::string{} : ": did you mean '" + nearest + "'?";
    }

private:
    const toml::node* take(const char* key) {
        known_.emplace_back(key);
        return table_.get(key);
    }

    const toml::table& table_;
    std::string name_;
    std::vector<SessionProblem>& problems_;
    std::vector<std::string> known_;
};

}  // namespace crowdjack
