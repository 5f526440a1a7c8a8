// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace crowdjack::test {

/// What a test program does once libjack hangs in it, before it ends: nothing, unless its main() has a remedy.
inline void (*after_jack_hang)(){nullptr};

/// libjack hangs in `call` of one of this process's clients (jack_closing.hpp): nothing of JACK works in this process
/// any more. Says so and ends it, or, from doctest_main.cpp, replaces it by a new one that repeats the case.
[[noreturn]] void end_hung(const std::string& call);

}  // namespace crowdjack::test
