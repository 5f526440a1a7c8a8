// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/sections.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::array<std::string_view, 14> columns{
    "path",           "bpm",      "key",           "target_bpm",  "speed",         "ini_cue",
    "begin_cue",      "end_cue",  "begin_cue_adj", "end_cue_adj", "duration_orig", "duration_sectioned",
    "part_file_orig", "part_file"};

std::string at_line(const std::string& source, int line) { return source + ":" + std::to_string(line) + ": "; }

/// Reads a text field by field.
class CsvReader {
public:
    CsvReader(std::string_view text, const std::string& source) : text_{text}, source_{source} {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (text_.starts_with(byte_order_mark)) {
            text_.remove_prefix(byte_order_mark.size());
        }
    }

    [[nodiscard]] bool at_end() const noexcept { return place_ >= text_.size(); }

    CsvRecord record() {
        CsvRecord result;
        result.line = line_;
        do {
            result.fields.push_back(field());
        } while (take(','));
        take('\r');
        take('\n');
        return result;
    }

private:
    bool take(char wanted) {
        if (at_end() || text_[place_] != wanted) {
            return false;
        }
        line_ += wanted == '\n' ? 1 : 0;
        ++place_;
        return true;
    }

    [[nodiscard]] bool at_field_end() const noexcept {
        if (at_end() || text_[place_] == ',' || text_[place_] == '\n') {
            return true;
        }
        return text_[place_] == '\r' && (place_ + 1 == text_.size() || text_[place_ + 1] == '\n');
    }

    std::string field() {
        if (take('"')) {
            return quoted();
        }
        std::string result;
        while (!at_field_end()) {
            result += text_[place_++];
        }
        return result;
    }

    std::string quoted() {
        const int opened = line_;
        std::string result;
        while (!at_end()) {
            if (take('"')) {
                if (!take('"')) {
                    if (!at_field_end()) {
                        throw Failure{at_line(source_, line_) +
                                      "text follows a closing quote: double the quotes inside a quoted field"};
                    }
                    return result;
                }
                result += '"';
            } else {
                const char next = text_[place_];
                result += next;
                take(next);
            }
        }
        throw Failure{at_line(source_, opened) + "a quote is opened here and never closed"};
    }

    std::string_view text_;
    const std::string& source_;
    std::size_t place_{0};
    int line_{1};
};

/// The columns' places, by name.
std::map<std::string_view, std::size_t> find_columns(const CsvRecord& header, const std::string& source) {
    std::map<std::string_view, std::size_t> places;
    for (const std::string_view column : columns) {
        const auto found = std::find(header.fields.begin(), header.fields.end(), column);
        if (found == header.fields.end()) {
            throw Failure{at_line(source, header.line) + "no column '" + std::string{column} +
                          "': is this the CSV of crowdjack-struct-export?"};
        }
        places[column] = static_cast<std::size_t>(found - header.fields.begin());
    }
    return places;
}

class SectionRow {
public:
    SectionRow(const CsvRecord& record, const std::map<std::string_view, std::size_t>& places,
               const std::string& source)
        : record_{record}, places_{places}, where_{at_line(source, record.line)} {}

    [[nodiscard]] Section section() const {
        Section section;
        section.path = text("path");
        section.part_file = text("part_file");
        section.key = text("key");
        section.bpm = number("bpm");
        section.target_bpm = number("target_bpm");
        section.begin_s = number("begin_cue_adj");
        section.end_s = number("end_cue_adj");
        section.line = record_.line;
        check(section);
        return section;
    }

private:
    [[nodiscard]] const std::string& text(std::string_view column) const { return record_.fields[places_.at(column)]; }

    [[nodiscard]] double number(std::string_view column) const {
        const std::string& field = text(column);
        double value = 0.0;
        const char* const end = field.data() + field.size();
        const auto [stopped, error] = std::from_chars(field.data(), end, value);
        if (error != std::errc{} || stopped != end || !std::isfinite(value)) {
            fail(column, "'" + field + "' is no number");
        }
        return value;
    }

    void check(const Section& section) const {
        if (section.part_file.empty()) {
            fail("part_file", "it is empty: nothing to play");
        }
        if (section.bpm <= 0.0) {
            fail("bpm", "must be above 0");
        }
        if (section.target_bpm < 1.0 || section.target_bpm > 1000.0) {
            fail("target_bpm", "must be in 1…1000");
        }
        if (section.begin_s < 0.0) {
            fail("begin_cue_adj", "must not be before the part's start (0)");
        }
        if (section.end_s <= section.begin_s) {
            fail("end_cue_adj", "must be after begin_cue_adj");
        }
    }

    [[noreturn]] void fail(std::string_view column, const std::string& why) const {
        throw Failure{where_ + std::string{column} + ": " + why};
    }

    const CsvRecord& record_;
    const std::map<std::string_view, std::size_t>& places_;
    std::string where_;
};

/// A relative part lies in the working folder, else beside the setlist; a deck may have another working folder.
std::string whole_path(const std::string& part, const std::filesystem::path& folder) {
    std::error_code error;
    const std::filesystem::path beside = folder / part;  // the part itself when it is absolute
    const bool here = std::filesystem::exists(part, error) || !std::filesystem::exists(beside, error);
    return std::filesystem::absolute(here ? std::filesystem::path{part} : beside).lexically_normal().string();
}

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& source) {
    std::vector<CsvRecord> records;
    CsvReader reader{text, source};
    while (!reader.at_end()) {
        CsvRecord record = reader.record();
        if (record.fields.size() > 1 || !record.fields.front().empty()) {
            records.push_back(std::move(record));
        }
    }
    return records;
}

std::vector<Section> parse_sections(std::string_view text, const std::string& source,
                                    std::vector<std::string>* passed_over) {
    const std::vector<CsvRecord> records = parse_csv(text, source);
    if (records.empty()) {
        throw Failure{source + ": the file is empty: export sections with crowdjack-struct-export first"};
    }
    const auto places = find_columns(records.front(), source);
    std::vector<Section> sections;
    std::vector<std::string> wrong;
    for (auto record = records.begin() + 1; record != records.end(); ++record) {
        if (record->fields.size() != records.front().fields.size()) {
            throw Failure{at_line(source, record->line) + std::to_string(record->fields.size()) +
                          " fields where the header has " + std::to_string(records.front().fields.size())};
        }
        try {
            sections.push_back(SectionRow{*record, places, source}.section());
        } catch (const Failure& failure) {
            wrong.emplace_back(failure.what());
        }
    }
    if (!wrong.empty() && (sections.empty() || passed_over == nullptr)) {
        throw Failure{wrong.front()};
    }
    if (sections.empty()) {
        throw Failure{source + ": no section is listed: nothing to play"};
    }
    if (passed_over != nullptr) {
        *passed_over = std::move(wrong);
    }
    return sections;
}

std::vector<Section> read_sections(const std::filesystem::path& file, std::vector<std::string>* passed_over) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream) {
        throw Failure{"cannot read " + file.string() + ": does it exist, and may you read it?"};
    }
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    if (stream.bad()) {
        throw Failure{"reading " + file.string() + " failed half-way: is it a file?"};
    }
    std::vector<Section> sections = parse_sections(text, file.string(), passed_over);
    for (Section& section : sections) {
        section.part_file = whole_path(section.part_file, file.parent_path());
    }
    return sections;
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string{text};
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

}  // namespace crowdjack
