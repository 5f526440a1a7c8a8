// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/block_reader.hpp"
#include "common/audio/mpeg_frames.hpp"

#include <memory>
#include <optional>

struct mpg123_handle_struct;

namespace crowdjack {

/// MPEG audio of all layers through libmpg123, which is given frame after frame and nothing else: what lies between
/// them, and what the Xing header says, never reaches it.
class MpegReader final : public BlockReader {
public:
    /// @param bytes  those that `stream` was found in
    /// @throws Failure when libmpg123 has no decoder for it
    MpegReader(std::span<const std::byte> bytes, MpegStream stream);
    ~MpegReader() override;

private:
    std::int64_t go_to(std::int64_t frame) override;
    bool next_block(std::vector<float>& interleaved) override;
    void restart();
    void decode(std::span<const std::byte> frame, std::vector<float>& interleaved);

    struct Close {
        void operator()(mpg123_handle_struct* handle) const noexcept;
    };
    std::span<const std::byte> bytes_;
    MpegStream stream_;
    std::unique_ptr<mpg123_handle_struct, Close> handle_;
    std::optional<MpegWalk> walk_;
};

}  // namespace crowdjack
