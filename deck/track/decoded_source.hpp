// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/mapped_file.hpp"
#include "common/audio/track_reader.hpp"
#include "deck/track/decoded_memory.hpp"
#include "deck/track/sample_source.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace crowdjack {

/// A compressed track, decoded into memory chunk by chunk: what is asked for at once, the rest in work_ahead(), onward
/// from where it was last read and then from the beginning. Ready long before it is fully decoded. Where the deck's
/// memory does not hold all of it, the chunks that were not read for longest are decoded again when they are needed.
class DecodedSource final : public SampleSource {
public:
    DecodedSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<TrackReader> reader,
                  std::shared_ptr<DecodedMemory> budget);
    ~DecodedSource() override;

    [[nodiscard]] const TrackFormat& format() const noexcept override { return format_; }
    std::size_t read(std::int64_t first, std::span<float> left, std::span<float> right) override;
    [[nodiscard]] bool intact() const noexcept override { return file_->intact_size() >= file_->bytes().size(); }
    bool work_ahead() override;
    [[nodiscard]] std::uint64_t cleaned() const noexcept override { return cleaned_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t memory() const noexcept override { return memory_.load(std::memory_order_relaxed); }

private:
    static constexpr std::int64_t chunk_frames = 32768;
    static constexpr std::size_t chunk_bytes = 2 * sizeof(float) * static_cast<std::size_t>(chunk_frames);
    static constexpr std::size_t least_chunks = 8;  ///< kept whatever the budget says: what may sound at one time

    struct Chunk {
        std::vector<float> left, right;  ///< chunk_frames each; silence where the decoder gave nothing
        std::int64_t valid{};            ///< frames the decoder gave
        std::uint64_t used{};            ///< when it was last read, in reads
    };

    const Chunk& chunk(std::size_t index);
    void make_room();
    void decode(std::size_t index);

    std::shared_ptr<const MappedFile> file_;
    std::shared_ptr<DecodedMemory> budget_;
    TrackFormat format_;
    std::mutex mutex_;  ///< guards all below but the atomics; read() and work_ahead() come from several threads
    std::unique_ptr<TrackReader> reader_;
    std::int64_t reader_at_{};
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<float> interleaved_;
    std::size_t ahead_{};                    ///< where work_ahead() goes on
    std::size_t there_{};                    ///< chunks in memory
    std::uint64_t reads_{};                  ///< of chunks
    std::vector<bool> heard_of_;             ///< chunks whose cleaned samples were counted
    std::atomic<std::uint64_t> cleaned_{0};  ///< written under the mutex, read by anyone (relaxed)
    std::atomic<std::size_t> memory_{0};     ///< likewise
};

}  // namespace crowdjack
