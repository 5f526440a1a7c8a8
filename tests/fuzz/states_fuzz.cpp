// SPDX-License-Identifier: GPL-3.0-or-later
// What clients keep of themselves, as a full disk or a curious person leaves it.
#include "bpm-follower/state_text.hpp"
#include "common/error.hpp"
#include "deck/control/saved_deck.hpp"
#include "mixer-bus/mixer_state.hpp"
#include "mixer-bus/silence_watch.hpp"
#include "tests/fuzz/fuzzing.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// What was read is written and read once more, to the same words.
void read_deck(const std::string& text) {
    try {
        const SavedDeck deck = parse_saved_deck(text);
        const std::string said = to_text(deck);
        if (to_text(parse_saved_deck(said)) != said) {
            throw std::logic_error{"a state that does not come back as it was: " + said};
        }
        (void)same_run_shift(deck, JackFrame{48000}, 1.0, 48000.0);
        if (!std::isfinite(deck.gain + deck.rate + deck.track_bpm + deck.rest_source + deck.anchor_source) ||
            !(deck.file_rate > 0.0 && deck.server_rate > 0.0 && deck.track_bpm > 0.0)) {
            throw std::logic_error{"a deck that can't play: " + said};
        }
    } catch (const Failure&) {
    }
}

void read_follower(const std::string& text) {
    try {
        const SavedState state = parse_state(text);
        const std::string said = to_text(state);
        if (to_text(parse_state(said)) != said) {
            throw std::logic_error{"a state that does not come back as it was: " + said};
        }
        (void)lines_if_same_server(state, JackFrame{48000}, 48000.0, state.saved_at_s + 1.0);
    } catch (const Failure&) {
    }
}

void read_mixer(const std::string& text) {
    const ControlSetup setup{.curve = EqCurve{}, .mixer = {}};
    MixerProcess process{setup.mixer};
    MixerControl control{setup, process, [] { return JackFrame{0}; }};
    // It is told its settings, and asks its shell for nothing.
    alignas(std::max_align_t) static std::array<std::byte, 4096> no_shell{};
    SilenceWatch silence{reinterpret_cast<ClientShell&>(no_shell)};
    try {
        restore_state(control, silence, text);
        const std::string said = saved_state(control, silence);
        restore_state(control, silence, said);
        if (saved_state(control, silence) != said) {
            throw std::logic_error{"a state that does not come back as it was: " + said};
        }
    } catch (const Failure&) {
    }
}

const std::vector<std::string> words{"null",     "true",      "false",       "[",        "]",          "{",
                                     "}",        ",",         ":",           "\"\"",     "\"path\"",   "\"stems\"",
                                     "\"loop\"", "\"lines\"", "\"hotcues\"", "\"next\"", "\"strips\"", "\"\\u0000\"",
                                     "\xFF",     "\"gain\":", "[[[[[[[["};

}  // namespace

int main(int count, char** arguments) {
    return fuzz(count, arguments,
                {{"deck-state", words, read_deck},
                 {"follower-state", words, read_follower},
                 {"mixer-state", words, read_mixer}});
}
