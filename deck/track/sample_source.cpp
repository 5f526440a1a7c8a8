// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/sample_source.hpp"

#include "common/audio/mapped_file.hpp"
#include "common/audio/pcm_format.hpp"
#include "common/log.hpp"
#include "deck/track/decoded_source.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace crowdjack {

namespace {

/// Uncompressed frames, converted from the mapping as they are asked for.
class MappedSource final : public SampleSource {
public:
    MappedSource(std::shared_ptr<const MappedFile> file, PcmLayout layout, TrackFormat format)
        : file_{std::move(file)}, layout_{layout}, format_{std::move(format)} {}

    [[nodiscard]] const TrackFormat& format() const noexcept override { return format_; }

    std::size_t read(std::int64_t first, std::span<float> left, std::span<float> right) override {
        const std::int64_t end =
            std::clamp<std::int64_t>(first + static_cast<std::int64_t>(left.size()), 0, layout_.frames);
        convert_frames(layout_, file_->bytes(), first, left, right);
        // Looked at after the conversion: what was lost meanwhile was converted from zeros.
        const std::size_t size = file_->intact_size();
        const auto intact = static_cast<std::int64_t>((size - std::min(size, layout_.offset)) / layout_.frame_bytes());
        const std::size_t replaced = layout_.is_float() ? clean(left) + clean(right) : 0;
        if (replaced > 0) {
            cleaned_.fetch_add(replaced, std::memory_order_relaxed);
        }
        const bool whole = end <= intact;
        return whole ? left.size() : static_cast<std::size_t>(std::max<std::int64_t>(0, intact - first));
    }

    [[nodiscard]] bool intact() const noexcept override { return file_->intact_size() >= byte_of(layout_.frames); }

    void expect(std::int64_t first, std::int64_t frames) override {
        const std::int64_t begin = std::clamp<std::int64_t>(first, 0, layout_.frames);
        const std::int64_t end = std::clamp<std::int64_t>(first + frames, begin, layout_.frames);
        file_->will_need(byte_of(begin), byte_of(end) - byte_of(begin));
    }

    [[nodiscard]] std::uint64_t cleaned() const noexcept override { return cleaned_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] std::size_t byte_of(std::int64_t frame) const noexcept {
        return layout_.offset + static_cast<std::size_t>(frame) * layout_.frame_bytes();
    }

    std::shared_ptr<const MappedFile> file_;
    PcmLayout layout_;
    TrackFormat format_;
    std::atomic<std::uint64_t> cleaned_{0};  ///< written by readers, read by anyone (relaxed)
};

}  // namespace

std::shared_ptr<SampleSource> open_sample_source(const std::filesystem::path& path,
                                                 std::shared_ptr<DecodedMemory> budget) {
    auto file = std::make_shared<const MappedFile>(path);
    auto reader = open_track_reader(*file);
    const TrackFormat& format = reader->format();
    if (format.is_cut_off()) {
        log_event(LogLevel::warning, "track-cut-off",
                  {{"path", path.string()},
                   {"header_s", static_cast<double>(format.claimed_frames) / format.rate},
                   {"length_s", static_cast<double>(format.frames) / format.rate}});
    }
    if (const auto layout = reader->layout()) {
        return std::make_shared<MappedSource>(std::move(file), *layout, reader->format());
    }
    if (budget == nullptr) {
        budget = std::make_shared<DecodedMemory>();
    }
    return std::make_shared<DecodedSource>(std::move(file), std::move(reader), std::move(budget));
}

}  // namespace crowdjack
