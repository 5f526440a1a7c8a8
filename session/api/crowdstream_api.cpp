// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/crowdstream_api.hpp"

#include "common/band_word.hpp"
#include "common/deck_names.hpp"
#include "common/protocol/description.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace crowdjack::api {

namespace {

/// One message's arguments, read in order; every mistake is named with the address and what is right.
class Reader {
public:
    Reader(const ApiArguments& arguments, const char* address)
        : arguments_{arguments}, described_{*protocol::description_of(address)} {
        if (arguments.size() < described_.least() || arguments.size() > described_.most()) {
            fail(std::to_string(arguments.size()) + (arguments.size() == 1 ? " argument came" : " arguments came"));
        }
    }

    [[nodiscard]] bool has(std::size_t i) const {
        return i < arguments_.size() && !std::holds_alternative<std::monostate>(arguments_[i]);
    }

    [[nodiscard]] double number(std::size_t i, const char* name) const {
        if (has(i)) {
            if (const auto* value = std::get_if<double>(&arguments_[i]); value != nullptr && std::isfinite(*value)) {
                return *value;
            }
        }
        fail(std::string{name} + " must be a number");
    }
    [[nodiscard]] double number(std::size_t i, const char* name, double missing) const {
        return has(i) ? number(i, name) : missing;
    }
    [[nodiscard]] double number_within(std::size_t i, const char* name, double low, double high) const {
        const double value = number(i, name);
        if (value < low || value > high) {
            fail(std::string{name} + " must be from " + shown(low) + " to " + shown(high) + ", not " + shown(value));
        }
        return value;
    }
    [[nodiscard]] float level(std::size_t i, const char* name, double most) const {
        return static_cast<float>(std::clamp(number(i, name), 0.0, most));
    }
    [[nodiscard]] bool truth(std::size_t i, const char* name) const {
        if (const auto* flag = std::get_if<bool>(&arguments_[i])) {
            return *flag;
        }
        return number(i, name) != 0.0;
    }
    [[nodiscard]] const std::string& text_or_none(std::size_t i, const char* name) const {
        const auto* value = has(i) ? std::get_if<std::string>(&arguments_[i]) : nullptr;
        if (value == nullptr) {
            fail(std::string{name} + " must be a text");
        }
        return *value;
    }
    [[nodiscard]] const std::string& text(std::size_t i, const char* name) const {
        const std::string& value = text_or_none(i, name);
        if (value.empty()) {
            fail(std::string{name} + " must not be empty");
        }
        return value;
    }
    [[nodiscard]] char deck(std::size_t i) const {
        const std::string& name = text(i, "deck");
        try {
            return deck_letter(name);
        } catch (const ApiError& error) {
            fail(error.what());
        }
    }
    /// Seconds from arrival; the past is now.
    [[nodiscard]] double start_at(std::size_t i) const { return std::max(0.0, number(i, "start_at")); }
    [[nodiscard]] std::string band(std::size_t i) const {
        const std::string& word = text(i, "band");
        constexpr std::array names{"low", "mid", "high"};
        if (const auto named = eq_band_named(word)) {
            return names.at(static_cast<std::size_t>(*named));
        }
        fail("band must be low, mid or high, not '" + word + "'");
    }
    [[nodiscard]] std::int32_t buffer(std::size_t i) const {
        const double id = number(i, "id");
        if (id != std::floor(id) || id < 100 || id > 4099) {
            fail("buffer id must be a whole number from 100 to 4099, not " + shown(id));
        }
        return static_cast<std::int32_t>(id);
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw ApiError{what + ": use " + std::string{described_.address} + " " + described_.usage()};
    }

    [[nodiscard]] static std::string shown(double value) {
        std::string text = std::to_string(value);
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') {
            text.pop_back();
        }
        return text;
    }

private:
    const ApiArguments& arguments_;
    const protocol::Description& described_;
};

Levels parse_levels(const ApiArguments& arguments, const char* address) {
    const Reader reader{arguments, address};
    Levels levels;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (reader.has(i)) {
            levels.at(i) = reader.level(i, "level", 1.0);
        }
    }
    return levels;
}

PlayStem parse_stem(const Reader& reader) {
    PlayStem stem;
    stem.id = reader.buffer(0);
    stem.rate = reader.number(1, "rate", 1.0);
    if (reader.has(2)) {
        stem.volume = reader.level(2, "volume", 1.0);
    }
    stem.loop = !reader.has(3) || reader.truth(3, "loop");
    stem.start = reader.has(4) ? reader.number_within(4, "start", 0.0, 1.0) : 0.0;
    return stem;
}

}  // namespace

char deck_letter(std::string_view text) {
    std::string_view letter = text;
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    if (text.size() > deck_prefix.size() &&
        std::equal(text.begin(), text.begin() + deck_prefix.size(), deck_prefix.begin(), same)) {
        letter.remove_prefix(deck_prefix.size());
    }
    const auto c = letter.size() == 1 ? static_cast<unsigned char>(letter[0]) : static_cast<unsigned char>(0);
    if (c >= 128 || std::isalpha(c) == 0) {
        throw ApiError{"deck '" + std::string{text.substr(0, 40)} + "' is unknown: it must be a letter like A"};
    }
    return static_cast<char>(std::toupper(c));
}

char deck_of_buffer(std::int32_t id) {
    if (id < 100 || id > 4099) {
        throw ApiError{"buffer id " + std::to_string(id) +
                       " belongs to no deck: A has 100-1099, B 1100-2099, C 2100-3099, D 3100-4099"};
    }
    return static_cast<char>('A' + (id - 100) / 1000);
}

Cue parse_cue(const ApiArguments& arguments) {
    const Reader reader{arguments, at::cue};
    return {reader.deck(0), reader.text(1, "path"), reader.has(2) ? reader.number_within(2, "fraction", 0.0, 1.0) : 0.0,
            reader.has(3) ? std::optional{reader.number_within(3, "bpm", 1.0, 1000.0)} : std::nullopt};
}

StartGroup parse_start_group(const ApiArguments& arguments) {
    const Reader reader{arguments, at::start_group};
    const bool first = std::holds_alternative<double>(arguments.front());
    const std::size_t number_at = first ? 0 : arguments.size() - 1;
    StartGroup group{reader.start_at(number_at), {}};
    for (std::size_t i = first ? 1 : 0; i < arguments.size() - (first ? 0 : 1); ++i) {
        const char deck = reader.deck(i);
        if (group.decks.find(deck) == std::string::npos) {
            group.decks += deck;
        }
    }
    return group;
}

Play parse_play(const ApiArguments& arguments) {
    const Reader reader{arguments, at::play};
    return {reader.deck(0), reader.text(1, "path"), reader.has(2) ? reader.start_at(2) : 0.0};
}

Fade parse_fade(const ApiArguments& arguments) {
    const Reader reader{arguments, at::fade};
    return {reader.deck(0), reader.start_at(1), std::max(0.0, reader.number(2, "seconds", 2.0))};
}

Levels parse_crossfade(const ApiArguments& arguments) { return parse_levels(arguments, at::crossfade_levels); }

Levels parse_deck_levels(const ApiArguments& arguments) { return parse_levels(arguments, at::deck_levels); }

Band parse_deck_eq(const ApiArguments& arguments) {
    const Reader reader{arguments, at::deck_eq};
    return {reader.deck(0), reader.band(1), reader.level(2, "percent", 100.0)};
}

Bands parse_deck_eq_all(const ApiArguments& arguments) {
    const Reader reader{arguments, at::deck_eq_all};
    return {reader.deck(0),
            {reader.level(1, "low", 100.0), reader.level(2, "mid", 100.0), reader.level(3, "high", 100.0)}};
}

Band parse_deck_filter(const ApiArguments& arguments) {
    const Reader reader{arguments, at::deck_filter};
    return {reader.deck(0), reader.band(1), reader.level(2, "gain", 4.0)};
}

LoadBuffer parse_load_buffer(const ApiArguments& arguments) {
    const Reader reader{arguments, at::load_buffer};
    return {reader.buffer(0), reader.text(1, "path"), reader.has(2) ? reader.text_or_none(2, "name") : std::string{}};
}

PlayStem parse_play_stem(const ApiArguments& arguments) { return parse_stem(Reader{arguments, at::play_stem}); }

PlayStem parse_play_stem_section(const ApiArguments& arguments) {
    const Reader reader{arguments, at::play_stem_section};
    PlayStem stem = parse_stem(reader);
    if (reader.has(5)) {
        stem.seconds = reader.number_within(5, "seconds", 0.0, 600.0);
    }
    return stem;
}

std::int32_t parse_stop_stem(const ApiArguments& arguments) { return Reader{arguments, at::stop_stem}.buffer(0); }

StemVolume parse_stem_volume(const ApiArguments& arguments) {
    const Reader reader{arguments, at::stem_volume};
    return {reader.buffer(0), reader.level(1, "volume", 1.0)};
}

double parse_set_tempo(const ApiArguments& arguments) {
    return Reader{arguments, at::set_tempo}.number_within(0, "bpm", 20.0, 400.0);
}

int parse_set_meter(const ApiArguments& arguments) {
    const Reader reader{arguments, at::set_meter};
    const double beats = reader.number_within(0, "beats", 1.0, 64.0);
    if (beats != std::floor(beats)) {
        reader.fail("beats must be a whole number");
    }
    return static_cast<int>(beats);
}

bool parse_print_clock(const ApiArguments& arguments) {
    const Reader reader{arguments, at::print_clock};
    return !reader.has(0) || reader.truth(0, "switch");
}

double parse_schedule(const ApiArguments& arguments) {
    return Reader{arguments, at::schedule_c_at}.number_within(0, "seconds", 0.0, 86400.0);
}

double parse_test_tone(const ApiArguments& arguments) {
    const Reader reader{arguments, at::test_tone};
    return std::clamp(reader.number(0, "hz", 440.0), 20.0, 20000.0);
}

}  // namespace crowdjack::api
