// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/chaos_judgement.hpp"

#include <cstdio>
#include <fstream>

namespace crowdjack::test::chaos {

using std::string;
namespace fs = std::filesystem;

namespace {

Held held_by(pid_t pid) {
    const string folder = "/proc/" + std::to_string(pid);
    std::error_code error;
    Held held;
    for (const auto& entry : fs::directory_iterator{folder + "/fd", error}) {
        ++held.descriptors;
        string kind = fs::read_symlink(entry.path(), error).string();
        std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
        ++held.kinds[kind];
    }
    std::ifstream maps{folder + "/maps"};
    for (string line; std::getline(maps, line);) {
        ++held.mappings;
    }
    held.resident_kib = memory_of(pid).anonymous / 1024;
    return held;
}

}  // namespace

std::map<string, Held> held_by_all(const Stage& stage) {
    std::map<string, Held> all;
    for (const string& client : clients) {
        all[client] = held_by(stage.pid_of(client));
    }
    return all;
}

bool judge_held(const std::map<string, Held>& before, const std::map<string, Held>& after) {
    bool good = true;
    for (const auto& [client, then] : before) {
        const Held& now = after.at(client);
        const bool flat = now.descriptors <= then.descriptors + 6 && now.mappings <= then.mappings + 40 &&
                          now.resident_kib <= then.resident_kib + then.resident_kib / 2 + 4096;
        std::printf("  %-13s descriptors %d -> %d, mappings %d -> %d, anonymous memory %zu -> %zu KiB%s\n",
                    client.c_str(), then.descriptors, now.descriptors, then.mappings, now.mappings, then.resident_kib,
                    now.resident_kib, flat ? "" : "  GREW");
        for (const auto& [kind, count] : now.kinds) {
            const auto found = then.kinds.find(kind);
            const int was = found == then.kinds.end() ? 0 : found->second;
            if (!flat && count > was) {
                std::printf("    %s %d -> %d\n", kind.c_str(), was, count);
            }
        }
        good = good && flat;
    }
    return good;
}

std::uintmax_t bytes_in(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator{folder, error}) {
        bytes += entry.is_regular_file(error) ? entry.file_size(error) : 0;
    }
    return bytes;
}

}  // namespace crowdjack::test::chaos
