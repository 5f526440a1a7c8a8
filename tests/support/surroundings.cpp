// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/surroundings.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace crowdjack::test {

namespace {

std::string environment_variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

/// The build tree whose programs are tried instead of this one's; empty: this one's. (tests/run: the sanitizers'.)
std::string other_programs() { return environment_variable("CROWDJACK_PROGRAMS"); }

}  // namespace

std::filesystem::path build_folder() {
    const auto folder = environment_variable("CROWDJACK_BUILD");
    if (folder.empty()) {
        throw std::runtime_error{
            "$CROWDJACK_BUILD does not say where the build tree is; run the tests through meson test"};
    }
    return folder;
}

bool tries_other_programs() { return !other_programs().empty(); }

std::string program_path(const std::string& program) {
    const std::string room = program == "crowdjack-session" ? "session" : program.substr(program.find('-') + 1);
    const auto build = tries_other_programs() ? std::filesystem::path{other_programs()} : build_folder();
    const auto path = build / room / program;
    if (!std::filesystem::exists(path)) {
        throw std::runtime_error{path.string() + " is not built"};
    }
    return path.string();
}

Process::Options armed(Process::Options options) {
    const auto trap = environment_variable("CROWDJACK_TRAP");
    if (!trap.empty() && !tries_other_programs()) {  // the trap and a sanitizer both stand in for malloc
        options.environment["LD_PRELOAD"] = trap;
    }
    return options;
}

std::optional<std::filesystem::path> real_data() {
    const std::filesystem::path folder{environment_variable("CROWDJACK_DATA")};
    if (folder.empty() || !std::filesystem::is_directory(folder)) {
        return std::nullopt;
    }
    return std::filesystem::canonical(folder);
}

long late_page_faults(Process& ended) {
    const std::string said = ended.whole_output();
    const std::string begin = "crowdjack trap: ";
    const std::size_t end = said.find(" minor page faults");
    return end == std::string::npos ? 0 : std::stol(said.substr(said.rfind(begin, end) + begin.size()));
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "crowdjack-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error{"cannot make a folder like " + name};
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace crowdjack::test
