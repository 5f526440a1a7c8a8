// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/recording_name.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// How long recordings are kept, or how much of them: --record-keep 14d, 200G or both.
struct KeepRule {
    std::optional<std::chrono::seconds> age;
    std::optional<std::uintmax_t> bytes;

    [[nodiscard]] bool any() const noexcept { return age.has_value() || bytes.has_value(); }
    /// Adds "14d" (m h d w) or "200G" (M G T, powers of 1000). @throws UsageError
    void add(const std::string& text);
};

/// "60m" (s m h d w). @throws UsageError naming the option
[[nodiscard]] std::chrono::seconds parse_duration(const std::string& text, const std::string& option);

/// Removes the oldest recordings of one name. Only files that the name could have made, that say inside that this suite
/// recorded them and that nobody records to now are ever removed, with the .cue beside them. What was recorded before
/// the clock was set (at a boot in 1970) is as old as the first look at it with the right time. Any worker thread.
class RecordingKeep {
public:
    RecordingKeep(RecordingName name, KeepRule rule) : name_{std::move(name)}, rule_{rule} {}

    /// Removes what is older, or more, than the rule says. @returns what was removed
    [[nodiscard]] std::vector<std::filesystem::path>
    apply(const std::filesystem::path& current,
          std::filesystem::file_time_type now = std::filesystem::file_time_type::clock::now()) const;
    /// Removes the oldest, for a disk that is full. Nothing without a rule: then nothing may be removed.
    [[nodiscard]] std::optional<std::filesystem::path> remove_oldest(const std::filesystem::path& current) const;

private:
    struct Kept {
        std::filesystem::path path;
        std::filesystem::file_time_type written;
        std::uintmax_t bytes;
    };
    /// Oldest first, without `current`.
    [[nodiscard]] std::vector<Kept> all(const std::filesystem::path& current,
                                        std::filesystem::file_time_type now) const;
    [[nodiscard]] static bool remove(const Kept& kept);

    RecordingName name_;
    KeepRule rule_;
};

/// True when less is free under `folder` than recordings must leave, so that what else lives there goes on: 1 % of
/// the medium, at most 1 GB.
[[nodiscard]] bool medium_is_full(const std::filesystem::path& folder);

}  // namespace crowdjack
