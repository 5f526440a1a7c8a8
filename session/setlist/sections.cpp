// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/sections.hpp"

#include "common/error.hpp"
#include "common/text_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::array<std::string_view, 3> needed{"part_file", "begin_cue_adj", "end_cue_adj"};
constexpr std::array<std::string_view, 4> optional_columns{"path", "key", "bpm", "target_bpm"};
constexpr double unknown_tempo = 120.0;

using Columns = std::map<std::string, std::size_t, std::less<>>;

std::string at_line(const std::string& source, int line) { return source + ":" + std::to_string(line) + ": "; }

/// `Part File ` is part_file.
std::string column_name(std::string_view field) {
    std::string name;
    for (const char c : field) {
        name += c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    name.erase(0, std::min(name.find_first_not_of("_\t"), name.size()));
    name.erase(name.find_last_not_of("_\t") + 1);
    return name;
}

/// The known columns' places, by name.
Columns columns_of(const CsvRecord& header) {
    Columns places;
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
        const std::string name = column_name(header.fields[i]);
        const bool known = std::find(needed.begin(), needed.end(), name) != needed.end() ||
                           std::find(optional_columns.begin(), optional_columns.end(), name) != optional_columns.end();
        if (known) {
            places.emplace(name, i);
        }
    }
    return places;
}

/// The text cut at the separator that gives its first line the most known names.
struct Table {
    char separator{','};
    std::vector<CsvRecord> records;
    Columns columns;
};

Table table_of(std::string_view text, const std::string& source) {
    const std::string_view first_line =
        text.substr(0, text.find('\n', std::min(text.find_first_not_of("\r\n"), text.size())));
    Table best;
    for (const char separator : {',', ';', '\t'}) {
        const auto header = parse_csv(first_line, source, separator);
        auto columns = header.empty() ? Columns{} : columns_of(header.front());
        if (separator == ',' || columns.size() > best.columns.size()) {
            best = {separator, {}, std::move(columns)};
        }
    }
    best.records = parse_csv(text, source, best.separator);
    return best;
}

void require_columns(const Table& table, const std::string& source) {
    for (const std::string_view column : needed) {
        if (!table.columns.contains(column)) {
            throw Failure{at_line(source, table.records.front().line) + "no column '" + std::string{column} +
                          "': a setlist has at least part_file, begin_cue_adj and end_cue_adj, as "
                          "crowdjack-struct-export writes them"};
        }
    }
}

class SectionRow {
public:
    SectionRow(const CsvRecord& record, const Table& table, const std::string& source)
        : record_{record}, table_{table}, where_{at_line(source, record.line)} {}

    [[nodiscard]] Section section() const {
        check_width();
        Section section;
        section.part_file = text("part_file");
        section.path = text("path").empty() ? section.part_file : text("path");
        section.key = text("key");
        section.begin_s = number("begin_cue_adj");
        section.end_s = number("end_cue_adj");
        section.line = record_.line;
        const auto bpm = optional_number("bpm");
        const auto target = optional_number("target_bpm");
        section.tempo_known = bpm || target;
        section.bpm = bpm.value_or(target.value_or(unknown_tempo));
        section.target_bpm = target.value_or(section.bpm);
        check(section);
        return section;
    }

private:
    void check_width() const {
        if (!record_.problem.empty()) {
            throw Failure{record_.problem};
        }
        const std::size_t wide = table_.records.front().fields.size();
        const auto beyond = record_.fields.begin() + static_cast<std::ptrdiff_t>(std::min(wide, record_.fields.size()));
        const bool more = std::any_of(beyond, record_.fields.end(), [](const auto& field) { return !field.empty(); });
        if (record_.fields.size() < wide || more) {
            throw Failure{where_ + std::to_string(record_.fields.size()) + " fields where the header has " +
                          std::to_string(wide)};
        }
    }

    [[nodiscard]] std::string text(std::string_view column) const {
        const auto place = table_.columns.find(column);
        return place == table_.columns.end() ? std::string{} : record_.fields[place->second];
    }

    [[nodiscard]] double number(std::string_view column) const {
        const std::string field = text(column);
        std::string pointed = field;
        if (table_.separator != ',' && std::count(pointed.begin(), pointed.end(), ',') == 1) {
            pointed[pointed.find(',')] = '.';
        }
        double value = 0.0;
        const char* const end = pointed.data() + pointed.size();
        const auto [stopped, error] = std::from_chars(pointed.data(), end, value);
        if (error != std::errc{} || stopped != end || !std::isfinite(value)) {
            fail(column, "'" + field + "' is no number");
        }
        return value;
    }

    [[nodiscard]] std::optional<double> optional_number(std::string_view column) const {
        return text(column).empty() ? std::nullopt : std::optional{number(column)};
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
    const Table& table_;
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

std::vector<Section> parse_sections(std::string_view text, const std::string& source,
                                    std::vector<std::string>* passed_over) {
    const Table table = table_of(text, source);
    if (table.records.empty()) {
        throw Failure{source + ": the file is empty: export sections with crowdjack-struct-export first"};
    }
    require_columns(table, source);
    std::vector<Section> sections;
    std::vector<std::string> wrong;
    for (auto record = table.records.begin() + 1; record != table.records.end(); ++record) {
        try {
            sections.push_back(SectionRow{*record, table, source}.section());
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
    const std::string text =
        read_list(file, "give a folder of music, a playlist, or the CSV that crowdjack-struct-export makes, in UTF-8");
    std::vector<Section> sections = parse_sections(text, file.string(), passed_over);
    for (Section& section : sections) {
        section.part_file = whole_path(section.part_file, file.parent_path());
    }
    return sections;
}

}  // namespace crowdjack
