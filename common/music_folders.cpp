// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/music_folders.hpp"

#include "common/log.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse_outside(const std::string& wanted) {
    throw PathError{PathError::Kind::refused,
                    "'" + wanted + "' lies outside the music folders: name its folder with --music-dir"};
}

/// A NUL would cut the name short between here and the kernel.
void check_text(const std::string& wanted) {
    if (wanted.empty() || wanted.find('\0') != std::string::npos) {
        throw PathError{PathError::Kind::refused, "a path is empty or holds a NUL character"};
    }
}

}  // namespace

MusicFolders::MusicFolders(std::vector<fs::path> roots) : roots_{std::move(roots)} {
    std::error_code ignored;
    if (roots_.empty()) {
        if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
            roots_.emplace_back(home);
        }
        roots_.push_back(fs::current_path(ignored));
    }
    for (auto& root : roots_) {
        root = fs::absolute(root, ignored);
        if (!fs::is_directory(root, ignored)) {
            log_event(LogLevel::warning, "music-folder-missing",
                      {{"folder", root.string()}, {"do", "its files can be played once it is there"}});
        }
    }
}

void MusicFolders::add_folder_of(const fs::path& file) {
    std::error_code ignored;
    roots_.push_back(fs::absolute(file, ignored).parent_path());
}

bool MusicFolders::inside(const fs::path& resolved) const {
    return std::any_of(roots_.begin(), roots_.end(), [&](const fs::path& root) {
        std::error_code failed;
        const fs::path real = fs::canonical(root, failed);
        if (failed) {
            return false;
        }
        const auto [in_root, in_path] = std::mismatch(real.begin(), real.end(), resolved.begin(), resolved.end());
        return in_root == real.end();
    });
}

std::vector<fs::path> MusicFolders::candidates(const fs::path& wanted) const {
    if (wanted.is_absolute()) {
        return {wanted};
    }
    std::error_code failed;
    std::vector<fs::path> all{fs::current_path(failed) / wanted};
    for (const auto& root : roots_) {
        all.push_back(root / wanted);
    }
    return all;
}

Descriptor MusicFolders::open(const fs::path& resolved, int flags, mode_t mode) {
    Descriptor folder{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    for (const fs::path& name : resolved.parent_path().relative_path()) {
        if (!folder || name == "." || name == "..") {
            errno = name == ".." ? ELOOP : errno;
            return Descriptor{};
        }
        folder = Descriptor{::openat(folder.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    }
    return folder
               ? Descriptor{::openat(folder.get(), resolved.filename().c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode)}
               : Descriptor{};
}

fs::path MusicFolders::existing(const std::string& wanted) const { return find_existing(wanted, false); }

fs::path MusicFolders::existing_place(const std::string& wanted) const { return find_existing(wanted, true); }

fs::path MusicFolders::find_existing(const std::string& wanted, bool folders_too) const {
    check_text(wanted);
    bool was_outside = false;
    for (const auto& candidate : candidates(wanted)) {
        std::error_code failed;
        fs::path resolved = fs::canonical(candidate, failed);
        if (failed) {
            continue;
        }
        if (!inside(resolved)) {
            was_outside = true;
            continue;
        }
        if (!fs::is_regular_file(resolved, failed) && !(folders_too && fs::is_directory(resolved, failed))) {
            throw PathError{PathError::Kind::refused, "'" + wanted + "' is not a regular file"};
        }
        return resolved;
    }
    if (was_outside) {
        refuse_outside(wanted);
    }
    // Whether something exists outside the folders is nobody's business.
    const fs::path plain = fs::path{wanted}.lexically_normal();
    if (plain.is_absolute() && !inside(plain)) {
        refuse_outside(wanted);
    }
    throw PathError{PathError::Kind::not_found, "there is no file '" + wanted + "': check the path"};
}

fs::path MusicFolders::fresh(const std::string& wanted) const {
    check_text(wanted);
    bool was_outside = false;
    for (const auto& candidate : candidates(wanted)) {
        std::error_code failed;
        const fs::path folder = fs::canonical(candidate.parent_path(), failed);
        if (failed) {
            continue;
        }
        if (!inside(folder)) {
            was_outside = true;
            continue;
        }
        const fs::path name = candidate.filename();
        if (name.empty() || name == "." || name == "..") {
            throw PathError{PathError::Kind::refused, "'" + wanted + "' names a folder, not a file"};
        }
        const fs::file_type there = fs::symlink_status(folder / name, failed).type();
        if (there == fs::file_type::none) {
            throw PathError{PathError::Kind::refused, "'" + wanted + "' can't be made: " + failed.message()};
        }
        if (there != fs::file_type::not_found) {
            throw PathError{PathError::Kind::refused,
                            "'" + wanted + "' exists, and is never overwritten: choose another name"};
        }
        return folder / name;
    }
    if (was_outside) {
        refuse_outside(wanted);
    }
    throw PathError{PathError::Kind::not_found, "the folder of '" + wanted + "' does not exist: make it first"};
}

}  // namespace crowdjack
