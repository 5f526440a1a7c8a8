// SPDX-License-Identifier: GPL-3.0-or-later
// What tune found out, and what it makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// One period size under load.
struct TuneResult {
    std::uint32_t period{};  ///< frames
    std::string failure;     ///< it could not be measured, and why; else empty
    double seconds{};
    std::uint64_t xruns{};                      ///< as JACK counted them
    std::uint64_t lost_frames{};                ///< by which the server's clock jumped
    std::uint64_t starved_frames{};             ///< of decks whose file or stretcher was late
    double worst_us{}, mean_us{}, budget_us{};  ///< of the busiest client
    std::string busiest;                        ///< its name
    double dsp_load{};                          ///< highest seen, 0…1
    double latency_ms{};                        ///< deck to output
    int playing_decks{};

    [[nodiscard]] bool clean() const noexcept {
        return failure.empty() && xruns == 0 && lost_frames == 0 && starved_frames == 0;
    }
};

/// Share of the period up to which JACK's load leaves room for what a night brings.
inline constexpr double comfortable_load = 0.7;

/// The smallest period that lost nothing and kept below comfortable_load, with all larger ones measured clean, too.
/// Nothing when none did.
[[nodiscard]] std::optional<std::uint32_t> recommended_period(const std::vector<TuneResult>& results);

/// The table, one line a size, and the recommendation with what to do about it.
[[nodiscard]] std::string tune_table(const std::vector<TuneResult>& results, double rate);

}  // namespace crowdjack
