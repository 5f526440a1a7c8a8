// SPDX-License-Identifier: GPL-3.0-or-later
// The main of every test program that has none of its own.
//
// When libjack hangs in a test's own client, no case of this process can use JACK any more, and nothing of that is the
// suite's doing. So a new process takes this one's place and repeats the case, once, and does those behind it.
#include "tests/support/jack_hang.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<std::string> arguments;
int current_case = 0;  ///< the how manieth of those that pass the filters, from 1
bool failed = false;   ///< one of those before it

constexpr auto hung_variable = "CROWDJACK_HUNG_IN";
const std::string first_option{"--first="};

struct CaseCounter : doctest::IReporter {
    explicit CaseCounter(const doctest::ContextOptions& /*options*/) {}
    void test_case_start(const doctest::TestCaseData& /*data*/) override { ++current_case; }
    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        failed = failed || stats.failure_flags != 0;
    }
    void report_query(const doctest::QueryData& /*data*/) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
    void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*data*/) override {}
    void log_message(const doctest::MessageData& /*data*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}
};

/// Only there may all other processes be ended: they are this test's own.
bool in_private_world() {
    std::ifstream file{"/proc/1/cmdline"};
    const std::string first_process{std::istreambuf_iterator<char>{file}, {}};
    return first_process.find("tests/support/isolated") != std::string::npos;
}

void go_on_in_new_process() {
    const std::string here = std::to_string(current_case);
    const char* hung_before = std::getenv(hung_variable);  // NOLINT(concurrency-mt-unsafe): nobody changes it
    if (failed || !in_private_world() || (hung_before != nullptr && hung_before == here)) {
        return;
    }
    std::printf("goes on in a new process, with case %s\n", here.c_str());
    std::fflush(nullptr);
    setenv(hung_variable, here.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): all other threads end now
    kill(-1, SIGKILL);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    close_range(3, ~0U, 0);
    std::erase_if(arguments, [](const std::string& argument) { return argument.starts_with(first_option); });
    arguments.push_back(first_option + here);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    execv("/proc/self/exe", pointers.data());
}

}  // namespace

REGISTER_LISTENER("case counter", 1, CaseCounter);

int main(int argc, char** argv) {
    arguments.assign(argv, argv + argc);
    for (const std::string& argument : arguments) {
        if (argument.starts_with(first_option)) {
            current_case = std::stoi(argument.substr(first_option.size())) - 1;
        }
    }
    crowdjack::test::after_jack_hang = go_on_in_new_process;
    return doctest::Context{argc, argv}.run();
}
