// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/descriptor.hpp"
#include "common/error.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack {

/// A path in a command could not be used: it is not there, or it must not be touched.
class PathError : public Failure {
public:
    enum class Kind { not_found, refused };
    PathError(Kind what, const std::string& message) : Failure{message}, kind{what} {}
    Kind kind;
};

/// The folders that paths in commands may lead into (--music-dir): symbolic links are resolved before it is decided.
/// Relative paths mean the working folder, then each root. Control thread or worker: it touches the disk.
class MusicFolders {
public:
    /// @param roots  named by the user; none: the home and the working folder. Roots that don't exist yet count once
    /// they do.
    explicit MusicFolders(std::vector<std::filesystem::path> roots);

    /// Allows the folder of a file that the user named on the command line, too.
    void add_folder_of(const std::filesystem::path& file);

    /// The one regular file that `wanted` names, without links. @throws PathError naming it
    [[nodiscard]] std::filesystem::path existing(const std::string& wanted) const;
    /// The same for a file or a folder.
    [[nodiscard]] std::filesystem::path existing_place(const std::string& wanted) const;
    /// Where a new file `wanted` goes: its folder exists inside a root, and nothing stands there yet.
    /// @throws PathError naming it
    [[nodiscard]] std::filesystem::path fresh(const std::string& wanted) const;

    /// Opens what existing() or fresh() named, and nothing else: a folder on the way that has become a link meanwhile
    /// leads nowhere. @param flags  as for open(2); @returns none when it can't be opened (errno says why; ELOOP or
    /// ENOTDIR: a link is in the way)
    [[nodiscard]] static Descriptor open(const std::filesystem::path& resolved, int flags, mode_t mode = 0);

    [[nodiscard]] const std::vector<std::filesystem::path>& roots() const noexcept { return roots_; }

private:
    [[nodiscard]] std::filesystem::path find_existing(const std::string& wanted, bool folders_too) const;
    [[nodiscard]] bool inside(const std::filesystem::path& resolved) const;
    [[nodiscard]] std::vector<std::filesystem::path> candidates(const std::filesystem::path& wanted) const;

    std::vector<std::filesystem::path> roots_;
};

}  // namespace crowdjack
