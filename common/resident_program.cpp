// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/resident_program.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace crowdjack {

namespace {

struct Mapping {
    std::uintptr_t begin{}, end{};
    std::string rights, file;
};

std::vector<Mapping> file_mappings() {
    std::vector<Mapping> mappings;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields{line};
        Mapping mapping;
        char dash{};
        std::string offset, device, inode;
        fields >> std::hex >> mapping.begin >> dash >> mapping.end >> mapping.rights >> offset >> device >> inode;
        std::getline(fields >> std::ws, mapping.file);
        if (mapping.file.starts_with('/') && mapping.rights.starts_with('r')) {
            mappings.push_back(mapping);
        }
    }
    return mappings;
}

}  // namespace

void make_program_resident() noexcept {
    try {
        const auto mappings = file_mappings();
        std::set<std::string> programs;  // files with code in them: not the tracks that a deck maps
        for (const auto& mapping : mappings) {
            if (mapping.rights.find('x') != std::string::npos) {
                programs.insert(mapping.file);
            }
        }
        for (const auto& mapping : mappings) {
            if (programs.contains(mapping.file)) {
                // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers
                (void)madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_POPULATE_READ);
            }
        }
    } catch (const std::exception&) {
        // Without it the first cycles may be late; nothing else depends on it.
        return;
    }
}

}  // namespace crowdjack
