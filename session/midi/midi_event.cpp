// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/midi_event.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace crowdjack::midi {

namespace {

constexpr double highest_7 = 127.0;
constexpr double highest_14 = 16383.0;

struct FormWords {
    std::string_view word;
    Form form;
    std::size_t least, most;  ///< numbers after the channel
    std::string_view usage;
};

constexpr std::array<FormWords, 8> words{{
    {"note", Form::note, 1, 1, "note CHANNEL NUMBER"},
    {"cc", Form::cc, 1, 1, "cc CHANNEL NUMBER"},
    {"cc14", Form::cc14, 2, 2, "cc14 CHANNEL COARSE FINE"},
    {"relative", Form::relative, 1, 1, "relative CHANNEL NUMBER"},
    {"relative-offset", Form::relative_offset, 1, 1, "relative-offset CHANNEL NUMBER"},
    {"relative-sign", Form::relative_sign, 1, 1, "relative-sign CHANNEL NUMBER"},
    {"pitch", Form::pitch, 0, 0, "pitch CHANNEL"},
    {"program", Form::program, 0, 1, "program CHANNEL [NUMBER]"},
}};

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) {
            return parts;
        }
        parts.push_back(text.substr(0, text.find(' ')));
        text.remove_prefix(parts.back().size());
    }
}

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
    throw UsageError{"'" + std::string{text} + "' names no MIDI control: " + std::string{why}};
}

int number_in(std::string_view text, std::string_view part, int low, int high) {
    int number = 0;
    const auto end = std::from_chars(part.data(), part.data() + part.size(), number);
    if (end.ec != std::errc{} || end.ptr != part.data() + part.size() || number < low || number > high) {
        refuse(text, "'" + std::string{part} + "' is not a number from " + std::to_string(low) + " to " +
                         std::to_string(high));
    }
    return number;
}

bool hears_cc(const Source& source) noexcept {
    return source.form == Form::cc || source.form == Form::cc14 || source.is_relative();
}

std::uint8_t low_7(int value) { return static_cast<std::uint8_t>(value & 0x7F); }

RawMidi message(int status, int channel, int first, int second) {
    return {0, {static_cast<std::uint8_t>(status | (channel - 1)), low_7(first), low_7(second)}, 3};
}

}  // namespace

std::string Source::text() const {
    const auto* const found =
        std::find_if(words.begin(), words.end(), [this](const FormWords& each) { return each.form == form; });
    std::string text = std::string{found->word} + " " + std::to_string(channel);
    if (form != Form::pitch && number >= 0) {
        text += " " + std::to_string(number);
    }
    return form == Form::cc14 ? text + " " + std::to_string(fine) : text;
}

Source parse_source(std::string_view text) {
    constexpr int channels = 16;
    constexpr int highest = 127;
    const auto parts = split(text);
    const auto* const found = std::find_if(words.begin(), words.end(), [&parts](const FormWords& each) {
        return !parts.empty() && each.word == parts.front();
    });
    if (found == words.end()) {
        refuse(text, "it begins with note, cc, cc14, relative, relative-offset, relative-sign, pitch or program");
    }
    if (parts.size() < found->least + 2 || parts.size() > found->most + 2) {
        refuse(text, "it is written " + std::string{found->usage});
    }
    Source source{found->form, number_in(text, parts[1], 1, channels), found->form == Form::program ? -1 : 0, 0};
    if (parts.size() > 2) {
        source.number = number_in(text, parts[2], 0, highest);
    }
    if (parts.size() > 3) {
        source.fine = number_in(text, parts[3], 0, highest);
        if (source.fine == source.number) {
            refuse(text, "coarse and fine are two numbers");
        }
    }
    return source;
}

bool overlap(const Source& a, const Source& b) noexcept {
    if (a.channel != b.channel) {
        return false;
    }
    if (hears_cc(a) && hears_cc(b)) {
        const auto has = [](const Source& source, int number) {
            return source.number == number || (source.form == Form::cc14 && source.fine == number);
        };
        return has(b, a.number) || (a.form == Form::cc14 && has(b, a.fine));
    }
    if (a.form != b.form) {
        return false;
    }
    return a.form == Form::pitch || a.number == b.number || (a.form == Form::program && (a.number < 0 || b.number < 0));
}

Gesture SourceReader::absolute(double position) {
    const bool high = position >= 0.5;
    const Gesture gesture{position, 0, high && !high_, false};
    high_ = high;
    return gesture;
}

std::optional<Gesture> SourceReader::read_cc(int number, int value) {
    constexpr int sign = 64;
    if (source_.form == Form::cc14) {
        if (number == source_.number) {
            coarse_ = value;
            return Gesture{value / highest_7, 0, false, true};
        }
        if (number == source_.fine && coarse_ >= 0) {
            return absolute((coarse_ * 128 + value) / highest_14);
        }
        return std::nullopt;
    }
    if (number != source_.number) {
        return std::nullopt;
    }
    switch (source_.form) {
    case Form::relative:
        return Gesture{0.0, value < sign ? value : value - 128, false, false};
    case Form::relative_offset:
        return Gesture{0.0, value - sign, false, false};
    case Form::relative_sign:
        return Gesture{0.0, value < sign ? value : sign - value, false, false};
    default:
        return absolute(value / highest_7);
    }
}

std::optional<Gesture> SourceReader::read(const RawMidi& message) {
    constexpr int note_off = 0x80;
    constexpr int note_on = 0x90;
    constexpr int control = 0xB0;
    constexpr int program = 0xC0;
    constexpr int bend = 0xE0;
    const int status = message.bytes[0] & 0xF0;
    if (message.size < 2 || (message.bytes[0] & 0x0F) != source_.channel - 1) {
        return std::nullopt;
    }
    const int first = message.bytes[1] & 0x7F;
    const int second = message.size > 2 ? message.bytes[2] & 0x7F : 0;
    if (source_.form == Form::program) {
        const bool its = status == program && (source_.number < 0 || source_.number == first);
        return its ? std::optional{Gesture{first / highest_7, 0, true, false}} : std::nullopt;
    }
    if (message.size < 3) {
        return std::nullopt;
    }
    if (source_.form == Form::note) {
        const bool its = (status == note_on || status == note_off) && first == source_.number;
        const bool pressed = status == note_on && second > 0;
        return its ? std::optional{Gesture{pressed ? second / highest_7 : 0.0, 0, pressed, false}} : std::nullopt;
    }
    if (source_.form == Form::pitch) {
        return status == bend ? std::optional{absolute((second * 128 + first) / highest_14)} : std::nullopt;
    }
    return status == control ? read_cc(first, second) : std::nullopt;
}

std::size_t shown_on(const Source& source, double position, std::array<RawMidi, 2>& messages) {
    const double held = std::clamp(position, 0.0, 1.0);
    const int seven = static_cast<int>(std::lround(held * highest_7));
    const int fourteen = static_cast<int>(std::lround(held * highest_14));
    switch (source.form) {
    case Form::note:
        messages[0] = message(0x90, source.channel, source.number, seven);
        return 1;
    case Form::cc14:
        messages[0] = message(0xB0, source.channel, source.number, fourteen >> 7);
        messages[1] = message(0xB0, source.channel, source.fine, fourteen & 0x7F);
        return 2;
    case Form::pitch:
        messages[0] = message(0xE0, source.channel, fourteen & 0x7F, fourteen >> 7);
        return 1;
    case Form::program:
        messages[0] = {0, {static_cast<std::uint8_t>(0xC0 | (source.channel - 1)), low_7(seven), 0}, 2};
        return 1;
    default:
        messages[0] = message(0xB0, source.channel, source.number, seven);
        return 1;
    }
}

}  // namespace crowdjack::midi
