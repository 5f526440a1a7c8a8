// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/programme/seed_count.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

fs::path state_folder() {
    const char* const state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && *state == '/') {
        return fs::path{state} / "crowdjack";
    }
    const char* const home = std::getenv("HOME");
    return fs::path{home == nullptr ? "/nowhere" : home} / ".local/state/crowdjack";
}

}  // namespace

std::uint64_t next_beginning(const fs::path& session_file) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(fs::absolute(session_file, error), error);
    const fs::path file =
        state_folder() /
        (whole.stem().string() + "-" + std::to_string(std::hash<std::string>{}(whole.string()) % 100'000) + ".begun");
    std::uint64_t count = 0;
    std::ifstream{file} >> count;
    try {
        fs::create_directories(file.parent_path(), error);
        write_atomically(file, std::to_string(count + 1) + "\n", Durability::power);
    } catch (const Failure&) {
        return static_cast<std::uint64_t>(std::time(nullptr));
    }
    return count;
}

}  // namespace crowdjack
