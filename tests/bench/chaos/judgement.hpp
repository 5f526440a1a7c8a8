// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/bench/chaos/acts.hpp"
#include "tests/bench/chaos/stage.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace crowdjack::test::chaos {

/// The files that the mixer records, looked into when they are finished: every frame is the right one of its track, or
/// silence.
class Recordings {
public:
    explicit Recordings(std::filesystem::path folder) : folder_{std::move(folder)} {}

    /// Judges all files but the one that is being written.
    void look();
    /// Judges the rest and prints the sums. False when a frame was wrong, or none was heard.
    [[nodiscard]] bool judge();
    /// Seconds of silence in the files, of the channel that has more of it.
    [[nodiscard]] double silent_seconds() const;

private:
    struct Sums {
        double in_phase_s{0.0}, silent_s{0.0};
        std::int64_t ramps{0}, wrong{0};
        int breaks{0};  ///< places where it leaves its phase
    };
    void take(const std::filesystem::path& path);
    [[nodiscard]] static Sums explain(const std::filesystem::path& path, std::size_t channel);

    std::filesystem::path folder_;
    std::set<std::filesystem::path> known_;
    Sums sums_[2];
    int files_{0};
};

/// What the witness heard from `begin` to `end` (seconds_now()) beside what was done: prints the silence of each kind
/// of deed and each stretch that none explains. False when there is one.
[[nodiscard]] bool judge_silence(const std::vector<std::string>& heard, const std::vector<Deed>& deeds, double begin,
                                 double end, double& silent_seconds);

}  // namespace crowdjack::test::chaos
