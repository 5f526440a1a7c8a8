// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/learning.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/text_file.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace crowdjack::midi {

namespace {

constexpr int note_off = 0x80;
constexpr int note_on = 0x90;
constexpr int control_change = 0xB0;
constexpr int program_change = 0xC0;
constexpr int pitch_bend = 0xE0;
constexpr int fine_half = 32;  ///< CC n + 32 is the fine half of CC n, for n below 32

int status_of(const RawMidi& message) { return message.bytes[0] & 0xF0; }
int channel_of(const RawMidi& message) { return (message.bytes[0] & 0x0F) + 1; }

/// Endless encoders send little steps round a value; a fader sends where it is.
Form form_of_values(const std::vector<int>& values) {
    const auto all = [&values](auto&& fits) { return std::all_of(values.begin(), values.end(), fits); };
    const std::set<int> different(values.begin(), values.end());
    // A fader passes through many values; one that is shaken beside an end can look like an encoder for a moment.
    const bool few = values.size() >= 4 && different.size() <= std::max<std::size_t>(2, values.size() / 3);
    if (!few) {
        return Form::cc;
    }
    if (all([](int value) { return (value > 0 && value < 8) || value > 119; })) {
        return Form::relative;
    }
    if (all([](int value) { return value > 56 && value < 72 && value != 64; })) {
        return Form::relative_offset;
    }
    return Form::cc;
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

void Listener::heard(const RawMidi& message, double now_s) {
    constexpr std::size_t enough = 4096;
    if (messages_.size() < enough && message.size >= 2 && status_of(message) != note_off) {
        messages_.push_back(message);
    }
    last_s_ = now_s;
}

std::optional<Source> Listener::rested(double now_s) {
    if (messages_.empty() || now_s < last_s_ + moment_s) {
        return std::nullopt;
    }
    const std::vector<RawMidi> heard = std::exchange(messages_, {});
    const RawMidi& first = heard.front();
    const int status = status_of(first);
    const int channel = channel_of(first);
    const int number = first.bytes[1];
    if (status == note_on) {
        return Source{Form::note, channel, number, 0};
    }
    if (status == pitch_bend) {
        return Source{Form::pitch, channel, 0, 0};
    }
    if (status == program_change) {
        return Source{Form::program, channel, number, 0};
    }
    if (status != control_change) {
        return std::nullopt;
    }
    std::vector<int> values;
    bool has_fine = false;
    for (const RawMidi& message : heard) {
        const bool same = status_of(message) == control_change && channel_of(message) == channel;
        if (same && message.bytes[1] == number) {
            values.push_back(message.bytes[2]);
        }
        has_fine = has_fine || (same && number < fine_half && message.bytes[1] == number + fine_half);
    }
    if (has_fine) {
        return Source{Form::cc14, channel, number, number + fine_half};
    }
    return Source{form_of_values(values), channel, number, 0};
}

Learner::Learner(std::filesystem::path file) : file_{std::move(file)} {
    if (std::filesystem::exists(file_)) {
        map_ = load_map(file_);
    }
}

std::optional<std::string> Learner::look(double now_s) {
    const auto source = listener_.rested(now_s);
    if (!source) {
        return std::nullopt;
    }
    moved_ = *source;
    asked_twice_.clear();
    std::string text = source->text() + " was moved.";
    for (const std::string& conflict : conflicts_with(map_, *source, "")) {
        text += " But " + conflict + ".";
    }
    return text + " Which address shall it move? (for example /mixer/A/gain; an empty line: none)";
}

std::string Learner::answered(const std::string& line) {
    const std::string address = trimmed(line);
    if (!moved_) {
        return "Move a control first.";
    }
    if (address.empty()) {
        moved_.reset();
        return "Left out. Move the next control.";
    }
    Control control;
    control.input = *moved_;
    control.address = address;
    try {
        settle(control);
    } catch (const UsageError& error) {
        return std::string{error.what()} + ". Which address?";
    }
    const auto conflicts = conflicts_with(map_, *moved_, address);
    if (!conflicts.empty() && asked_twice_ != address) {
        asked_twice_ = address;
        return conflicts.front() + ". The same address again writes it all the same.";
    }
    if (moved_->form == Form::note || (control.kind == Control::Kind::value && !moved_->is_relative())) {
        control.output = *moved_;  // most controllers show what they are sent on the control itself
    }
    if (!control.description->asks(control.selectors)) {
        control.output.reset();
    }
    const std::string text = std::filesystem::exists(file_) ? read_bounded(file_, longest_map) : std::string{};
    const std::string begin = text.empty() ? "device = \"learnt\"\n" : text;
    write_atomically(file_, begin + toml_of(control), Durability::power, 0644);
    map_ = load_map(file_);
    moved_.reset();
    return "Written: " + control.input->text() + " moves " + address + ". Move the next control.";
}

}  // namespace crowdjack::midi
