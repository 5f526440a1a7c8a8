// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/registry.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace crowdjack::test {

inline PeerInfo deck_a() { return {"deck-A", "osc.udp://127.0.0.1:4711/", "deck", "deck-A", "deck-A.nABCD", 0}; }

/// A registry of the test's own for its scope.
class PrivateRegistry {
public:
    PrivateRegistry() {
        if (const char* before = std::getenv("XDG_RUNTIME_DIR"); before != nullptr) {
            before_ = before;
        }
        setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
    }
    ~PrivateRegistry() {
        before_.empty() ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
    }
    PrivateRegistry(const PrivateRegistry&) = delete;
    PrivateRegistry& operator=(const PrivateRegistry&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

private:
    TemporaryFolder folder_;
    std::string before_;
};

}  // namespace crowdjack::test
