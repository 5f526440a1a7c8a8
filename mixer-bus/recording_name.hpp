// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctime>
#include <filesystem>
#include <string>

namespace crowdjack {

/// The name a recording was asked for, in which the fields of strftime stand for the time a file begins:
/// set-%Y%m%d-%H%M.flac. A folder's name is taken as it is. A % that no letter follows is a %.
class RecordingName {
public:
    /// @throws Failure naming a field that a file's name can't hold (%D has slashes)
    explicit RecordingName(std::filesystem::path asked);

    [[nodiscard]] const std::filesystem::path& asked() const noexcept { return asked_; }
    [[nodiscard]] bool has_fields() const noexcept { return has_fields_; }
    /// The name at that local time; where it is taken, next_free_name() of it.
    [[nodiscard]] std::filesystem::path free_name(std::time_t when) const;
    /// The name at that local time, free or not.
    [[nodiscard]] std::filesystem::path at(std::time_t when) const;
    /// Could `name` (without folder) have been given to a recording of this name, at any time?
    [[nodiscard]] bool matches(const std::string& name) const;

private:
    std::filesystem::path asked_;
    bool has_fields_{false};
    std::string pattern_;  ///< of the stem, as fnmatch(3) has it
};

/// `path`, or path-N with an N above all there are (from 2 on): a name is not used again when an older one was removed.
[[nodiscard]] std::filesystem::path next_free_name(const std::filesystem::path& path);

}  // namespace crowdjack
