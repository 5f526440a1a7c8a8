// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/track/mapped_file.hpp"
#include "deck/track/sample_source.hpp"
#include "deck/track/sound_header.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace crowdjack {

/// A compressed track, decoded into memory chunk by chunk: what is asked for at once, the rest in work_ahead(), onward
/// from where it was last read and then from the beginning. Ready long before it is fully decoded.
class DecodedSource final : public SampleSource {
public:
    /// @throws Failure when the decoded track would need more than 2 GiB
    DecodedSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<SoundReader> reader);

    [[nodiscard]] const TrackFormat& format() const noexcept override { return format_; }
    std::size_t read(std::int64_t first, std::span<float> left, std::span<float> right) override;
    [[nodiscard]] bool intact() const noexcept override { return file_->intact_size() >= file_->bytes().size(); }
    bool work_ahead() override;
    [[nodiscard]] std::uint64_t cleaned() const noexcept override { return cleaned_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t memory() const noexcept override { return memory_.load(std::memory_order_relaxed); }

private:
    static constexpr std::int64_t chunk_frames = 32768;

    struct Chunk {
        std::vector<float> left, right;  ///< chunk_frames each; silence where the decoder gave nothing
        std::int64_t valid{};            ///< frames the decoder gave
    };

    const Chunk& chunk(std::size_t index);
    void decode(std::size_t index);

    std::shared_ptr<const MappedFile> file_;
    TrackFormat format_;
    std::mutex mutex_;  ///< guards all below but the atomics; read() and work_ahead() come from several threads
    std::unique_ptr<SoundReader> reader_;
    std::int64_t reader_at_{};
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<float> interleaved_;
    std::size_t ahead_{};                    ///< where work_ahead() goes on
    std::size_t missing_{};                  ///< chunks not decoded yet
    std::atomic<std::uint64_t> cleaned_{0};  ///< written under the mutex, read by anyone (relaxed)
    std::atomic<std::size_t> memory_{0};     ///< likewise
};

}  // namespace crowdjack
