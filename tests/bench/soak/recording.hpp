// SPDX-License-Identifier: GPL-3.0-or-later
// The splits of a recording whose left channel says the clock's frames: what is missing in it, what stands twice.
#pragma once

#include "tests/bench/soak/ears.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack::test::soak {

/// A place where the recording does not go on with the next frame.
struct Break {
    enum class Kind {
        lost,      ///< frames are missing though the marker sent them
        repeated,  ///< frames are there a second time
        wrong      ///< what was never sent: silence, or a changed sample
    };
    Kind kind;
    std::int64_t frame;   ///< of the clock: where it should have gone on
    std::int64_t frames;  ///< how many
    std::string where;    ///< in which file, at which frame of it
};

/// What came of following the marker from file to file.
struct Followed {
    std::int64_t frames{0};    ///< recorded
    std::int64_t left_out{0};  ///< missing, and missing in the marker's clock, too
    std::vector<Break> breaks;

    /// All frames of a kind.
    [[nodiscard]] std::int64_t sum(Break::Kind kind) const;
    [[nodiscard]] std::int64_t discontinuous() const;
};

class RecordingFollower {
public:
    /// @param first_name  the splits are it, and it with -2, -3 …
    /// @param first_frame  of the clock: what the first recorded sample must say
    /// @param clock  the marker's own
    RecordingFollower(std::filesystem::path folder, std::string first_name, std::int64_t first_frame,
                      const ClockLog& clock);

    /// Reads the splits that are finished: all but the newest, or all. What is read and sound is emptied: an hour is
    /// more than a gigabyte.
    void look(bool ended);

    [[nodiscard]] const Followed& followed() const noexcept { return followed_; }
    /// The frame that should come next.
    [[nodiscard]] std::int64_t next() const noexcept { return next_; }
    [[nodiscard]] int files() const noexcept { return files_; }
    /// Files that can't be read or are not 32-bit floats, in words.
    [[nodiscard]] const std::vector<std::string>& unreadable() const noexcept { return unreadable_; }

private:
    [[nodiscard]] std::filesystem::path split(int number) const;
    void read(const std::filesystem::path& path);
    void take(float sample);
    void missing(std::int64_t from, std::int64_t to);
    void note(Break::Kind kind, std::int64_t frames);

    std::filesystem::path folder_;
    std::string first_name_;
    const ClockLog& clock_;
    int files_{0};             ///< read so far; the last of them is the present one
    std::int64_t in_file_{0};  ///< frames of the present file before this one
    std::int64_t next_;        ///< the frame that should come
    Followed followed_;
    std::vector<std::string> unreadable_;
};

}  // namespace crowdjack::test::soak
