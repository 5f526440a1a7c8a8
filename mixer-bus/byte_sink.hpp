// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

namespace crowdjack {

/// Where a recording's bytes go: a file, or in tests something that blocks, fills up or only remembers. One worker
/// thread.
class ByteSink {
public:
    ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;
    virtual ~ByteSink() = default;

    /// Writes at `offset`, which may lie inside what is there. @returns bytes written; fewer means it failed: error()
    virtual std::int64_t write_at(std::int64_t offset, std::span<const std::byte> bytes) = 0;
    [[nodiscard]] virtual std::int64_t size() const = 0;
    /// Forgets everything from `size` on. False when it can't.
    virtual bool truncate(std::int64_t size) = 0;
    /// Waits until everything is on the medium. False when that failed.
    virtual bool sync() = 0;
    /// errno of the last failure, 0 when there was none.
    [[nodiscard]] virtual int error() const = 0;
};

/// There is something of that name already.
class FileExists : public Failure {
public:
    using Failure::Failure;
};

/// A new file; never overwrites, never follows a link in the last place. It is locked (flock) while it is written to.
/// @param frame_bytes  a medium that fills up keeps whole frames of so many bytes
/// @param make_room  called when the medium is full: true when it has removed something; may be empty
/// @throws FileExists; Failure naming the path when it can't be made
[[nodiscard]] std::unique_ptr<ByteSink> create_file(const std::filesystem::path& path, std::size_t frame_bytes = 8,
                                                    std::function<bool()> make_room = {});

}  // namespace crowdjack
