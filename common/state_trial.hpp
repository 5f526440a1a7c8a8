// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>

namespace crowdjack {

/// Keeps a saved state that ends its reader from doing so at each start.
///
/// A mark beside the state says that somebody began to take it up; a fatal signal adds that it ended the reader.
/// Whoever finds that, or finds the mark of the same text twice (killed for hanging), leaves the state alone. Control
/// thread; one in a process.
class StateTrial {
public:
    /// @param mark  where the mark lies, e.g. …/deck-A.state.trial
    explicit StateTrial(std::filesystem::path mark);
    ~StateTrial();
    StateTrial(const StateTrial&) = delete;
    StateTrial& operator=(const StateTrial&) = delete;

    /// Before `text` is taken up. @returns false when it ended its reader before: then it is not to be read
    [[nodiscard]] bool begin(std::string_view text);

    /// The reader lives: nothing is wrong with what it read.
    void passed();

    [[nodiscard]] bool under_way() const noexcept { return under_way_; }

private:
    std::filesystem::path mark_, crash_;
    bool under_way_{false};
};

/// Renames a state that can't be used to NAME.set-aside, for somebody to look at. Never throws.
void set_aside(const std::filesystem::path& state) noexcept;

}  // namespace crowdjack
