// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/held.hpp"

#include "tests/support/process.hpp"

#include <cstdio>
#include <fstream>

namespace crowdjack::test {

namespace fs = std::filesystem;

namespace {

/// As many as there are while it looks: a process may end meanwhile.
template <typename Take>
void each_in(const fs::path& folder, const Take& take) {
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        take(entry->path());
    }
}

}  // namespace

Held held_by(pid_t process) {
    const fs::path folder = "/proc/" + std::to_string(process);
    Held held;
    each_in(folder / "fd", [&held](const fs::path& descriptor) {
        std::error_code error;
        ++held.descriptors;
        std::string kind = fs::read_symlink(descriptor, error).string();
        std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
        ++held.kinds[kind];
    });
    each_in(folder / "task", [&held](const fs::path&) { ++held.threads; });
    std::ifstream maps{folder / "maps"};
    for (std::string line; std::getline(maps, line);) {
        ++held.mappings;
    }
    const auto memory = memory_of(process);
    held.anonymous_kib = memory.anonymous / 1024;
    held.resident_kib = memory.resident / 1024;
    return held;
}

bool judge_held(const std::map<std::string, Held>& before, const std::map<std::string, Held>& after,
                const Growth& allowed) {
    bool good = true;
    for (const auto& [program, then] : before) {
        const Held& now = after.at(program);
        const auto part = static_cast<std::size_t>(allowed.anonymous_part * static_cast<double>(then.anonymous_kib));
        const bool flat = now.descriptors <= then.descriptors + allowed.descriptors &&
                          now.mappings <= then.mappings + allowed.mappings &&
                          now.threads <= then.threads + allowed.threads &&
                          now.anonymous_kib <= then.anonymous_kib + part + allowed.anonymous_kib;
        std::printf("  %-13s descriptors %d -> %d, threads %d -> %d, mappings %d -> %d, memory of its own %zu -> %zu "
                    "KiB, resident %zu -> %zu%s\n",
                    program.c_str(), then.descriptors, now.descriptors, then.threads, now.threads, then.mappings,
                    now.mappings, then.anonymous_kib, now.anonymous_kib, then.resident_kib, now.resident_kib,
                    flat ? "" : "  GREW");
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

}  // namespace crowdjack::test
