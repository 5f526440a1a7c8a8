// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzing with what gcc has: mutations of a small corpus, from a seed, so that a crash comes again. In a build with
// -fsanitize-coverage=trace-pc (tests/fuzz/hours) what reaches code anew is mutated further.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace crowdjack::test {

/// What reads bytes of others.
struct FuzzTarget {
    std::string name;                ///< also of its folder in the corpus
    std::vector<std::string> words;  ///< what such input is made of
    /// Reads `input`, or refuses it in the way that it promises. Whatever it throws is a find; so is a crash, a report
    /// of a sanitizer, and 20 s without an end.
    std::function<void(const std::string& input)> attempt;
};

/// Changes inputs a little, as broken disks and hostile people do.
class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_{seed} {}
    [[nodiscard]] std::string mutated(std::string input, const std::string& other,
                                      const std::vector<std::string>& words);
    /// 0 … limit - 1; 0 when the limit is 0.
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

private:
    void change(std::string& input, const std::string& other, const std::vector<std::string>& words);
    void change_byte(std::string& input);
    void change_whole(std::string& input);
    void change_number(std::string& input);

    std::mt19937_64 random_;
};

/// Replays the corpus, then mutates it for a while.
///
/// usage: PROGRAM CORPUS [SECONDS [SEED [TARGET…]]]   SECONDS for each target, 0.5 by default; all targets by default.
/// CORPUS/TARGET/ has the files. What is found is kept in the working folder as fuzz-find-TARGET.
/// @returns the exit code: 0 when every input was read or refused
[[nodiscard]] int fuzz(int count, char** arguments, const std::vector<FuzzTarget>& targets);

}  // namespace crowdjack::test
