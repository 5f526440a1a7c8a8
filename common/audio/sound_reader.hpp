// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/mapped_file.hpp"
#include "common/audio/pcm_format.hpp"
#include "common/audio/track_reader.hpp"

#include <sndfile.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace crowdjack {

/// libsndfile reading a file that is already in the address space: all that is not compressed, and little else.
class SoundReader final : public TrackReader {
public:
    /// @throws Failure when it is no audio file that libsndfile knows, or one that this suite refuses
    explicit SoundReader(const MappedFile& file);

    [[nodiscard]] const TrackFormat& format() const noexcept override { return format_; }
    bool seek(std::int64_t frame) override;
    std::size_t read(float* interleaved, std::size_t frames) override;

    /// Checked against libsndfile's own decoding of the first, middle and last frames.
    [[nodiscard]] std::optional<PcmLayout> layout() override;

private:
    struct View {
        std::vector<std::byte> head;  ///< comes before the bytes; empty unless something is missing there
        std::span<const std::byte> bytes;
        sf_count_t at{};

        [[nodiscard]] sf_count_t size() const noexcept { return static_cast<sf_count_t>(head.size() + bytes.size()); }
        sf_count_t read(void* to, sf_count_t count);
    };
    struct Close {
        void operator()(SNDFILE* handle) const noexcept { sf_close(handle); }
    };
    static SF_VIRTUAL_IO callbacks();
    static View view_of(std::span<const std::byte> bytes);
    [[nodiscard]] std::optional<PcmLayout> claimed_layout();
    bool agrees(const PcmLayout& layout, std::int64_t at);

    const MappedFile* file_;
    std::unique_ptr<View> view_;  ///< libsndfile keeps its address
    std::size_t skipped_{};       ///< bytes before the container begins (an ID3v2 tag)
    SF_INFO info_{};
    TrackFormat format_;
    std::unique_ptr<SNDFILE, Close> handle_;
};

}  // namespace crowdjack
