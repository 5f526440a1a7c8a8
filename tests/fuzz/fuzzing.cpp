// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/fuzzing.hpp"

#include "common/log.hpp"
#include "tests/fuzz/coverage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace crowdjack::test {

namespace {

constexpr std::size_t longest_input = 32768;
constexpr unsigned most_seconds_an_input = 20;

/// What is being read, for the handler of fatal signals.
struct UnderWay {
    std::string file;  ///< where to keep it
    const std::string* input{nullptr};
} under_way;

void keep_input() noexcept {
    if (under_way.input == nullptr) {
        return;
    }
    const int file = ::open(under_way.file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (file >= 0) {
        (void)!::write(file, under_way.input->data(), under_way.input->size());
        ::close(file);
    }
}

extern "C" void keep_and_end(int signal) {
    keep_input();
    if (signal == SIGALRM) {
        static constexpr char text[] = "an input takes more than 20 s; it is kept as fuzz-find-*\n";
        (void)!::write(STDERR_FILENO, text, sizeof text - 1);
        ::_exit(1);
    }
    std::signal(signal, SIG_DFL);
    (void)std::raise(signal);
}

/// @returns what it threw
std::optional<std::string> try_input(const FuzzTarget& target, const std::string& input) {
    under_way.input = &input;
    alarm(most_seconds_an_input);
    std::optional<std::string> why;
    try {
        target.attempt(input);
    } catch (const std::exception& error) {
        why = error.what();
    } catch (...) {
        why = "something that is no std::exception";
    }
    alarm(0);
    if (why) {
        keep_input();
    }
    under_way.input = nullptr;
    return why;
}

std::vector<std::string> corpus_of(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> inputs;
    for (const auto& file : files) {
        std::ifstream stream{file, std::ios::binary};
        inputs.emplace_back(std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{});
    }
    return inputs;
}

struct Plan {
    std::filesystem::path corpus;
    double seconds{0.5};
    std::uint64_t seed{1};
};

bool fuzz_one(const FuzzTarget& target, const Plan& plan) {
    under_way.file = "fuzz-find-" + target.name;
    auto pool = corpus_of(plan.corpus / target.name);
    if (pool.empty()) {
        std::fprintf(stderr, "%s: no corpus in %s\n", target.name.c_str(), plan.corpus.c_str());
        return false;
    }
    const std::clock_t begun = std::clock();
    std::size_t tried = 0;
    const auto failed = [&](const std::string& why) {
        std::fprintf(stderr, "%s, input %zu from seed %llu: %s\n  kept as %s\n", target.name.c_str(), tried,
                     static_cast<unsigned long long>(plan.seed), why.c_str(), under_way.file.c_str());
        return false;
    };
    (void)new_coverage();
    for (const auto& input : pool) {
        forget_coverage();
        if (const auto why = try_input(target, input)) {
            return failed(*why);
        }
        (void)new_coverage();
        ++tried;
    }
    const std::size_t given = pool.size();
    Mutator mutator{plan.seed};
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>{plan.seconds};
    for (; std::chrono::steady_clock::now() < end; ++tried) {
        std::string input =
            mutator.mutated(pool[mutator.below(pool.size())], pool[mutator.below(pool.size())], target.words);
        input.resize(std::min(input.size(), longest_input));
        forget_coverage();
        if (const auto why = try_input(target, input)) {
            return failed(*why);
        }
        if (new_coverage()) {
            pool.push_back(std::move(input));
        }
    }
    const double used = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    std::printf("%s: %zu inputs from seed %llu in %.1f s of CPU, %zu of them on new ways: each read or refused\n",
                target.name.c_str(), tried, static_cast<unsigned long long>(plan.seed), used, pool.size() - given);
    std::fflush(stdout);
    return true;
}

}  // namespace

int fuzz(int count, char** arguments, const std::vector<FuzzTarget>& targets) {
    if (count < 2) {
        std::fprintf(stderr, "usage: %s CORPUS [SECONDS [SEED [TARGET…]]]\n", arguments[0]);
        return 2;
    }
    set_up_log("fuzz", static_cast<LogLevel>(-1));  // nothing: refusals are what is expected
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
        std::signal(signal, keep_and_end);
    }
    const Plan plan{arguments[1], count > 2 ? std::atof(arguments[2]) : 0.5,
                    count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1};
    const std::vector<std::string> chosen{arguments + std::min(count, 4), arguments + count};
    bool good = true;
    std::size_t done = 0;
    for (const auto& target : targets) {
        if (chosen.empty() || std::find(chosen.begin(), chosen.end(), target.name) != chosen.end()) {
            good = fuzz_one(target, plan) && good;
            ++done;
        }
    }
    return good && done > 0 ? 0 : 1;
}

}  // namespace crowdjack::test
