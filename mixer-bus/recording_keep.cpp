// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_keep.hpp"

#include "common/error.hpp"
#include "mixer-bus/cue_sheet.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

/// The number before the unit, which is the last character; nothing when it is none.
std::optional<std::uint64_t> number_of(const std::string& text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size() - (text.empty() ? 0 : 1);
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const bool fine = error == std::errc{} && stop == end && number > 0 && number <= 1'000'000;
    return fine ? std::optional{number} : std::nullopt;
}

std::int64_t seconds_of(char unit) {
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

std::uintmax_t bytes_of(char unit) {
    return unit == 'M' ? 1'000'000 : unit == 'G' ? 1'000'000'000 : unit == 'T' ? 1'000'000'000'000 : 0;
}

/// Before this, nothing was recorded by this suite: a clock that says so was not set yet, as after the boot of a board
/// without a battery.
const fs::file_time_type earliest =
    std::chrono::file_clock::from_sys(std::chrono::sys_time<fs::file_time_type::duration>{
        std::chrono::sys_days{std::chrono::year{2020} / std::chrono::January / 1}});

/// When a file was written, as far as that can be known: what was written before the clock was set counts from the
/// moment that this is seen, now and ever after.
fs::file_time_type time_of(const fs::path& path, fs::file_time_type now, std::error_code& failed) {
    const auto written = fs::last_write_time(path, failed);
    if (failed || written >= earliest || now < earliest) {
        return written;
    }
    std::error_code not_ours;
    fs::last_write_time(path, now, not_ours);
    return now;
}

/// Every format has its tags within the first pages.
bool says_that_we_recorded_it(int fd) {
    std::array<char, 16384> head{};
    const ssize_t size = pread(fd, head.data(), head.size(), 0);
    return size > 0 &&
           std::string_view{head.data(), static_cast<std::size_t>(size)}.find("crowdjack") != std::string_view::npos;
}

}  // namespace

std::chrono::seconds parse_duration(const std::string& text, const std::string& option) {
    const auto number = number_of(text);
    const std::int64_t unit = text.empty() ? 0 : seconds_of(text.back());
    if (!number || unit == 0) {
        throw UsageError{"--" + option + " " + text + ": use a whole number and s, m, h, d or w, such as 60m"};
    }
    return std::chrono::seconds{static_cast<std::int64_t>(*number) * unit};
}

void KeepRule::add(const std::string& text) {
    const auto number = number_of(text);
    const std::uintmax_t unit = text.empty() ? 0 : bytes_of(text.back());
    if (number && unit > 0) {
        bytes = *number * unit;
    } else if (number && seconds_of(text.back()) > 0) {
        age = parse_duration(text, "record-keep");
    } else {
        throw UsageError{"--record-keep " + text +
                         ": use a time (m, h, d, w) such as 14d, or a size (M, G, T) such as 200G"};
    }
}

std::vector<RecordingKeep::Kept> RecordingKeep::all(const fs::path& current, fs::file_time_type now) const {
    std::vector<Kept> found;
    std::error_code failed;
    for (fs::directory_iterator entry{name_.asked().parent_path(), failed}, end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code gone;
        if (entry->path() == current || !name_.matches(entry->path().filename().string()) ||
            !fs::is_regular_file(entry->symlink_status(gone))) {
            continue;
        }
        const Kept kept{entry->path(), time_of(entry->path(), now, gone), fs::file_size(entry->path(), gone)};
        if (!gone) {
            found.push_back(kept);
        }
    }
    std::sort(found.begin(), found.end(), [](const Kept& a, const Kept& b) {
        return std::pair{a.written, a.path} < std::pair{b.written, b.path};
    });
    return found;
}

bool RecordingKeep::remove(const Kept& kept) {
    const int fd = open(kept.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    const bool ours = flock(fd, LOCK_SH | LOCK_NB) == 0 && says_that_we_recorded_it(fd);
    close(fd);
    std::error_code failed;
    if (!ours || !fs::remove(kept.path, failed)) {
        return false;
    }
    remove_cue_sheet_of(kept.path);
    return true;
}

std::vector<fs::path> RecordingKeep::apply(const fs::path& current, fs::file_time_type now) const {
    std::vector<fs::path> removed;
    if (!rule_.any()) {
        return removed;
    }
    const auto recordings = all(current, now);
    std::error_code gone;
    std::uintmax_t total = fs::file_size(current, gone);
    total = gone ? 0 : total;
    for (const Kept& kept : recordings) {
        total += kept.bytes;
    }
    for (const Kept& kept : recordings) {
        const bool too_old = rule_.age && now - kept.written > *rule_.age;
        const bool too_much = rule_.bytes && total > *rule_.bytes;
        if ((too_old || too_much) && remove(kept)) {
            removed.push_back(kept.path);
            total -= kept.bytes;
        }
    }
    return removed;
}

std::optional<fs::path> RecordingKeep::remove_oldest(const fs::path& current) const {
    if (!rule_.any()) {
        return {};
    }
    for (const Kept& kept : all(current, fs::file_time_type::clock::now())) {
        if (remove(kept)) {
            return kept.path;
        }
    }
    return {};
}

bool medium_is_full(const fs::path& folder) {
    struct statvfs medium {};
    if (statvfs(folder.c_str(), &medium) != 0) {
        return false;  // writing will tell
    }
    constexpr std::uintmax_t most = 1'000'000'000;
    const std::uintmax_t reserve =
        std::min<std::uintmax_t>(most, std::uintmax_t{medium.f_blocks} * medium.f_frsize / 100);
    return std::uintmax_t{medium.f_bavail} * medium.f_frsize < reserve;
}

}  // namespace crowdjack
