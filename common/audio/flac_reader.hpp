// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/block_reader.hpp"
#include "common/audio/flac_frames.hpp"

#include <memory>
#include <vector>

namespace crowdjack {

/// FLAC through libFLAC, which is given one frame after the other and nothing else.
class FlacReader final : public BlockReader {
public:
    /// @param bytes  the file from "fLaC", or from its first frame, on; without tags at its end
    /// @param owned  when given, `bytes` lies in it
    /// @throws Failure when it holds no frame that can be decoded
    explicit FlacReader(std::span<const std::byte> bytes, std::vector<std::byte> owned = {});
    ~FlacReader() override;

private:
    class Decoder;
    std::int64_t go_to(std::int64_t frame) override;
    bool next_block(std::vector<float>& interleaved) override;

    std::vector<std::byte> owned_;
    std::span<const std::byte> bytes_;
    FlacInfo info_;
    std::vector<FlacFrame> frames_;
    std::unique_ptr<Decoder> decoder_;
    std::size_t next_{};
};

}  // namespace crowdjack
