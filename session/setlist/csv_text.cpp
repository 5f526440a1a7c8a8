// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/csv_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace crowdjack {

namespace {

/// Reads a text field by field.
class CsvReader {
public:
    CsvReader(std::string_view text, const std::string& source, char separator)
        : text_{text}, source_{source}, separator_{separator} {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (text_.starts_with(byte_order_mark)) {
            text_.remove_prefix(byte_order_mark.size());
        }
    }

    [[nodiscard]] bool at_end() const noexcept { return place_ >= text_.size(); }

    CsvRecord record() {
        const Place begin{place_, line_};
        CsvRecord result;
        result.line = line_;
        do {
            result.fields.push_back(field(result.problem));
        } while (result.problem.empty() && take(separator_));
        if (!result.problem.empty()) {
            // Whatever the quote swallowed: the next line is a record of its own again.
            place_ = std::min(text_.find('\n', begin.place), text_.size());
            line_ = begin.line;
        }
        take('\r');
        take('\n');
        return result;
    }

private:
    struct Place {
        std::size_t place;
        int line;
    };

    bool take(char wanted) {
        if (at_end() || text_[place_] != wanted) {
            return false;
        }
        line_ += wanted == '\n' ? 1 : 0;
        ++place_;
        return true;
    }

    [[nodiscard]] std::string here(int line) const { return source_ + ":" + std::to_string(line) + ": "; }

    [[nodiscard]] bool at_field_end() const noexcept {
        if (at_end() || text_[place_] == separator_ || text_[place_] == '\n') {
            return true;
        }
        return text_[place_] == '\r' && (place_ + 1 == text_.size() || text_[place_ + 1] == '\n');
    }

    [[nodiscard]] bool at_blank() const noexcept {
        return !at_end() && (text_[place_] == ' ' || (text_[place_] == '\t' && separator_ != '\t'));
    }

    std::string field(std::string& problem) {
        while (at_blank()) {
            ++place_;
        }
        if (take('"')) {
            return quoted(problem);
        }
        std::string result;
        while (!at_field_end()) {
            result += text_[place_++];
        }
        result.erase(result.find_last_not_of(" \t") + 1);
        return result;
    }

    std::string quoted(std::string& problem) {
        const int opened = line_;
        std::string result;
        while (!at_end()) {
            if (take('"')) {
                if (take('"')) {
                    result += '"';
                    continue;
                }
                while (at_blank()) {
                    ++place_;
                }
                if (!at_field_end()) {
                    problem = here(line_) + "text follows a closing quote: double the quotes inside a quoted field";
                }
                return result;
            }
            const char next = text_[place_];
            result += next;
            take(next);
        }
        problem = here(opened) + "a quote is opened here and never closed";
        return result;
    }

    std::string_view text_;
    const std::string& source_;
    char separator_;
    std::size_t place_{0};
    int line_{1};
};

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& source, char separator) {
    std::vector<CsvRecord> records;
    CsvReader reader{text, source, separator};
    while (!reader.at_end()) {
        CsvRecord record = reader.record();
        if (record.fields.size() > 1 || !record.fields.front().empty() || !record.problem.empty()) {
            records.push_back(std::move(record));
        }
    }
    return records;
}

std::string csv_field(std::string_view text) {
    // Blanks at either end are part of the text only when they are quoted.
    const bool blank_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    if (text.find_first_of(",\"\r\n") == std::string_view::npos && !blank_end) {
        return std::string{text};
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

}  // namespace crowdjack
