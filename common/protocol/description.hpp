// SPDX-License-Identifier: GPL-3.0-or-later
// Every address that the suite understands, described once: addresses.inc holds one line for each. From it come the
// checks of what is received, the usage sentence of an /error, the OSC pages of the manual, the OSCQuery tree, the
// targets of a MIDI map and the seeds of the fuzzers. Pure data; any thread.
#pragma once

#include "common/protocol/addresses.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::protocol {

/// What a sender may expect of an address.
enum class Role {
    command,    ///< does something once: /reply when it is done or scheduled, or /error
    parameter,  ///< a command; with no more than its selectors it asks, and is answered at its own address
    question,   ///< answered at its own address
    event,      ///< told to subscribers; never answered
    report,     ///< told by detectors and peers; counted when wrong, never answered
};

/// Who serves an address: the kind in a program's registry entry. The door passes on what is a client's.
enum class Server { anybody, deck, mixer, follower, door, setlist };

/// One argument of an address.
struct Argument {
    enum class Kind { text, number, whole, flag, frame };

    std::string_view name;
    char tag{};  ///< the OSC type it is written as: s f d i T; i for a frame
    Kind kind{Kind::text};
    double low{}, high{};  ///< numbers
    std::string_view unit{};
    std::string_view choices{};  ///< of a text: `low|mid|high`; empty when it is free
    double initial{};            ///< what holds when it was never set, or is omitted
    bool has_initial{false};
    bool optional{false};
    bool held{false};     ///< outside its range it is held to it, not refused
    bool repeats{false};  ///< the last one, as often as one likes

    [[nodiscard]] constexpr Argument or_not() const noexcept {
        Argument changed = *this;
        changed.optional = true;
        return changed;
    }
    [[nodiscard]] constexpr Argument starts_at(double value) const noexcept {
        Argument changed = *this;
        changed.initial = value;
        changed.has_initial = true;
        return changed;
    }
    [[nodiscard]] constexpr Argument is_held() const noexcept {
        Argument changed = *this;
        changed.held = true;
        return changed;
    }
    [[nodiscard]] constexpr Argument many() const noexcept {
        Argument changed = *this;
        changed.repeats = true;
        return changed;
    }
};

/// A role, and what is special about it at one address.
struct Way {
    Role role{};
    std::string_view answer{};  ///< of a question or parameter, as usage(): `s:state s:path …`
    bool told{false};           ///< the answer is also told to subscribers, as an event
    bool pressed{false};        ///< its lone number is a button although it takes one (a hot cue's pad)
    bool free{false};           ///< its arguments come in more than one order: only the server checks them
    bool pending{false};        ///< its server does not understand it yet

    [[nodiscard]] constexpr Way answers(std::string_view usage) const noexcept {
        Way changed = *this;
        changed.answer = usage;
        return changed;
    }
    [[nodiscard]] constexpr Way tells() const noexcept {
        Way changed = *this;
        changed.told = true;
        return changed;
    }
    [[nodiscard]] constexpr Way button() const noexcept {
        Way changed = *this;
        changed.pressed = true;
        return changed;
    }
    [[nodiscard]] constexpr Way any_order() const noexcept {
        Way changed = *this;
        changed.free = true;
        return changed;
    }
    [[nodiscard]] constexpr Way to_come() const noexcept {
        Way changed = *this;
        changed.pending = true;
        return changed;
    }
};

constexpr std::size_t most_described_arguments = 8;

struct Description {
    /// With the selectors where they may stand: `/mixer/{strip}/gain`. `{deck}` is no argument: at the door it says
    /// which deck is meant, at the deck itself it is left out.
    std::string_view form;
    std::string_view address;  ///< without them: `/mixer/gain`
    Way way;
    Server server{};
    std::string_view sentence;
    std::array<Argument, most_described_arguments> all_arguments{};
    std::size_t argument_count{};

    [[nodiscard]] constexpr std::span<const Argument> arguments() const noexcept {
        return {all_arguments.data(), argument_count};
    }
    /// How many of the arguments (the first ones) select what is meant and may stand in the address.
    [[nodiscard]] std::size_t selectors() const noexcept;
    /// Fewest and most arguments that may come.
    /// @{
    [[nodiscard]] std::size_t least() const noexcept;
    [[nodiscard]] std::size_t most() const noexcept;
    /// @}
    /// Where the frame stands, if it takes one.
    [[nodiscard]] std::optional<std::size_t> frame_index() const noexcept;
    /// May this many arguments be a question?
    [[nodiscard]] bool asks(std::size_t arguments) const noexcept;
    /// A lone number beyond the selectors is a button here: `by_address` when the selectors stood in the address.
    [[nodiscard]] bool is_button(bool by_address) const noexcept;
    /// `s:strip [f:linear [d:ramp_s [i:frame]]]`
    [[nodiscard]] std::string usage() const;
};

/// All of them, in the order of addresses.inc: by server, then as the manual shows them.
[[nodiscard]] std::span<const Description> descriptions();

/// The one of that exact address (without selectors in it); null when it is unknown.
[[nodiscard]] const Description* description_of(std::string_view address);

/// What an address with selectors in it means.
struct Resolved {
    const Description* description{};
    std::string_view deck;  ///< what stood for `{deck}`; empty when the address names none
    struct Selector {
        std::size_t argument{};  ///< which argument it stands for
        std::string_view text;
    };
    std::vector<Selector> selectors;  ///< in the order of their arguments
};

/// `/mixer/A/eq/low` → /mixer/eq with strip A and band low; `/deck/A/gain` → /deck/gain of deck A. Selectors that are
/// not in the address are arguments. @returns nothing when no described address has that form. Points into `address`.
[[nodiscard]] std::optional<Resolved> resolve(std::string_view address);

/// The described address that looks most like this one; empty when none does.
[[nodiscard]] std::string nearest_address(std::string_view address);

/// May a message to this address never be answered, whatever it holds? Answers, events, and (by their first argument's
/// type) what is told at a question's address.
/// @param first_tag  of its first argument; 0 when it has none
[[nodiscard]] bool is_told(std::string_view address, char first_tag);

}  // namespace crowdjack::protocol
