// SPDX-License-Identifier: GPL-3.0-or-later
// What a controller sends and is sent, as plain values. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack::midi {

/// A MIDI message of up to three bytes at its frame. A value that crosses between threads.
struct RawMidi {
    std::int64_t frame{};  ///< unwrapped JACK frame
    std::array<std::uint8_t, 3> bytes{};
    std::uint8_t size{};
};

/// How a control speaks.
enum class Form {
    note,             ///< `note CHANNEL NUMBER`: pressed with a velocity, released
    cc,               ///< `cc CHANNEL NUMBER`: 0…127
    cc14,             ///< `cc14 CHANNEL MSB LSB`: 0…16383 in two messages, the coarse one first
    relative,         ///< `relative CHANNEL NUMBER`: an endless encoder, 1… up, 127… down (two's complement)
    relative_offset,  ///< `relative-offset CHANNEL NUMBER`: 65… up, 63… down
    relative_sign,    ///< `relative-sign CHANNEL NUMBER`: 1… up, 65… down
    pitch,            ///< `pitch CHANNEL`: 0…16383, 8192 in the middle
    program,          ///< `program CHANNEL [NUMBER]`: chosen, or its number as the value
};

/// One control of a controller. Channels count from 1, as on the devices; numbers from 0.
struct Source {
    Form form{};
    int channel{1};
    int number{};  ///< of a note, a CC (14 bit: the coarse one) or a program; -1: any program
    int fine{};    ///< CC of the fine half, 14 bit only

    friend bool operator==(const Source&, const Source&) = default;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_relative() const noexcept {
        return form == Form::relative || form == Form::relative_offset || form == Form::relative_sign;
    }
};

/// `cc 1 7` and so on. @throws UsageError saying what is wrong and how it is written
[[nodiscard]] Source parse_source(std::string_view text);

/// Do both hear some message alike?
[[nodiscard]] bool overlap(const Source& a, const Source& b) noexcept;

/// What a message means to a source: a position 0…1, or steps up or down.
struct Gesture {
    double position{};        ///< of absolute controls; of a note 1 when pressed, 0 when released
    int steps{};              ///< of relative ones
    bool pressed{false};      ///< a note, or a control that passed its middle upwards
    bool coarse_only{false};  ///< half of a 14 bit value: the other half follows
};

/// Turns messages into gestures; remembers the coarse half of 14 bit values.
class SourceReader {
public:
    explicit SourceReader(Source source) : source_{source} {}
    [[nodiscard]] const Source& source() const noexcept { return source_; }
    /// @returns nothing when the message is not this source's
    [[nodiscard]] std::optional<Gesture> read(const RawMidi& message);

private:
    [[nodiscard]] std::optional<Gesture> read_cc(int number, int value);
    [[nodiscard]] Gesture absolute(double position);

    Source source_;
    int coarse_{-1};
    bool high_{false};
};

/// The messages that show `position` (0…1) on a control: one, or two for 14 bit. Relative controls show it as their CC.
[[nodiscard]] std::size_t shown_on(const Source& source, double position, std::array<RawMidi, 2>& messages);

}  // namespace crowdjack::midi
