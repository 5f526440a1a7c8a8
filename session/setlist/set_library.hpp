// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/sections.hpp"
#include "session/setlist/track_scout.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack {

/// What a set is made of: the sections of an export, known from the start, or whole tracks that become known while it
/// plays. Control thread only.
class SetLibrary {
public:
    /// @param source  an export's CSV, a folder, a playlist
    /// @throws Failure when it can't be read or nothing in it can be played
    explicit SetLibrary(const std::filesystem::path& source);

    [[nodiscard]] const std::vector<Section>& sections() const noexcept { return sections_; }
    /// Whole tracks: SetPlayer::Settings::choice.as_known.
    [[nodiscard]] bool becomes_known() const noexcept { return becomes_known_; }

    /// Begins to get to know the tracks. Nothing to do for an export.
    /// @param order  which first
    /// @param known  a section is filled in
    /// @param unplayable  it is not, and why
    void explore(ControlLoop& loop, const std::vector<std::size_t>& order, std::function<void(std::size_t)> known,
                 std::function<void(std::size_t, const std::string&)> unplayable);
    /// This one before the others.
    void hurry(std::size_t section, Acquaintance how);

    [[nodiscard]] std::size_t known_count() const noexcept { return known_count_; }

private:
    void found(std::size_t track, const TrackScout::Found& found);

    std::vector<Section> sections_;
    std::vector<bool> answered_;  ///< of each section: known, or known to be unplayable
    bool becomes_known_{false};
    std::size_t known_count_{0}, looked_at_{0};
    std::function<void(std::size_t)> known_;
    std::function<void(std::size_t, const std::string&)> unplayable_;
    std::unique_ptr<TrackScout> scout_;
};

}  // namespace crowdjack
