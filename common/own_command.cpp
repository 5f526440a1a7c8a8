// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/own_command.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace crowdjack {

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
    return words;
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

std::string shell_text(const std::vector<std::string>& words) {
    constexpr const char* plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@%";
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : " ";
        if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
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
