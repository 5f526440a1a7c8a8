// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "struct-export/audio_file.hpp"

#include <filesystem>
#include <span>

namespace crowdjack {

/// A whole audio file, block after block from its start. All that the analysis knows of files: another reader is
/// swapped in here.
class AudioBlocks {
public:
    /// @throws Failure naming the file when it can't be read
    explicit AudioBlocks(const std::filesystem::path& file) : reader_{file} {}

    [[nodiscard]] std::size_t channels() const noexcept { return static_cast<std::size_t>(reader_.channels()); }
    [[nodiscard]] double rate() const noexcept { return reader_.rate(); }  ///< Hz
    /// As far as is known; what was really read counts in the end.
    [[nodiscard]] Frames length() const noexcept { return reader_.length(); }

    /// Fills `block` (interleaved) as far as the file goes. @returns frames; 0 at the end
    std::size_t read(std::span<float> block) {
        const std::size_t room = block.size() / channels();
        const auto left = static_cast<std::size_t>(std::max<std::int64_t>(reader_.length().value - at_, 0));
        std::size_t count = std::min(room, left);
        if (count == 0) {
            return 0;
        }
        reader_.read(block.first(count * channels()));
        // The reader pads what a truncated file lacks, and knows its true length from then on.
        count = std::min(count, static_cast<std::size_t>(std::max<std::int64_t>(reader_.length().value - at_, 0)));
        at_ += static_cast<std::int64_t>(count);
        return count;
    }

private:
    AudioReader reader_;
    std::int64_t at_{0};
};

}  // namespace crowdjack
