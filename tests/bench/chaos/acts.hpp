// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/bench/chaos/stage.hpp"

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace crowdjack::test::chaos {

/// Something that was done, and the silence that it explains: on those channels, from its begin until so many seconds
/// after its end. Times are those of seconds_now().
struct Deed {
    std::string name;
    double begin{}, end{};
    double echo{};  ///< s
    bool left{}, right{};
};

/// What is done to the stage, at random but repeatably. Some of it silences the music for a moment; most must not.
class Acts {
public:
    /// @param calm  leaves the suite time to mend between two acts, and takes those that last longer, too
    Acts(Stage& stage, std::uint32_t seed, bool calm);

    /// Each act once, in an order of the seed's, then at random. Calls `between` after each.
    void run(double seconds, const std::function<void()>& between);

    [[nodiscard]] const std::vector<Deed>& deeds() const noexcept { return deeds_; }
    /// What went wrong while it was done, in words.
    [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }
    [[nodiscard]] const std::map<std::string, int>& counts() const noexcept { return counts_; }

private:
    /// Notes that something begins / that it is over.
    void begin(const std::string& name, double echo = 0.0, bool left = false, bool right = false);
    void end() { deeds_.back().end = seconds_now(); }
    void check(bool fine, const std::string& otherwise);
    void keep_session(const char* act);

    void kill_client();
    void stop_deck();
    void kill_session();
    void stop_session();
    void flood();
    void pull_card();
    void remove_folder();
    void fill_folder();
    void stop_log();
    void fill_disk();
    void stop_icecast();
    void change_rate();

    /// Sends it to a client. @returns its name
    std::string signal_one(std::size_t first, std::size_t count, int number);
    void kill_server();
    void flood_packets();
    [[nodiscard]] double between(double least, double most);

    Stage& stage_;
    std::mt19937 random_;
    bool calm_;
    std::vector<Deed> deeds_;
    std::vector<std::string> failures_;
    std::map<std::string, int> counts_;
};

}  // namespace crowdjack::test::chaos
