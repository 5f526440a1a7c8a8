// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Where a private run of a session takes place: a folder of its own with the session file, adapted, and a track to
/// play. Removed with everything in it.
class TuneStage {
public:
    /// @param session  the user's session file; nothing: four decks, mixer and follower
    /// @param driver  overrides the file's
    /// @param track_s  length of the track in seconds
    /// @throws UsageError when the file can't be parsed, Failure when the folder can't be made
    TuneStage(const std::optional<std::filesystem::path>& session, const std::optional<std::string>& driver,
              double track_s);
    ~TuneStage();
    TuneStage(const TuneStage&) = delete;
    TuneStage& operator=(const TuneStage&) = delete;

    [[nodiscard]] std::filesystem::path session() const { return folder_ / "session.toml"; }
    [[nodiscard]] std::filesystem::path track() const { return folder_ / "track.wav"; }
    [[nodiscard]] std::filesystem::path log() const { return folder_ / "log"; }
    [[nodiscard]] double rate() const noexcept { return rate_; }

private:
    std::filesystem::path folder_;
    double rate_{48000.0};
};

/// The session file `text` for a private run: its own ports, decks that may open `folder`, perhaps another driver.
/// @throws UsageError naming line and mistake
[[nodiscard]] std::string private_session(const std::string& text, const std::string& source, const std::string& folder,
                                          const std::optional<std::string>& driver);

}  // namespace crowdjack
