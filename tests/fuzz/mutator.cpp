// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/fuzzing.hpp"

#include <array>
#include <cctype>

namespace crowdjack::test {

namespace {

constexpr std::array<std::uint64_t, 14> wholes{
    0, 1, 2, 16, 127, 128, 255, 256, 32767, 65535, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
const std::array<const char*, 20> numbers{
    "0",    "-1",    "1",    "1e999",      "-1e999",      "1e-400",     "NaN",
    "inf",  "-0.0",  "0.5",  "2147483648", "-2147483649", "4294967296", "18446744073709551616",
    "1e15", "1e300", "0x10", "1,5",        ".",           "99999999"};

}  // namespace

std::string Mutator::mutated(std::string input, const std::string& other, const std::vector<std::string>& words) {
    const std::size_t changes = 1 + below(1U << below(4));
    for (std::size_t i = 0; i < changes; ++i) {
        change(input, other, words);
    }
    return input;
}

void Mutator::change(std::string& input, const std::string& other, const std::vector<std::string>& words) {
    const std::size_t at = below(input.size() + 1);
    switch (below(10)) {
    case 0:
        input.erase(at, 1 + below(40));
        break;
    case 1:
    case 2:
        if (!words.empty()) {
            input.insert(at, words[below(words.size())]);
        }
        break;
    case 3:
        change_byte(input);
        break;
    case 4:
        change_whole(input);
        break;
    case 5:
    case 6:
        change_number(input);
        break;
    case 7:
        input.insert(at, input.substr(below(input.size() + 1), below(200)));
        break;
    case 8:
        input.insert(at, other.substr(below(other.size() + 1), below(200)));
        break;
    default:
        input.resize(at);
    }
}

void Mutator::change_byte(std::string& input) {
    if (!input.empty()) {
        input[below(input.size())] = static_cast<char>(below(256));
    }
}

/// Two, four or eight bytes in either order.
void Mutator::change_whole(std::string& input) {
    const std::size_t size = std::size_t{2} << below(3);
    if (input.size() < size) {
        return;
    }
    const std::uint64_t value = wholes[below(wholes.size())];
    const std::size_t at = below(input.size() - size + 1);
    const bool big = below(2) == 0;
    for (std::size_t i = 0; i < size; ++i) {
        input[at + (big ? size - 1 - i : i)] = static_cast<char>(value >> (8 * i) & 255U);
    }
}

/// A number written in digits becomes another.
void Mutator::change_number(std::string& input) {
    std::size_t from = input.find_first_of("0123456789", below(input.size() + 1));
    if (from == std::string::npos) {
        return;
    }
    std::size_t until = from;
    while (until < input.size() &&
           (std::isdigit(static_cast<unsigned char>(input[until])) != 0 || input[until] == '.')) {
        ++until;
    }
    input.replace(from, until - from, numbers[below(numbers.size())]);
}

}  // namespace crowdjack::test
