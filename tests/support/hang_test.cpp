// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of a test program in which libjack hangs (doctest_main.cpp). The cases are one story, in their order.
#include "tests/support/jack_hang.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace crowdjack::test;

namespace {

std::filesystem::path file_called(const char* name) { return std::filesystem::temp_directory_path() / name; }

std::string text_in(const char* name) {
    std::ifstream file{file_called(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void note(const char* word) { std::ofstream{file_called("story"), std::ios::app} << word << ' '; }

bool hung_before() { return std::getenv("CROWDJACK_HUNG_IN") != nullptr; }

}  // namespace

TEST_CASE("1: a case before the hang is not repeated") {
    note("before");
    const pid_t child = fork();
    if (child == 0) {
        pause();
        std::_Exit(0);
    }
    std::ofstream{file_called("child")} << child;
    CHECK_FALSE(hung_before());
}

TEST_CASE("2: the case in which libjack hangs is repeated in a new process, and nothing of the old one is left") {
    note("hanging");
    if (!hung_before()) {
        end_hung("jack_client_close() of nobody, as this test wants it");
    }
    CHECK(kill(std::stoi(text_in("child")), 0) == -1);
}

TEST_CASE("3: those behind it follow") {
    note("behind");
    CHECK(hung_before());
    CHECK(text_in("story") == "before hanging hanging behind ");
}
