// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/own_command.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace crowdjack {

namespace {

constexpr const char* plain_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@%";

}  // namespace

std::vector<std::string> own_command() {
    std::vector<std::string> words;
    std::ifstream file{"/proc/self/cmdline", std::ios::binary};
    for (std::string word; std::getline(file, word, '\0');) {
        words.push_back(word);
    }
    if (!words.empty() && words.front().find('/') != std::string::npos) {
        std::error_code error;
        const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
        words.front() = error ? words.front() : program.string();
    }
    return with_arguments_of_files(words);
}

std::vector<std::string> without_options(const std::vector<std::string>& words,
                                         const std::vector<std::string>& with_value,
                                         const std::vector<std::string>& switches) {
    const auto is_one_of = [](const std::vector<std::string>& options, const std::string& word) {
        return std::find(options.begin(), options.end(), word) != options.end();
    };
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        if (is_one_of(with_value, words[i])) {
            ++i;  // its value, too
        } else if (!is_one_of(switches, words[i]) &&
                   (equals == std::string::npos || !is_one_of(with_value, words[i].substr(0, equals)))) {
            kept.push_back(words[i]);
        }
    }
    return kept;
}

bool is_plain_word(const std::string& word) {
    return !word.empty() && word.find_first_not_of(plain_characters) == std::string::npos;
}

std::string percent_encoded(const std::string& text) {
    constexpr const char* digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c != '%' && std::string_view{plain_characters}.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += {'%', digits[byte / 16U], digits[byte % 16U]};
        }
    }
    return encoded;
}

std::string percent_decoded(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte{};
        const char* const first = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(first, first + 2, byte, 16).ptr == first + 2) {
            decoded += static_cast<char>(byte);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::string arguments_text(const std::vector<std::string>& arguments) {
    std::string text;
    for (const std::string& argument : arguments) {
        text += percent_encoded(argument) + "\n";
    }
    return text;
}

std::vector<std::string> with_arguments_of_files(const std::vector<std::string>& words) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] != "--arguments-from" || i + 1 == words.size()) {
            all.push_back(words[i]);
            continue;
        }
        const std::string name = percent_decoded(words[++i]);
        std::ifstream file{name};
        if (!file) {
            throw UsageError{"--arguments-from: cannot read '" + name + "'"};
        }
        for (std::string line; std::getline(file, line);) {
            all.push_back(percent_decoded(line));
        }
    }
    return all;
}

std::string plain_program(const std::string& program) {
    namespace fs = std::filesystem;
    if (is_plain_word(program)) {
        return program;
    }
    std::string name = fs::path{program}.filename().string();
    const char* const path = std::getenv("PATH");
    std::istringstream folders{path == nullptr ? "" : path};
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::error_code ignored;
        if (fs::equivalent(fs::path{folder} / name, program, ignored)) {
            return name;
        }
    }
    return shell_text({program});
}

std::string shell_text(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : " ";
        if (is_plain_word(word)) {
            text += word;
            continue;
        }
        text += '\'';
        for (const char c : word) {
            text += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
        }
        text += '\'';
    }
    return text;
}

}  // namespace crowdjack
